import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundSchedule } from '../../../src-core/schedule/bounded.ts';
import { emptyFold, FIRES_A_PAUSE, foldFires, parseSchedule } from '../../../src-core/schedule/index.ts';
import type { FoldRange, Schedule } from '../../../src-core/schedule/index.ts';

const DAY = 86_400_000;
const FROM = Date.UTC(2026, 2, 28);

function schedule(expression: string, anchor = FROM - 12_345): Schedule {
  return parseSchedule({ expression, timezone: 'Europe/Berlin', dst: 'once', anchor });
}

/** One by one. */
function listed(of: Schedule, { from, to, after }: FoldRange): number[] {
  const fires: number[] = [];
  for (let at = of.next(Math.max(from, after) - 1); at !== undefined && at < to; at = of.next(at)) fires.push(at);
  return fires;
}

function fold(of: Schedule, range: FoldRange): ReturnType<typeof emptyFold> {
  const folded = emptyFold(range);
  const pauses = foldFires(of, range, folded);
  while (pauses.next().done !== true);
  return folded;
}

test('the fold of any schedule is what listing its fires gives', () => {
  const expressions = fc.constantFrom('@every 7s', '@every 90m', '@every 3d', '*/5 * * * *', '0 2 * * *', '30 */7 * * *', '0 0 1 * *', '@at 2026-03-29T05:00:00Z', '');
  const bounds = fc.record({
    offsetMs: fc.integer({ min: 0, max: 5_000_000 }), startAt: fc.option(fc.integer({ min: FROM - DAY, max: FROM + 3 * DAY })), endAt: fc.option(fc.integer({ min: FROM - DAY, max: FROM + 3 * DAY })),
  });
  const ranges = fc.record({ start: fc.integer({ min: -DAY, max: DAY }), length: fc.integer({ min: 1, max: 2 * DAY }), bucketMs: fc.constantFrom(60_000, 3_600_000, 7_777_777), after: fc.integer({ min: -DAY, max: DAY }), keep: fc.integer({ min: 0, max: 100 }) });
  fc.assert(fc.property(expressions, bounds, ranges, fc.integer({ min: FROM - DAY, max: FROM }), (expression, bound, { start, length, bucketMs, after, keep }, anchor) => {
    const of = boundSchedule(schedule(expression, anchor), bound);
    const range = { from: FROM + start, to: FROM + start + length, bucketMs, after: FROM + after, keep };
    const fires = listed(of, range);
    const perBucket = emptyFold(range).perBucket.map((_, bucket) => fires.filter((at) => Math.floor((at - range.from) / bucketMs) === bucket).length);
    expect(fold(of, range)).toEqual({ count: fires.length, fires: fires.slice(0, keep + 1), perBucket });
  }), { numRuns: 300 });
});

test('a second-by-second @every over two months is not computed fire by fire; cron pauses', () => {
  const range = { from: FROM, to: FROM + 62 * DAY, bucketMs: DAY, after: 0, keep: 60 };
  let computed = 0;
  const every = schedule('@every 1s');
  const counting: Schedule = { ...every, kind: 'every', key: '', timezone: '', warnings: [], periodMs: 1_000, next: (after) => (computed++, every.next(after)) };
  expect(fold(counting, range)).toMatchObject({ count: 62 * 86_400, perBucket: new Array(62).fill(86_400) });
  expect(computed).toBe(1);
  const folded = emptyFold(range);
  const pauses = foldFires(schedule('* * * * * *'), range, folded);
  pauses.next();
  pauses.next();
  expect(folded.count).toBe(2 * FIRES_A_PAUSE);
});
