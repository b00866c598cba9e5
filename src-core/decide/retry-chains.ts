import type { BookEntry } from './book-entry.ts';

/** The newest retry of each run that has one and is still in the book, by the id of its first attempt. */
export class RetryChains {
  readonly #newest = new Map<string, BookEntry>();

  /** First attempts are found by their own id: only retries are kept here. */
  add(entry: BookEntry): void {
    const { rootId, attempt } = entry.record;
    if (rootId !== '' && attempt >= (this.newest(rootId)?.record.attempt ?? 0)) this.#newest.set(rootId, entry);
  }

  remove(entry: BookEntry): void {
    if (this.#newest.get(entry.record.rootId) === entry) this.#newest.delete(entry.record.rootId);
  }

  newest(rootId: string): BookEntry | undefined {
    return this.#newest.get(rootId);
  }
}
