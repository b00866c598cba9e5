import { prefs } from './prefs.svelte.ts';

/** Pages of a list that is here whole; what a Pager wants. A list that shrinks below the page shows its last one. */
export class LocalPages<T> {
  #page = $state(1);
  readonly #all: () => readonly T[];

  constructor(all: () => readonly T[]) {
    this.#all = all;
  }

  readonly isBusy = false;
  get #last(): number { return Math.max(1, Math.ceil(this.#all().length / prefs.pageSize)); }
  /** From 1. */
  get page(): number { return Math.min(this.#page, this.#last); }
  get hasNext(): boolean { return this.page < this.#last; }
  get hasPrevious(): boolean { return this.page > 1; }
  get items(): readonly T[] { return this.#all().slice((this.page - 1) * prefs.pageSize, this.page * prefs.pageSize); }

  first(): void { this.#page = 1; }
  next(): void { if (this.hasNext) this.#page = this.page + 1; }
  previous(): void { if (this.hasPrevious) this.#page = this.page - 1; }
}
