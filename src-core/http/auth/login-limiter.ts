import type { Clock } from '../../ports/clock.ts';

/** A try that was let through; counts as failed until `succeeded` is called. */
export interface LoginTry {
  succeeded(): void;
  /** Once the password has been looked at, whatever came of it. */
  finished(): void;
}

export interface LoginLimits {
  /** Failures of one address before it has to wait. */
  readonly free: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Failures from everywhere together that may come at once, and how fast that room grows back. */
  readonly globalBurst: number;
  readonly globalRefillMs: number;
  /** Passwords being looked at, at the same time: each costs a core for a while. */
  readonly parallel: number;
  readonly maxAddresses: number;
  /** After this long without a try an address starts afresh. */
  readonly forgetMs: number;
}

export const LOGIN_LIMITS: LoginLimits = {
  free: 5,
  firstDelayMs: 5_000,
  maxDelayMs: 15 * 60_000,
  globalBurst: 60,
  globalRefillMs: 3_000,
  parallel: 4,
  maxAddresses: 10_000,
  forgetMs: 60 * 60_000,
};

interface Failures {
  failures: number;
  blockedUntil: number;
  lastAt: number;
}

/**
 * Slows down guessing. A try is counted before the password is looked at, so that a hundred tries sent at once are not a hundred
 * guesses. The global bound does not hold for this machine itself, so that strangers cannot lock its owner out.
 */
export class LoginLimiter {
  readonly #clock: Clock;
  readonly #limits: LoginLimits;
  /** Least recently tried first. */
  readonly #addresses = new Map<string, Failures>();
  #inFlight = 0;
  #globalUsed = 0;
  #globalAt: number;

  constructor(clock: Clock, limits: LoginLimits = LOGIN_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    this.#globalAt = clock.monotonic();
  }

  get size(): number {
    return this.#addresses.size;
  }

  /** The try, or how many milliseconds to wait before the next. */
  begin(address: string, local: boolean): LoginTry | number {
    const now = this.#clock.monotonic();
    const record = this.#recordOf(address, now);
    if (record.blockedUntil > now) return record.blockedUntil - now;
    if (this.#inFlight >= this.#limits.parallel) return 1_000;
    this.#refillGlobal(now);
    if (!local && this.#globalUsed >= this.#limits.globalBurst) return this.#limits.globalRefillMs;
    this.#globalUsed += 1;
    this.#inFlight += 1;
    this.#countFailure(address, record, now);
    return {
      succeeded: () => {
        this.#addresses.delete(address);
        this.#globalUsed = Math.max(0, this.#globalUsed - 1);
      },
      finished: () => {
        this.#inFlight -= 1;
      },
    };
  }

  #recordOf(address: string, now: number): Failures {
    const known = this.#addresses.get(address);
    return known !== undefined && now - known.lastAt < this.#limits.forgetMs ? known : { failures: 0, blockedUntil: 0, lastAt: now };
  }

  #countFailure(address: string, record: Failures, now: number): void {
    const { free, firstDelayMs, maxDelayMs, maxAddresses } = this.#limits;
    record.failures += 1;
    record.lastAt = now;
    if (record.failures >= free) record.blockedUntil = now + Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(30, record.failures - free));
    this.#addresses.delete(address);
    this.#addresses.set(address, record);
    if (this.#addresses.size <= maxAddresses) return;
    for (const oldest of this.#addresses.keys()) {
      this.#addresses.delete(oldest);
      return;
    }
  }

  #refillGlobal(now: number): void {
    const steps = Math.floor((now - this.#globalAt) / this.#limits.globalRefillMs);
    if (steps <= 0) return;
    this.#globalUsed = Math.max(0, this.#globalUsed - steps);
    this.#globalAt += steps * this.#limits.globalRefillMs;
  }
}
