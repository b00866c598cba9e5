/** What is open above the page: the command palette, or the list of keys. */
class PaletteState {
  #open = $state(false);
  #keys = $state(false);

  get isOpen(): boolean { return this.#open; }
  set isOpen(value: boolean) { this.#open = value; }

  get isKeysOpen(): boolean { return this.#keys; }
  set isKeysOpen(value: boolean) { this.#keys = value; }

  open(): void {
    this.#open = true;
  }

  showKeys(): void {
    this.#keys = true;
  }
}

export const palette = new PaletteState();
