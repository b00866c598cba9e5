import type { RateLimit } from '../domain/job.ts';

/** An exact sliding window: at most `max` in any `perMs`. Remembers the times of the last `max`, no more. */
export class RateWindow {
  readonly #limit: RateLimit;
  readonly #times: number[] = [];
  #next = 0;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  /** Epoch ms from which one more may go; may lie in the past. */
  freeAt(): number {
    if (this.#times.length < this.#limit.max) return 0;
    return (this.#times[this.#next] as number) + this.#limit.perMs;
  }

  take(now: number): void {
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#limit.max;
  }
}
