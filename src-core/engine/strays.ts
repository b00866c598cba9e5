import type { BookEntry, RunBook } from '../decide/index.ts';
import type { Store } from '../ports/index.ts';
import { openRunsOf } from './load-view.ts';

/** Whoever ends or goes on with what was found. */
interface Adopter {
  adopt(entry: BookEntry, isOver: boolean): void;
}

/**
 * When the log is lost, a view that several nodes share may have runs open that this node's book has not: what would have brought
 * their rows further stood only in the log, and no node keeps it for a view that another one writes.
 */
export class Strays {
  readonly #store: Store;
  readonly #book: RunBook;
  /** Undefined while this node does not lead. */
  readonly #leadership: () => Adopter | undefined;
  #wasLogLost = false;

  constructor(store: Store, book: RunBook, leadership: () => Adopter | undefined) {
    this.#store = store;
    this.#book = book;
    this.#leadership = leadership;
  }

  logLost(): void {
    this.#wasLogLost = this.#store.isShared;
  }

  /** Called when the view has all that the log has, and before it gets more: whatever has ended since is still in the book. */
  async adopt(): Promise<void> {
    if (!this.#wasLogLost) return;
    const open = await openRunsOf(this.#store);
    const leadership = this.#leadership();
    if (leadership === undefined) return;
    this.#wasLogLost = false;
    for (const [record, targets] of open) {
      if (this.#book.get(record.id) === undefined) leadership.adopt(this.#book.load(record, targets), this.#book.isClosed(record.id));
    }
  }
}
