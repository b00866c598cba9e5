import { describe, expect, it } from 'vitest';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import type { Dispatcher } from '../../../src-core/engine/dispatcher.ts';
import type { JobRuntime } from '../../../src-core/engine/job-runtime.ts';
import type { Jobs } from '../../../src-core/engine/jobs.ts';
import { Ticker } from '../../../src-core/engine/ticker.ts';
import { FireBook } from '../../../src-core/schedule/index.ts';

const NOW = 1_767_225_600_000;

/** A ticker over jobs that were due at a millisecond each; its clock stands still and only remembers what it is asked for. */
function tickerOf(jobs: number) {
  const timers: number[] = [];
  const turns: (() => void)[] = [];
  const fired: number[] = [];
  const fires = new FireBook<JobRuntime>();
  for (let number = 1; number <= jobs; number++) {
    const at = NOW - number;
    const once = { kind: 'at', key: String(at), timezone: 'UTC', warnings: [], next: (after: number) => (after < at ? at : undefined) } as const;
    fires.set({ number, definition: { priority: 5 } } as JobRuntime, once, NOW - 2_000);
  }
  const clock = {
    now: () => NOW, monotonic: () => 0,
    after: (delayMs: number) => {
      timers.push(delayMs);
      return () => {};
    },
    soon: (action: () => void) => void turns.push(action),
  };
  const ticker = new Ticker({
    context: { clock, metrics: { tick: () => {} }, log: {} } as unknown as EngineContext,
    jobs: { fires, decidedThrough: 0, rewind: () => {}, byNumber: (number: number) => ({ number }) } as unknown as Jobs,
    dispatcher: { fire: ({ number }: JobRuntime) => (fired.push(number), 'taken') } as unknown as Dispatcher,
    mayFire: () => true, unsettled: () => 0, missesWorkers: () => false, lastPause: () => undefined, caughtUp: () => {},
  });
  return { ticker, timers, turns, fired };
}

describe('the turns of the ticker', () => {
  it('goes on in the next turn, not after a timer, while more is due than a turn takes', () => {
    const { ticker, timers, turns, fired } = tickerOf(1_000);
    ticker.start(NOW - 2_000);
    expect(fired.length).toBeLessThan(1_000);
    while (turns.length > 0) turns.shift()?.();
    expect(fired).toHaveLength(1_000);
    expect(timers).toEqual([1_000]);
  });

  it('does not go on after it was stopped, nor twice when it was woken', () => {
    const { ticker, turns, fired } = tickerOf(1_000);
    ticker.start(NOW - 2_000);
    const before = fired.length;
    ticker.wake();
    expect(turns).toHaveLength(2);
    turns.shift()?.();
    expect(fired).toHaveLength(before);
    ticker.stop();
    while (turns.length > 0) turns.shift()?.();
    expect(fired).toHaveLength(before);
  });
});
