/** Keys in order, for pages: adding and removing move at most a flat array's tail. */
export class SortedKeys {
  #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  reset(keys: string[]): void {
    this.#keys = keys.sort(compare);
  }

  add(key: string): void {
    const at = this.#firstAtOrAfter(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  delete(key: string): void {
    const at = this.#firstAtOrAfter(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** Keys that follow `key`, in order; all of them when it is undefined. */
  *after(key: string | undefined): Iterable<string> {
    let at = 0;
    if (key !== undefined) {
      at = this.#firstAtOrAfter(key);
      if (this.#keys[at] === key) at++;
    }
    for (; at < this.#keys.length; at++) yield this.#keys[at] as string;
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
