/** When sending is tried next: at the end of this turn, or after a wait that nothing cuts short. */
export class PumpTurns {
  readonly #isReady: () => boolean;
  readonly #pump: () => void;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  /** While it is not ready no turn is asked for. */
  constructor(isReady: () => boolean, pump: () => void) {
    this.#isReady = isReady;
    this.#pump = pump;
  }

  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  soon(): void {
    if (this.#isScheduled || !this.#isReady()) return;
    this.#isScheduled = true;
    // Once for all that is published, or acknowledged, in this turn.
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  /** A wait that runs already goes on as it is. */
  later(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
