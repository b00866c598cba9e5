import { expect, test } from 'vitest';
import { average, percentile } from '../../../src-core/domain/index.ts';
import { soonest } from '../../../src-core/schedule/index.ts';
import { seeded } from '../../support/seeded.ts';

test('the soonest are those that sorting all would put first', () => {
  const chance = seeded(7);
  const moments = Array.from({ length: 2_000 }, () => (chance() < 0.1 ? undefined : Math.floor(chance() * 500)));
  const sorted = moments.filter((at) => at !== undefined).toSorted((a, b) => a - b);
  for (const limit of [0, 1, 7, 100, 5_000]) {
    expect(soonest(moments, (at) => at, limit).map(({ at }) => at)).toEqual(sorted.slice(0, limit));
  }
});

test('of equal moments the first to come is kept', () => {
  expect(soonest(['a', 'b', 'c'], () => 5, 2).map(({ item }) => item)).toEqual(['a', 'b']);
});

test('a percentile is one of the values, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.95)).toBe(95);
  expect(percentile([10, 9, 100], 0.95)).toBe(100);
  expect(percentile([7], 0.95)).toBe(7);
  expect(percentile([], 0.95)).toBeNull();
  expect(average([1, 2])).toBe(1.5);
  expect(average([])).toBeNull();
});
