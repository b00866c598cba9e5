/** "Refresh" of a tab: the page in view is built anew. */
class Reloads {
  #count = $state(0);

  get count(): number { return this.#count; }

  again(): void {
    this.#count++;
  }
}

export const reloads = new Reloads();
