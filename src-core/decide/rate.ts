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

  /**
   * Epoch ms from which one more may go; may lie in the past. What is noted for later than now went before the clock was set
   * back, or by a clock that is ahead: it counts as of now, so that the window is not shut for longer than its length.
   */
  freeAt(now: number): number {
    if (this.#times.length < this.#limit.max) return 0;
    if ((this.#times[this.#next] as number) > now) for (const [index, time] of this.#times.entries()) this.#times[index] = Math.min(time, now);
    return (this.#times[this.#next] as number) + this.#limit.perMs;
  }

  take(now: number): void {
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#limit.max;
  }
}
