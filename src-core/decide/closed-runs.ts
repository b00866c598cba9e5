/**
 * Ids of runs that ended lately: a bounded memory, so that their late answers are known for what they are. Ids sort by time,
 * so a new fire's is higher than all of them, and not looked for.
 */
export class ClosedRuns {
  readonly #limit: number;
  #young = new Set<string>();
  #old = new Set<string>();
  #highest = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: string): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    if (isHigher(id, this.#highest)) this.#highest = id;
  }

  has(id: string): boolean {
    return !isHigher(id, this.#highest) && (this.#young.has(id) || this.#old.has(id));
  }
}

/** Of two numbers without leading zeros, as text. */
export function isHigher(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
