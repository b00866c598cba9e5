import type { BookEntry } from './book-entry.ts';
import { WaitingRuns } from './waiting-runs.ts';

/** The open runs of one job, as decisions need them. */
export class JobRuns {
  /** Dispatched or being dispatched, oldest first. */
  readonly active = new Set<BookEntry>();
  /** Due and held. */
  readonly waiting = new WaitingRuns();
  delayed = 0;

  get isEmpty(): boolean {
    return this.active.size === 0 && this.waiting.length === 0 && this.delayed === 0;
  }

  oldestActive(): BookEntry | undefined {
    for (const entry of this.active) if (!entry.cancelling) return entry;
    return undefined;
  }
}
