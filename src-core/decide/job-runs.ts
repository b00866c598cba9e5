import type { BookEntry } from './book-entry.ts';

/** The open runs of one job, as decisions need them. */
export class JobRuns {
  /** Dispatched or being dispatched, oldest first. */
  readonly active = new Set<BookEntry>();
  /** Due and held: higher priority first, then older first. */
  readonly waiting: BookEntry[] = [];
  delayed = 0;

  get isEmpty(): boolean {
    return this.active.size === 0 && this.waiting.length === 0 && this.delayed === 0;
  }

  addWaiting(entry: BookEntry): void {
    let low = 0;
    let high = this.waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (goesBefore(this.waiting[middle] as BookEntry, entry)) low = middle + 1;
      else high = middle;
    }
    this.waiting.splice(low, 0, entry);
  }

  removeWaiting(entry: BookEntry): void {
    const index = this.waiting.indexOf(entry);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  oldestActive(): BookEntry | undefined {
    for (const entry of this.active) if (!entry.cancelling) return entry;
    return undefined;
  }
}

function goesBefore(a: BookEntry, b: BookEntry): boolean {
  if (a.record.priority !== b.record.priority) return a.record.priority > b.record.priority;
  if (a.record.id.length !== b.record.id.length) return a.record.id.length < b.record.id.length;
  return a.record.id <= b.record.id;
}
