import { createSubscriber } from 'svelte/reactivity';

/** The clock of what counts up or down on the screen: whoever reads `now.ms` is drawn again each second. */
class Now {
  #ms = Date.now();
  readonly #subscribe = createSubscriber((update) => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      this.#ms = Date.now();
      update();
    }, 1000);
    return () => clearInterval(timer);
  });

  get ms(): number {
    this.#subscribe();
    return Math.max(this.#ms, Date.now() - 1000);
  }
}

export const now = new Now();
