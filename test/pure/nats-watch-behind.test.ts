import { expect, test } from 'vitest';
import { watchBucket } from '../../src-core/nats/watch.ts';
import type { BusState } from '../../src-core/ports/bus.ts';
import { kvPrefix, kvStream } from '../../src-core/wire/index.ts';
import { recordingLog } from '../support/nats-log.ts';
import { until } from '../support/until.ts';

/** A bucket of three servers, as whoever leads its stream shows it: one value of each key, up to `end`. */
class ShownBucket {
  readonly keys: string[] = [];
  end = 0;
  asked = 0;
  readonly #listeners = new Set<(state: BusState) => void>();
  #give: (error: null, message: object) => void = () => {};

  readonly connection = {
    onState: (listener: (state: BusState) => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    client: {
      isClosed: () => false,
      subscribe: (subject: string, { callback }: { callback: (error: null, message: object) => void }) => {
        if (!subject.startsWith('$JS.')) this.#give = callback;
        return { isClosed: () => false, unsubscribe: () => {} };
      },
    },
    manager: {
      streams: {
        info: async () => {
          this.asked++;
          return { created: 'once', state: { last_seq: this.end }, config: { num_replicas: 3 } };
        },
        getMessage: async () => null,
      },
      consumers: {
        add: async (_stream: string, { opt_start_seq = 1 }: { opt_start_seq?: number }) => {
          const shown = this.keys.map((key, index) => ({ key, sequence: index + 1 })).filter(({ sequence }) => sequence >= opt_start_seq && sequence <= this.end);
          setImmediate(() => shown.forEach(({ key, sequence }, index) => this.#tell(key, sequence, index + 1, shown.length - index - 1)));
          return { num_pending: shown.length, delivered: { consumer_seq: 0 } };
        },
        delete: async () => true,
      },
    },
  };

  change(state: BusState): void {
    for (const listener of this.#listeners) listener(state);
  }

  #tell(key: string, sequence: number, count: number, pending: number): void {
    const data = new TextEncoder().encode(`value of ${key}`);
    this.#give(null, { subject: kvPrefix('b') + key, reply: `$JS.ACK.${kvStream('b')}.c.1.${sequence}.${count}.1700000000000000000.${pending}`, data, string: () => `value of ${key}` });
  }
}

test('a key is not told to be gone because the server that has just come to lead is behind', async () => {
  const bucket = new ShownBucket();
  bucket.keys.push('old', 'fresh');
  bucket.end = 2;
  const told: string[] = [];
  const watch = await watchBucket(bucket.connection as never, 'b', (key, text) => told.push(`${key}: ${text}`), recordingLog().log);
  bucket.change('disconnected');
  bucket.end = 1;
  const before = bucket.asked;
  bucket.change('connected');
  await until(() => bucket.asked > before);
  bucket.keys.push('newest');
  bucket.end = 3;
  await until(() => told.includes('newest: value of newest'));
  expect(told).toEqual(['old: value of old', 'fresh: value of fresh', 'newest: value of newest']);
  await watch.stop();
});
