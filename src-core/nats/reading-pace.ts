const TURNS = 64;
/** Long enough for a process that gets its share of a busy machine in pieces. */
const WITHIN_MS = 32;
/** Looked at after that many messages. */
const PIECE = 128;
/** Of that many messages one may be of those that cannot wait. */
const PER_OTHER = 8;

/** Notices when messages that can wait come fast, yet a few at a time, so that waking up for them costs more than they do. */
export class ReadingPace {
  #count = 0;
  #others = 0;
  #since = 0;

  /** A turn of the event loop in which there were messages; `canWait`: all of them. True: reading in pieces is better. `now`: monotonic ms. */
  turn(now: number, canWait: boolean): boolean {
    if (now - this.#since > WITHIN_MS) {
      this.forget();
      this.#since = now;
    }
    if (canWait) this.#count++;
    else this.#others++;
    return this.#count >= TURNS && this.#others * PER_OTHER <= this.#count;
  }

  /** A message that was read in a piece. True: too many cannot wait. */
  message(canWait: boolean): boolean {
    this.#count++;
    if (!canWait) this.#others++;
    if (this.#count < PIECE) return false;
    const tooMany = this.#others * PER_OTHER > this.#count;
    this.forget();
    return tooMany;
  }

  forget(): void {
    this.#count = this.#others = 0;
  }
}
