import { expect, test } from 'vitest';
import { UnavailableError } from '../../src-core/domain/errors.ts';
import { openBusAccess } from '../../src-core/nats/bus-access.ts';
import type { BusState } from '../../src-core/ports/index.ts';

type Callback = (error: Error | null, message: { readonly subject: string }) => void;

/** A connection that is there when the test says so, and what is subscribed to on it. */
class ConnectionInTest {
  state: BusState = 'disconnected';
  subscribed: { readonly subject: string; readonly callback: Callback }[] = [];
  readonly #listeners = new Set<(state: BusState) => void>();

  get client() {
    if (this.state !== 'connected') throw new UnavailableError('not connected to NATS');
    return {
      subscribe: (subject: string, { callback }: { readonly callback: Callback }) => {
        const entry = { subject, callback };
        this.subscribed.push(entry);
        return { unsubscribe: () => { this.subscribed = this.subscribed.filter((one) => one !== entry); } };
      },
    };
  }

  onState(listener: (state: BusState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As the real one: subscriptions end with their connection. */
  enter(state: BusState): void {
    this.state = state;
    if (state !== 'connected') this.subscribed = [];
    for (const listener of this.#listeners) listener(state);
  }
}

function watching(connection: ConnectionInTest): { readonly heard: string[]; stop(): void } {
  const heard: string[] = [];
  return { heard, stop: openBusAccess(connection as never).watch('natsjob.>', ({ subject }) => void heard.push(subject)) };
}

const tell = (connection: ConnectionInTest): void => {
  for (const { callback } of connection.subscribed) callback(null, { subject: 'natsjob.a', data: new Uint8Array() } as never);
};

test('who begins to watch while there is no connection hears what comes once there is one', () => {
  const connection = new ConnectionInTest();
  const { heard, stop } = watching(connection);
  connection.enter('connected');
  tell(connection);
  expect(heard).toEqual(['natsjob.a']);
  stop();
  expect(connection.subscribed).toEqual([]);
});

test('who watches goes on after each break, with one subscription at a time', () => {
  const connection = new ConnectionInTest();
  connection.enter('connected');
  const { heard, stop } = watching(connection);
  for (let breaks = 0; breaks < 2; breaks++) {
    connection.enter('disconnected');
    connection.enter('connected');
  }
  tell(connection);
  expect(heard).toEqual(['natsjob.a']);
  connection.enter('disconnected');
  stop();
  connection.enter('connected');
  expect(connection.subscribed).toEqual([]);
});
