/** A clock that was set shows after two of these; workers beat every five seconds. */
const WINDOW_MS = 10_000;

/**
 * How far this node's clock is ahead of the one that stamps messages: the age of the youngest of those that came in lately, by
 * this clock. One message alone may be old, or wait in a buffer while the node stands still.
 */
export class StampLead {
  #before = Number.POSITIVE_INFINITY;
  #youngest = Number.POSITIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;

  /** When a message that was just read was stored, by this node's clock; no later than now. */
  place(storedAt: number, now: number, monotonic: number): number {
    if (monotonic - this.#since >= WINDOW_MS) {
      this.#before = this.#youngest;
      this.#youngest = Number.POSITIVE_INFINITY;
      this.#since = monotonic;
    }
    this.#youngest = Math.min(this.#youngest, now - storedAt);
    return Math.min(now, storedAt + Math.max(0, Math.min(this.#before, this.#youngest)));
  }
}
