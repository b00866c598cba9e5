import { describe } from '../../nats/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Lock } from '../locks/held-lock.ts';
import type { Locks } from '../locks/locks.ts';

export interface TurnsOptions {
  readonly locks: Locks;
  readonly key: string;
  readonly ttlMs: number;
  readonly log: Log;
  readonly clock: Clock;
  /** The lock will never be had again. */
  isOver(): boolean;
  /** Its turn begins. */
  begin(lock: Lock): void;
  /** The lock is lost: another one may have begun. */
  end(): void;
}

const AGAIN_MS = 1_000;

/** Of several processes one has its turn: as long as it holds the lock. The others wait for it. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Gives the turn to the next; resolves when the lock is released. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { locks, key, ttlMs, log, isOver, begin, end } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted && !isOver()) {
      try {
        const lock = await locks.acquire(key, { ttl: ttlMs, wait: Number.POSITIVE_INFINITY, signal });
        begin(lock);
        await aborted(lock.signal, signal);
        end();
        if (lock.signal.aborted) log.warn({ key }, 'the lock of an exclusive subscription was lost');
        await lock.release().catch(() => {});
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ key, error: describe(error) }, 'the lock of an exclusive subscription cannot be had, trying on');
        await this.#pause();
      }
    }
  }

  /** What is refused at once would be tried without end in one turn of the loop. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(AGAIN_MS, resolve);
      void aborted(this.#abort.signal).then(() => {
        cancel();
        resolve();
      });
    });
  }
}

/** Resolves when one of the two is. */
function aborted(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (any.aborted) return Promise.resolve();
  return new Promise((resolve) => any.addEventListener('abort', () => resolve(), { once: true }));
}
