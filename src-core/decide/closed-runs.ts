/** Ids of runs that ended lately: a bounded memory, so that their late answers are known for what they are. */
export class ClosedRuns {
  readonly #limit: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: string): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
  }

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }
}
