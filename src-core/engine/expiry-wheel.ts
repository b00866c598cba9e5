import type { BookEntry } from '../decide/index.ts';

const BUCKET_MS = 100;

/** Deadlines of active runs, by tenth of a second: adding and removing cost one set operation. */
export class ExpiryWheel {
  readonly #buckets = new Map<number, Set<BookEntry>>();
  #from = Number.POSITIVE_INFINITY;

  add(entry: BookEntry, expiresAt: number): void {
    this.remove(entry);
    const bucket = Math.ceil(expiresAt / BUCKET_MS);
    let set = this.#buckets.get(bucket);
    if (set === undefined) this.#buckets.set(bucket, (set = new Set()));
    set.add(entry);
    entry.expiryBucket = bucket;
    if (bucket < this.#from) this.#from = bucket;
  }

  remove(entry: BookEntry): void {
    if (entry.expiryBucket === 0) return;
    const set = this.#buckets.get(entry.expiryBucket);
    set?.delete(entry);
    if (set?.size === 0) this.#buckets.delete(entry.expiryBucket);
    entry.expiryBucket = 0;
  }

  /** Takes out those whose deadline has passed. */
  due(now: number): BookEntry[] {
    const last = Math.floor(now / BUCKET_MS);
    const due: BookEntry[] = [];
    if (last < this.#from) return due;
    // After a long gap there are fewer buckets than tenths of a second.
    const buckets = last - this.#from > this.#buckets.size ? [...this.#buckets.keys()].filter((bucket) => bucket <= last) : range(this.#from, last);
    for (const bucket of buckets) {
      const set = this.#buckets.get(bucket);
      if (set === undefined) continue;
      this.#buckets.delete(bucket);
      for (const entry of set) {
        entry.expiryBucket = 0;
        due.push(entry);
      }
    }
    this.#from = this.#buckets.size === 0 ? Number.POSITIVE_INFINITY : last + 1;
    return due;
  }

  clear(): void {
    for (const set of this.#buckets.values()) for (const entry of set) entry.expiryBucket = 0;
    this.#buckets.clear();
    this.#from = Number.POSITIVE_INFINITY;
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
