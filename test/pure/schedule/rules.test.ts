import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activeWindow, backoffDelay, parseGoDuration, planMisfires, spreadOffset } from '../../../src-core/schedule/index.ts';

describe('planMisfires', () => {
  const fires = [10_000, 40_000, 50_000, 60_000];
  const plan = (policy: 'skip' | 'once' | 'all', windowMs: number, max = 2): unknown => planMisfires(fires, { policy, windowMs, max }, 70_000);

  test('runs none under skip', () => expect(plan('skip', 1e6)).toEqual({ run: [], skip: fires }));
  test('runs the latest within the window under once', () => expect(plan('once', 60_000)).toEqual({ run: [60_000], skip: [10_000, 40_000, 50_000] }));
  test('runs none under once when all are too old', () => expect(plan('once', 9999)).toEqual({ run: [], skip: fires }));
  test('counts a fire exactly as old as the window', () => expect(plan('once', 10_000)).toMatchObject({ run: [60_000] }));
  test('runs up to max of the latest under all', () => expect(plan('all', 1e6, 3)).toEqual({ run: [40_000, 50_000, 60_000], skip: [10_000] }));
  test('runs only those within the window under all', () => expect(plan('all', 20_000, 9)).toEqual({ run: [50_000, 60_000], skip: [10_000, 40_000] }));
  test('runs none under all with max 0', () => expect(plan('all', 1e6, 0)).toEqual({ run: [], skip: fires }));
  test('plans nothing for nothing', () => expect(planMisfires([], { policy: 'all', windowMs: 1, max: 1 }, 0)).toEqual({ run: [], skip: [] }));
});

describe('backoffDelay', () => {
  const retry = { backoff: 'exponential', delayMs: 1000, maxDelayMs: 60_000 } as const;
  const middle = (): number => 0.5;

  test.each([[1, 1000], [2, 2000], [3, 4000], [6, 32_000], [7, 60_000], [5000, 60_000]])('after attempt %i waits %i ms', (attempt, delay) => {
    expect(backoffDelay(retry, attempt, middle)).toBe(delay);
  });

  test('spreads exponential delays by a tenth and never over the maximum', () => {
    expect([backoffDelay(retry, 2, () => 0), backoffDelay(retry, 2, () => 0.999999)]).toEqual([1800, 2200]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempt, chance) => {
        const delay = backoffDelay(retry, attempt, () => chance);
        expect(delay).toBeGreaterThanOrEqual(900);
        expect(delay).toBeLessThanOrEqual(60_000);
      }),
    );
  });

  test('keeps a fixed delay exact', () => expect(backoffDelay({ ...retry, backoff: 'fixed' }, 9, () => 0)).toBe(1000));
  test('caps a fixed delay too', () => expect(backoffDelay({ backoff: 'fixed', delayMs: 9000, maxDelayMs: 5000 }, 1, middle)).toBe(5000));
});

describe('spreadOffset', () => {
  test('is stable, whole and within the jitter', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(100_000), (key, jitter) => {
        const offset = spreadOffset(key, jitter);
        expect(offset).toBe(spreadOffset(key, jitter));
        expect(Number.isInteger(offset) && offset >= 0 && offset <= jitter).toBe(true);
      }),
    );
    // A changed hash would move every job of every installation.
    expect(spreadOffset('default/app/job-1', 60_000)).toBe(18072);
  });

  test('spreads jobs that differ in a number evenly', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (let job = 0; job < 10_000; job += 1) counts[Math.floor(spreadOffset(`ns/app/job${job}`, 9999) / 1000)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('activeWindow', () => {
  test.each([[99, 'before'], [100, 'inside'], [199, 'inside'], [200, 'after']] as const)('at %i is %s', (at, place) => {
    expect(activeWindow({ startAt: 100, endAt: 200 }, at)).toBe(place);
  });
  test('is open where an end is absent', () => {
    expect([activeWindow({}, 0), activeWindow({ startAt: 1 }, 1e15), activeWindow({ endAt: 1 }, -1e15)]).toEqual(['inside', 'inside', 'inside']);
  });
});

describe('parseGoDuration', () => {
  test.each([
    ['1s', 1000], ['1h30m', 5_400_000], ['1.5h', 5_400_000], ['250ms', 250], ['1d', 86_400_000], ['2w', 1_209_600_000], ['1d12h', 129_600_000],
    ['100us', 0.1], ['100µs', 0.1], ['100μs', 0.1], ['1ns', 1e-6], ['.5s', 500], ['1.s', 1000], ['0', 0], ['+5s', 5000], ['1.1m', 66_000], ['0.1h', 360_000],
  ])('reads %s', (text, ms) => expect(parseGoDuration(text)).toBe(ms));

  test.each(['', '5', 's', '1y', '-1s', '1 s', '1h 2m', '1e3s', '999999h9999999h', '1M'])('refuses %j', (text) => {
    expect(() => parseGoDuration(text)).toThrow(expect.objectContaining({ name: 'ScheduleError', field: 'duration' }));
  });
});
