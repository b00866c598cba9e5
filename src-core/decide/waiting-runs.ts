import type { BookEntry } from './book-entry.ts';
import { OldestFirst } from './oldest-first.ts';

/** Further apart than ids are from each other. */
const PRIORITY_APART = 1e19;

/** The due and held runs of one job: a heap, as there may be a million. Higher priority first, then older first. */
export class WaitingRuns {
  /** Each entry knows its place in it: `waitingAt`. */
  readonly #heap: BookEntry[] = [];
  /** Of the entries in the heap, in its order: to look at them one after the other costs more than all else. */
  readonly #ranks: number[] = [];
  /** Were first in the heap and could not go: not in the log yet, doubtful, or about to be cancelled. */
  readonly #aside = new Set<BookEntry>();
  readonly #byAge = new OldestFirst();
  readonly #isHere = (entry: BookEntry): boolean => this.#heap[entry.waitingAt] === entry || this.#aside.has(entry);

  get length(): number {
    return this.#heap.length + this.#aside.size;
  }

  /** In no particular order. */
  *[Symbol.iterator](): Iterator<BookEntry> {
    yield* this.#heap;
    yield* this.#aside;
  }

  add(entry: BookEntry): void {
    this.#enter(entry);
    this.#byAge.add(entry);
    this.#byAge.changed(this.length);
  }

  /** Since when the one waits that waits longest, whatever its priority; epoch ms. */
  oldestAt(): number | undefined {
    return this.#byAge.moment(this, this.#isHere);
  }

  remove(entry: BookEntry): void {
    if (!this.#aside.delete(entry)) this.#leave(entry);
    this.#byAge.changed(this.length);
  }

  /** The first that may go. */
  first(): BookEntry | undefined {
    for (;;) {
      const entry = this.#heap[0];
      if (entry === undefined || mayGo(entry)) return entry;
      this.#leave(entry);
      this.#aside.add(entry);
    }
  }

  /** It may have become one that may go. */
  changed(entry: BookEntry): void {
    if (mayGo(entry) && this.#aside.delete(entry)) this.#enter(entry);
  }

  /** Any may have. */
  recheck(): void {
    for (const entry of this.#aside) this.changed(entry);
  }

  #enter(entry: BookEntry): void {
    this.#rise(entry, rankOf(entry), this.#heap.length);
  }

  #leave(entry: BookEntry): void {
    const last = this.#heap.pop() as BookEntry;
    const rank = this.#ranks.pop() as number;
    if (last === entry) return;
    this.#rise(last, rank, this.#sink(last, rank, entry.waitingAt));
  }

  /** Puts the entry where it belongs at or above the place, which is free. */
  #rise(entry: BookEntry, rank: number, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#heap[above] as BookEntry;
      if (!goesBefore(rank, entry, this.#ranks[above] as number, other)) break;
      this.#put(other, this.#ranks[above] as number, at);
      at = above;
    }
    this.#put(entry, rank, at);
  }

  /** The place at or below the free one that the entry may have; others move up for it. */
  #sink(entry: BookEntry, rank: number, from: number): number {
    const heap = this.#heap;
    const ranks = this.#ranks;
    for (let at = from;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) return at;
      if (below + 1 < heap.length && goesBefore(ranks[below + 1] as number, heap[below + 1] as BookEntry, ranks[below] as number, heap[below] as BookEntry)) below++;
      if (!goesBefore(ranks[below] as number, heap[below] as BookEntry, rank, entry)) return at;
      this.#put(heap[below] as BookEntry, ranks[below] as number, at);
      at = below;
    }
  }

  #put(entry: BookEntry, rank: number, at: number): void {
    this.#heap[at] = entry;
    this.#ranks[at] = rank;
    entry.waitingAt = at;
  }
}

function mayGo(entry: BookEntry): boolean {
  return entry.logged && !entry.cancelling && !entry.doubtful;
}

/** Lower goes first. A double cannot tell ids of one millisecond from each other, and never turns two of them round. */
function rankOf({ record }: BookEntry): number {
  return Number(record.id) - record.priority * PRIORITY_APART;
}

function goesBefore(rankA: number, a: BookEntry, rankB: number, b: BookEntry): boolean {
  if (rankA !== rankB) return rankA < rankB;
  return a.record.id.length === b.record.id.length ? a.record.id < b.record.id : a.record.id.length < b.record.id.length;
}
