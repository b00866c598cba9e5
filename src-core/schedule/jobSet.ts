/**
 * The jobs of one group. Most groups of a large installation hold a single job, and an empty Set
 * alone takes 200 bytes: so one job needs no Set.
 */
export class JobSet<J> {
  #listed: readonly J[] | undefined;
  #many: Set<J> | undefined;

  constructor(first: J) {
    this.#listed = [first];
  }

  get size(): number {
    return this.#many?.size ?? this.#listed?.length ?? 0;
  }

  /** The jobs as an array of their own, never changed afterwards; the same array until the set changes. */
  list(): readonly J[] {
    return (this.#listed ??= [...(this.#many ?? [])]);
  }

  add(job: J): void {
    this.#many ??= new Set(this.#listed);
    this.#many.add(job);
    this.#listed = undefined;
  }

  delete(job: J): void {
    this.#many ??= new Set(this.#listed);
    this.#many.delete(job);
    this.#listed = undefined;
  }
}
