/* How many runs a job with `maxRunning` 0 may have at once: as many as live workers take, and some more on their way. */

/** Over that long the ends of a job are averaged. */
const MEMORY_MS = 1000;
/** So much work lies ready, that no worker waits for the way to the scheduler and back. */
const AHEAD_S = 0.05;
const MOST_AHEAD = 1000;

/** Ends per second of one job: each counts for less the longer it is ago. A clock that is set back counts them as of now. */
export class EndRate {
  #sum = 0;
  #at = 0;

  count(now: number): void {
    this.#sum = this.perSecond(now) + 1000 / MEMORY_MS;
    this.#at = now;
  }

  perSecond(now: number): number {
    this.#at = Math.min(this.#at, now);
    return this.#sum === 0 ? 0 : this.#sum * Math.exp((this.#at - now) / MEMORY_MS);
  }
}

/** `capacity`: runs at once, of all live workers of the app. Slow work gets nothing ahead: it would only wait elsewhere. */
export function runLimit(capacity: number, endsPerSecond: number): number {
  return capacity === 0 ? 0 : capacity + Math.min(MOST_AHEAD, Math.floor(endsPerSecond * AHEAD_S));
}
