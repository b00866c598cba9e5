/** Rows chosen in a list, by id. */
export class Selection {
  #ids = $state.raw<ReadonlySet<string>>(new Set());

  get ids(): readonly string[] { return [...this.#ids]; }
  get size(): number { return this.#ids.size; }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  set(ids: readonly string[], chosen: boolean): void {
    const next = new Set(this.#ids);
    for (const id of ids) {
      if (chosen) next.add(id);
      else next.delete(id);
    }
    this.#ids = next;
  }

  clear(): void {
    if (this.#ids.size > 0) this.#ids = new Set();
  }
}
