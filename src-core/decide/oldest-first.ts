import type { BookEntry } from './book-entry.ts';

/** Of runs that have left. */
const SPARE = 1_024;

/**
 * Since when the one of some runs waits that waits longest. A heap by that moment, from which a run is taken when somebody asks and it has come
 * to be first, not when it leaves. As most come in the order of their moments, coming costs one comparison, and leaving nothing. When nobody
 * asks and most in it have left, it is given up; the next who asks pays for a new one.
 */
export class OldestFirst {
  #isKept = true;
  #entries: BookEntry[] = [];
  #moments: number[] = [];

  /** It may be there already. */
  add(entry: BookEntry): void {
    if (this.#isKept) this.#push(entry, waitsSince(entry));
  }

  /** Some came, or left. `present`: how many there are. */
  changed(present: number): void {
    if (this.#entries.length <= 4 * present + SPARE) return;
    this.#isKept = false;
    this.#entries = [];
    this.#moments = [];
  }

  /** Undefined when there is none. `all`: those for which `isPresent` is true. */
  moment(all: Iterable<BookEntry>, isPresent: (entry: BookEntry) => boolean): number | undefined {
    if (!this.#isKept) {
      this.#isKept = true;
      for (const entry of all) this.add(entry);
    }
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined || isPresent(first)) return this.#moments[0];
      this.#shift();
    }
  }

  #push(entry: BookEntry, moment: number): void {
    let at = this.#entries.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((this.#moments[above] as number) <= moment) break;
      this.#put(above, at);
      at = above;
    }
    this.#entries[at] = entry;
    this.#moments[at] = moment;
  }

  #shift(): void {
    const last = this.#entries.pop() as BookEntry;
    const moment = this.#moments.pop() as number;
    const { length } = this.#entries;
    if (length === 0) return;
    let at = 0;
    for (let below = 1; below < length; below = 2 * at + 1) {
      if (below + 1 < length && (this.#moments[below + 1] as number) < (this.#moments[below] as number)) below++;
      if ((this.#moments[below] as number) >= moment) break;
      this.#put(below, at);
      at = below;
    }
    this.#entries[at] = last;
    this.#moments[at] = moment;
  }

  #put(from: number, to: number): void {
    this.#entries[to] = this.#entries[from] as BookEntry;
    this.#moments[to] = this.#moments[from] as number;
  }
}

function waitsSince({ record: { dueAt, scheduledAt } }: BookEntry): number {
  return dueAt || scheduledAt;
}
