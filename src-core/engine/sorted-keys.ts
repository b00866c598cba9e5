/** With more new keys than this, sorting all is cheaper than moving the array's tail for each. */
const FEW = 32;

/** Keys in order, for pages. New ones are put in their places when somebody asks: a first start adds 100,000 before that. */
export class SortedKeys {
  #keys: string[] = [];
  readonly #added = new Set<string>();

  get size(): number {
    this.#settle();
    return this.#keys.length;
  }

  reset(keys: string[]): void {
    this.#added.clear();
    this.#keys = keys.sort(compare);
  }

  add(key: string): void {
    this.#added.add(key);
  }

  delete(key: string): void {
    this.#added.delete(key);
    const at = this.#firstAtOrAfter(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** Keys that follow `key`, in order; all of them when it is undefined. */
  *after(key: string | undefined): Iterable<string> {
    this.#settle();
    let at = 0;
    if (key !== undefined) {
      at = this.#firstAtOrAfter(key);
      if (this.#keys[at] === key) at++;
    }
    for (; at < this.#keys.length; at++) yield this.#keys[at] as string;
  }

  #settle(): void {
    if (this.#added.size > FEW) {
      for (const key of this.#keys) this.#added.add(key);
      this.#keys = [...this.#added].sort(compare);
    } else {
      for (const key of this.#added) {
        const at = this.#firstAtOrAfter(key);
        if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
      }
    }
    this.#added.clear();
  }

  #firstAtOrAfter(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** By code unit, not by locale: fast, and the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
