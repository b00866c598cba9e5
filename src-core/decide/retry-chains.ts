import type { BookEntry } from './book-entry.ts';

/** The attempts of each run that has retries, as far as the book holds them. */
export class RetryChains {
  readonly #find: (id: string) => BookEntry | undefined;
  /** The newest retry, by the id of its first attempt. */
  readonly #newest = new Map<string, BookEntry>();

  /** `find`: a run of the book by its id. */
  constructor(find: (id: string) => BookEntry | undefined) {
    this.#find = find;
  }

  /** First attempts are found by their own id: only retries are kept here. */
  add(entry: BookEntry): void {
    const { rootId, attempt } = entry.record;
    if (rootId !== '' && attempt >= (this.#newest.get(rootId)?.record.attempt ?? 0)) this.#newest.set(rootId, entry);
  }

  remove(entry: BookEntry): void {
    if (this.#newest.get(entry.record.rootId) === entry) this.#newest.delete(entry.record.rootId);
  }

  /** The attempt before it is answered for, whichever of the two was read first: gives that one if this has changed it. */
  follow(entry: BookEntry): BookEntry | undefined {
    const { record } = entry;
    if (record.rootId === '') return undefined;
    const previous = this.#previous(record.rootId, record.attempt);
    this.add(entry);
    if (previous === undefined || previous.record.retryId !== '') return undefined;
    previous.record.retryPending = false;
    previous.record.retryId = record.id;
    return previous;
  }

  /** Whether the log has had this attempt. `isRootClosed`: the first one has left the book. */
  isFollowed(rootId: string, attempt: number, isRootClosed: boolean): boolean {
    const previous = this.#previous(rootId, attempt);
    if (previous !== undefined) return previous.record.retryId !== '';
    return isRootClosed || (this.#newest.get(rootId)?.record.attempt ?? 0) >= attempt;
  }

  #previous(rootId: string, attempt: number): BookEntry | undefined {
    const found = attempt === 2 ? this.#find(rootId) : this.#newest.get(rootId);
    return found?.record.attempt === attempt - 1 ? found : undefined;
  }
}
