import type { Clock } from '../ports/index.ts';
import { timeLimit } from './time-limit.ts';

/** Calls that wait until something becomes known of a run. */
export class RunWaiters<T> {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<(value: T | undefined) => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with what is told of the run next, undefined after the limit. */
  until(taskId: string, limitMs: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(taskId) ?? new Set();
      const waiter = (value: T | undefined): void => {
        cancel();
        waiters.delete(waiter);
        if (waiters.size === 0) this.#waiters.delete(taskId);
        resolve(value);
      };
      const cancel = timeLimit(this.#clock, limitMs, () => waiter(undefined));
      this.#waiters.set(taskId, waiters.add(waiter));
    });
  }

  /** `value` is made only when somebody waits. */
  tell(taskId: string, value: () => T): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...(this.#waiters.get(taskId) ?? [])]) waiter(value());
  }
}
