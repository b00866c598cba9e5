import type { BookEntry, RunBook } from '../decide/index.ts';
import { isFinal } from '../domain/run.ts';
import type { CancelTimer } from '../ports/index.ts';
import { doubleReason, RESULTS_STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';

const LOOK_MS = 20;
const TRY_AGAIN_MS = 1000;

export interface DoublesParts {
  readonly context: EngineContext;
  readonly book: RunBook;
  /** How far the results stream has been read. */
  readonly resultsRead: () => number;
  readonly refuse: (entry: BookEntry, reason: string) => void;
  readonly goOn: (entry: BookEntry) => void;
}

/**
 * Runs with a key that another one seems to have. Asking and ending are in two streams: the other may have ended before this one was asked
 * for, and whoever asked has seen it. So a run is refused only when the results have been read up to where they reached after it was read.
 */
export class Doubles {
  readonly #parts: DoublesParts;
  #suspects: BookEntry[] = [];
  #isLooking = false;
  #isStopped = false;
  #cancel: CancelTimer = () => {};

  constructor(parts: DoublesParts) {
    this.#parts = parts;
  }

  /** True: it is not to be sent; what becomes of it is decided soon. */
  suspect(entry: BookEntry): boolean {
    if (entry.doubtful || this.#parts.book.holderOf(entry) === undefined) return entry.doubtful;
    entry.doubtful = true;
    this.#suspects.push(entry);
    if (!this.#isLooking) void this.#look();
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    for (const entry of this.#suspects.splice(0)) entry.doubtful = false;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const count = this.#suspects.length;
    const { context: { bus, clock, log } } = this.#parts;
    try {
      const end = (await bus.streamInfo(RESULTS_STREAM))?.lastSequence ?? 0;
      this.#decideAt(end, count);
    } catch (error) {
      log.debug({ err: error }, 'the results stream cannot be asked');
      if (!this.#isStopped) this.#cancel = clock.after(TRY_AGAIN_MS, () => void this.#look());
    }
  }

  /** The first `count` of them. */
  #decideAt(end: number, count: number): void {
    if (this.#isStopped) return;
    const { context: { clock }, resultsRead, book, refuse, goOn } = this.#parts;
    if (resultsRead() < end) {
      this.#cancel = clock.after(LOOK_MS, () => this.#decideAt(end, count));
      return;
    }
    for (const entry of this.#suspects.splice(0, count)) {
      entry.doubtful = false;
      if (entry.cancelling || isFinal(entry.record.state)) continue;
      const holder = book.holderOf(entry);
      if (holder === undefined) goOn(entry);
      else refuse(entry, doubleReason(holder.record.rootId || holder.record.id));
    }
    this.#isLooking = false;
    if (this.#suspects.length > 0) void this.#look();
  }
}
