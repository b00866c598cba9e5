import { UnavailableError } from '../domain/errors.ts';
import type { Clock } from '../ports/index.ts';
import { timeLimit } from './time-limit.ts';

/** For what hangs: NATS and this process may stand still for a moment, and what is stored is read then. */
const HEED_MS = 10_000;

/** Those who wait until this node has read back what was written to the control bucket. */
export class Heeding {
  readonly #clock: Clock;
  readonly #waiters = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something was read. */
  look(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** Resolves once it is so. Rejects with UnavailableError when that takes too long. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isSo()) return;
        end();
        resolve();
      };
      const cancel = timeLimit(this.#clock, HEED_MS, () => {
        end();
        reject(new UnavailableError('The change is stored, but this server does not read it right now.'));
      });
      const end = (): void => {
        cancel();
        this.#waiters.delete(look);
      };
      this.#waiters.add(look);
    });
  }
}
