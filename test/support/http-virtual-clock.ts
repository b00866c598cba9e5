import type { Clock } from '../../src-core/ports/clock.ts';

export interface VirtualClock extends Clock {
  /** Lets the time pass, acting in order. */
  pass(ms: number): void;
  readonly timers: number;
}

/** A clock that stands still until told otherwise; starts at 2026-03-01T00:00:00Z. */
export function createVirtualClock(): VirtualClock {
  let now = 0;
  const timers = new Set<{ at: number; action: () => void }>();
  return {
    now: () => Date.UTC(2026, 2, 1) + now,
    monotonic: () => now,
    after(delayMs, action) {
      const timer = { at: now + delayMs, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    soon: (action) => void setImmediate(action),
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        now = Math.max(now, next.at);
        timers.delete(next);
        next.action();
      }
      now = end;
    },
    get timers() {
      return timers.size;
    },
  };
}
