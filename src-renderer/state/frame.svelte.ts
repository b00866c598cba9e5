/** Maximised: the page and its tabs alone, without the menu and the top bar. */
class FrameState {
  #maximised = $state(false);

  get isMaximised(): boolean { return this.#maximised; }
  set isMaximised(value: boolean) { this.#maximised = value; }
}

export const frame = new FrameState();
