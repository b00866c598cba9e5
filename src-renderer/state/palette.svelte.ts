/** What is open above the page: the command palette, or the list of keys. */
class PaletteState {
  #open = $state(false);
  #keys = $state(false);
  #early = '';

  get isOpen(): boolean { return this.#open; }
  set isOpen(value: boolean) { this.#open = value; }

  get isKeysOpen(): boolean { return this.#keys; }
  set isKeysOpen(value: boolean) { this.#keys = value; }

  open(): void {
    this.#early = '';
    this.#open = true;
  }

  /** A key that came while the palette was on its way belongs to it. False: it is not on its way. */
  takeEarly(key: string): boolean {
    if (!this.#open) return false;
    if (key === 'Escape') this.#open = false;
    else if (key === 'Backspace') this.#early = this.#early.slice(0, -1);
    else if (key.length === 1) this.#early += key;
    return true;
  }

  /** What was typed before it was there. */
  get early(): string { return this.#early; }

  showKeys(): void {
    this.#keys = true;
  }
}

export const palette = new PaletteState();
