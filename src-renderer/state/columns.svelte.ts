import { recall, remember } from '../lib/storage.ts';

/** Which columns of a table this person wants to see, kept in this browser under `name`. */
export class ColumnChoice<T extends string> {
  readonly all: readonly T[];
  readonly #name: string;
  readonly #first: readonly T[];
  #shown = $state.raw<ReadonlySet<T>>(new Set());

  /** `first`: those shown until something is chosen. */
  constructor(name: string, all: readonly T[], first: readonly T[]) {
    this.all = all;
    this.#name = `columns.${name}`;
    this.#first = first;
    const kept = recall(this.#name);
    this.#shown = new Set(Array.isArray(kept) ? all.filter((column) => kept.includes(column)) : first);
  }

  has(column: T): boolean {
    return this.#shown.has(column);
  }

  get count(): number { return this.#shown.size; }

  show(column: T, shown: boolean): void {
    const next = new Set(this.#shown);
    if (shown) next.add(column);
    else next.delete(column);
    this.#shown = next;
    remember(this.#name, [...next]);
  }

  reset(): void {
    this.#shown = new Set(this.#first);
    remember(this.#name, undefined);
  }
}
