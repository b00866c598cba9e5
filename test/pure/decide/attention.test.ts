import { expect, test } from 'vitest';
import { failingOf, lateOf, mayFail, skippedOf, worstFirst } from '../../../src-core/decide/index.ts';
import type { RunState } from '../../../src-core/domain/index.ts';

const ends = (...states: RunState[]) => states.map((state, index) => ({ state, reason: index === 1 ? 'older' : '', endedAt: 100 - index }));

test.each<[RunState[], number | undefined]>([
  [['failed', 'expired', 'cancelled', 'completed'], 3], [['failed', 'failed', 'completed', 'failed', 'failed'], undefined], [['active', 'failed', 'waiting', 'failed', 'failed'], 3],
  [['failed', 'failed'], undefined], [['completed'], undefined], [[], undefined], [['failed', 'failed', 'failed', 'failed'], 4],
])('of %j, %s ends in a row are bad', (states, count) => {
  expect(failingOf(7, ends(...states))?.count).toBe(count);
  if (count !== undefined) expect([1, 2, 3, 9].every((seen) => mayFail(ends(...states.slice(0, seen))))).toBe(true);
});

test('a job that was fine among its last three ends is not failing', () => {
  expect(mayFail(ends('active', 'failed', 'failed', 'completed'))).toBe(false);
  expect(mayFail(ends('active', 'failed', 'failed'))).toBe(true);
});

test('what fails says why the last one did', () => {
  expect(failingOf(7, ends('expired', 'failed', 'failed'))).toEqual({ kind: 'failing', jobNumber: 7, count: 3, reason: 'expired', lastAt: 100 });
});

test('skips of a job are one worry, with the most frequent reason', () => {
  const skip = (jobNumber: number, reason: Parameters<typeof skippedOf>[0] extends Iterable<{ reason: infer R }> ? R : never, count: number, lastAt: number) => ({ jobNumber, reason, count, lastAt });
  expect(skippedOf([
    skip(1, 'overlap', 2, 50), skip(1, 'rate', 5, 40), skip(1, 'overlap', 1, 60), skip(1, 'no-worker', 1, 50), skip(1, 'weight-zero', 1, 51),
    skip(2, 'disabled', 9, 50), skip(2, 'paused', 9, 50), skip(3, 'misfire', 9, 39),
  ], 40)).toEqual([
    { kind: 'skipped', jobNumber: 1, count: 8, reason: 'rate', lastAt: 60 }, { kind: 'no-worker', jobNumber: 1, count: 2, reason: 'no-worker', lastAt: 51 },
  ]);
});

test('the worst come first', () => {
  const worry = (kind: 'failing' | 'no-worker' | 'late' | 'skipped', count: number) => ({ kind, jobNumber: 1, count, reason: '', lastAt: 0 });
  const sorted = worstFirst([worry('skipped', 900), worry('late', 5), worry('failing', 3), worry('failing', 9), worry('no-worker', 1)]);
  expect(sorted.map(({ kind, count }) => [kind, count])).toEqual([['failing', 9], ['failing', 3], ['no-worker', 1], ['late', 5], ['skipped', 900]]);
  expect(lateOf({ jobNumber: 2, runs: 3, latenessMsSum: 10_000, lastAt: 5 })).toMatchObject({ kind: 'late', count: 3_333 });
});
