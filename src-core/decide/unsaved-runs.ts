import type { SubRunRecord } from '../domain/run.ts';
import type { BookEntry } from './book-entry.ts';
import { subRunKey } from './sub-runs.ts';

/** What changed since the view last took it: runs in the order of their first change, of each sub-run the newest form. */
export class UnsavedRuns {
  #dirty: BookEntry[] = [];
  readonly #subRuns = new Map<string, SubRunRecord>();

  get size(): number {
    return this.#dirty.length + this.#subRuns.size;
  }

  touch(entry: BookEntry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
  }

  putSubRun(subRun: SubRunRecord): void {
    this.#subRuns.set(subRunKey(subRun), subRun);
  }

  /** At most `limit` runs and all sub-runs; they count as clean from now on. */
  take(limit: number): { entries: BookEntry[]; subRuns: SubRunRecord[] } {
    const entries = this.#dirty.length <= limit ? this.#dirty : this.#dirty.slice(0, limit);
    this.#dirty = entries === this.#dirty ? [] : this.#dirty.slice(limit);
    for (const entry of entries) entry.dirty = false;
    const subRuns = [...this.#subRuns.values()];
    this.#subRuns.clear();
    return { entries, subRuns };
  }

  /** The view did not take them; what changed again meanwhile stays as it is now. */
  putBack(entries: readonly BookEntry[], subRuns: readonly SubRunRecord[]): void {
    for (const entry of entries) this.touch(entry);
    for (const subRun of subRuns) {
      const key = subRunKey(subRun);
      if (!this.#subRuns.has(key)) this.#subRuns.set(key, subRun);
    }
  }
}
