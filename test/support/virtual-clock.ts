import type { CancelTimer, Clock } from '../../src-core/ports/clock.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** 2026-03-01T00:00:00Z. */
export const VIRTUAL_START = Date.UTC(2026, 2, 1);

/** A clock that stands still until told to go on. Acts in order of time, and lets promises settle after each act. */
export class VirtualClock implements Clock {
  #monotonic = 0;
  #offset = VIRTUAL_START;
  #order = 0;
  readonly #timers: Timer[] = [];
  #soon: (() => void)[] = [];

  now(): number {
    return this.#offset + this.#monotonic;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, action: () => void): CancelTimer {
    const timer = { at: this.#monotonic + Math.max(0, delayMs), order: this.#order++, action };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  soon(action: () => void): void {
    this.#soon.push(action);
  }

  /** Timers that have not acted. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Somebody sets the wall clock; the monotonic one does not notice. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.settle();
    for (let next = this.#timers[0]; next !== undefined && next.at <= end; next = this.#timers[0]) {
      this.#timers.shift();
      this.#monotonic = Math.max(this.#monotonic, next.at);
      next.action();
      await this.settle();
    }
    this.#monotonic = end;
  }

  /** The process is not scheduled for a while: all that came due meanwhile acts at once, late. */
  async pause(ms: number): Promise<void> {
    this.#monotonic += ms;
    await this.advance(0);
  }

  /** Lets a promise of the program come to its end, for at most that long. */
  async until<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isDone = false;
    promise.then(() => { isDone = true; }, () => { isDone = true; });
    await this.settle();
    for (let waited = 0; !isDone && waited < limitMs; waited += 10) await this.advance(10);
    if (!isDone) throw new Error(`not done within ${limitMs} virtual ms`);
    return promise;
  }

  /** All that happens at this moment. */
  async settle(): Promise<void> {
    do {
      const actions = this.#soon;
      this.#soon = [];
      for (const action of actions) action();
      await new Promise<void>((resolve) => process.nextTick(resolve));
    } while (this.#soon.length > 0);
  }

  #placeOf(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle] as Timer).at <= timer.at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * One process's view of the clock: when it dies, none of its timers acts any more; while it is stopped, what comes due waits
 * until it goes on. Its wall clock may differ from the others'.
 */
export class ProcessClock implements Clock {
  /** Ahead of the others by so many ms. */
  skewMs = 0;
  readonly #clock: Clock;
  readonly #held: (() => void)[] = [];
  #armed = 0;
  #isDead = false;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that have neither acted nor been cancelled. */
  get timers(): number {
    return this.#armed;
  }

  now(): number {
    return this.#clock.now() + this.skewMs;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(delayMs: number, action: () => void): CancelTimer {
    if (this.#isDead) return () => {};
    let isArmed = true;
    this.#armed++;
    const cancel = this.#clock.after(delayMs, () => this.#run(() => {
      if (!isArmed) return;
      isArmed = false;
      this.#armed--;
      action();
    }));
    return () => {
      if (isArmed) this.#armed--;
      isArmed = false;
      cancel();
    };
  }

  soon(action: () => void): void {
    if (!this.#isDead) this.#clock.soon(() => this.#run(action));
  }

  kill(): void {
    this.#isDead = true;
  }

  /** SIGSTOP. */
  stop(): void {
    this.#isStopped = true;
  }

  /** SIGCONT: what came due meanwhile acts now, one after the other. */
  goOn(): void {
    this.#isStopped = false;
    this.#next();
  }

  #next(): void {
    if (this.#isStopped || this.#held.length === 0) return;
    this.#clock.soon(() => {
      if (this.#isStopped || this.#isDead) return;
      this.#held.shift()?.();
      this.#next();
    });
  }

  #run(action: () => void): void {
    if (this.#isDead) return;
    if (this.#isStopped || this.#held.length > 0) this.#held.push(action);
    else action();
  }
}
