/** Remembers the last so many texts, at most twice as many. */
export class Recent {
  readonly #least: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(least: number) {
    this.#least = least;
  }

  add(text: string): void {
    this.#newer.add(text);
    if (this.#newer.size < this.#least) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  has(text: string): boolean {
    return this.#newer.has(text) || this.#older.has(text);
  }
}
