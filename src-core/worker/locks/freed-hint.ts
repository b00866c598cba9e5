import type { Subscription } from '@nats-io/transport-node';
import { WORKER_PREFIX } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';

/** What is heard is only a hint: the lock is looked at again at least as often. */
const LOOK_MS = 1_000;
/** Subscribers hear of a message before the stream shows it, on a busy machine long before: so long after each look comes the next one. */
const LOOKS_MS = [5, 20, 80, 320];

/** Hears that the entry of a lock was removed. */
export class FreedHint {
  readonly #connection: WorkerConnection;
  readonly #entry: string;
  readonly #stopFollowing: () => void;
  #subscription: Subscription | undefined;
  /** Of what was heard. */
  #looks: number[] = [];
  #onHeard = (): void => {};

  constructor(connection: WorkerConnection, entry: string) {
    this.#connection = connection;
    this.#entry = entry;
    this.#stopFollowing = connection.onState((state) => {
      if (state === 'connected') this.#listen();
    });
    if (connection.state === 'connected') this.#listen();
  }

  /** Resolves when it is to be looked at: it was removed since the last call or a moment before, or the time is up, or a second has gone by. Rejects with the signal's reason when that is aborted. */
  wait(mostMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#connection;
      const settle = (): void => {
        cancel();
        signal.removeEventListener('abort', settle);
        this.#onHeard = () => {};
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      const lookAfter = (ms: number): (() => void) => clock.after(Math.min(ms, this.#looks.shift() ?? LOOK_MS), settle);
      let cancel = lookAfter(mostMs);
      this.#onHeard = () => {
        cancel();
        cancel = lookAfter(LOOK_MS);
      };
      signal.addEventListener('abort', settle);
      if (signal.aborted) settle();
    });
  }

  close(): void {
    this.#stopFollowing();
    this.#unsubscribe();
  }

  #listen(): void {
    this.#unsubscribe();
    try {
      this.#subscription = this.#subscribe();
    } catch {
      // The connection has ended, and word of that comes later.
    }
  }

  #subscribe(): Subscription {
    return this.#connection.client.subscribe(WORKER_PREFIX + this.#entry, {
      callback: (error, message) => {
        if (error !== null) return;
        const isFreed = message.headers?.get('KV-Operation') === 'DEL';
        // What somebody writes behind it says that it is shown.
        this.#looks = isFreed ? [...LOOKS_MS] : [];
        if (isFreed) this.#onHeard();
      },
    });
  }

  #unsubscribe(): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
  }
}
