/** Ends a timer that has not fired yet; harmless afterwards. */
export type CancelTimer = () => void;

export interface Clock {
  /** Wall clock, epoch ms. */
  now(): number;
  /** Milliseconds that never go backwards; only differences mean something. */
  monotonic(): number;
  after(delayMs: number, action: () => void): CancelTimer;
  /** Runs the action once the process has taken what is waiting on its sockets. */
  soon(action: () => void): void;
}

/** Chance: a number in [0, 1). */
export type Random = () => number;
