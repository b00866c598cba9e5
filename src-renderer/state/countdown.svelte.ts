import { live } from './live.svelte.ts';
import { now } from './now.svelte.ts';

/** Reads something again every `ms`, and says how long until then. Stands still while live updates are paused. */
export class Countdown {
  #nextAt = $state(0);
  readonly #ms: number;
  readonly #act: () => unknown;

  constructor(ms: number, act: () => unknown) {
    this.#ms = ms;
    this.#act = act;
  }

  /** Whole seconds; undefined while it stands still. */
  get secondsLeft(): number | undefined {
    if (live.isPausedByHand) return undefined;
    return Math.max(0, Math.ceil((this.#nextAt - now.ms) / 1000));
  }

  /** Acts at once, and counts anew. */
  again(): void {
    this.#nextAt = Date.now() + this.#ms;
    this.#act();
  }

  /** Acts now and from then on; returns the way to end it: for `$effect`. */
  start(): () => void {
    this.again();
    const timer = setInterval(() => {
      if (!document.hidden && !live.isPausedByHand && Date.now() >= this.#nextAt) this.again();
    }, 500);
    return () => clearInterval(timer);
  }
}
