/** Under which term this node writes the view, and whether it may: a view of its own always, a shared one while it leads. */
export class ViewRight {
  readonly #isShared: boolean;
  readonly #changed: () => void;
  #mayWriteShared = false;
  #term = 0;

  /** `changed`: told whenever the right to a shared view is given or taken. */
  constructor(isShared: boolean, changed: () => void) {
    this.#isShared = isShared;
    this.#changed = changed;
  }

  get term(): number {
    return this.#term;
  }

  get mayWrite(): boolean {
    return !this.#isShared || this.#mayWriteShared;
  }

  get mayWriteShared(): boolean {
    return this.#mayWriteShared;
  }

  /** The view takes no batch of an older term than its newest: until this node leads it writes under the newest that it knows of. */
  raise(term: number): void {
    this.#term = Math.max(this.#term, term);
  }

  /** This node has begun to lead. */
  give(term: number): void {
    this.#term = term;
    this.#setShared(true);
  }

  take(): void {
    this.#setShared(false);
  }

  #setShared(may: boolean): void {
    if (!this.#isShared) return;
    this.#mayWriteShared = may;
    this.#changed();
  }
}
