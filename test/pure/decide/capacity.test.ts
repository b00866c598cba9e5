import { expect, test } from 'vitest';
import { EndRate, runLimit } from '../../../src-core/decide/index.ts';

test.each([
  ['nobody', 0, 10_000, 0], ['somebody who has done nothing yet', 8, 0, 8], ['slow work', 8, 19.9, 8], ['20 a second', 8, 20, 9], ['2,000 a second', 8, 2000, 108], ['more than can be', 8, 1e9, 1008],
])('%s: capacity %i at %d ends a second lets %i run', (_who, capacity, perSecond, expected) => {
  expect(runLimit(capacity, perSecond)).toBe(expected);
});

test('the rate of ends follows what it is, and fades when nothing ends any more', () => {
  const rate = new EndRate();
  expect(rate.perSecond(0)).toBe(0);
  for (let at = 0; at < 10_000; at += 2) rate.count(at);
  expect(rate.perSecond(10_000)).toBeGreaterThan(490);
  expect(rate.perSecond(10_000)).toBeLessThan(510);
  expect(rate.perSecond(11_000)).toBeLessThan(190);
  expect(rate.perSecond(25_000)).toBeLessThan(0.01);
});

test('a clock that is set back keeps no rate of ends for as long', () => {
  const rate = new EndRate();
  for (let at = 3_600_000; at < 3_610_000; at += 2) rate.count(at);
  expect(rate.perSecond(10_000)).toBeLessThan(510);
  expect(rate.perSecond(20_000)).toBeLessThan(0.1);
  rate.count(20_000);
  expect(rate.perSecond(20_000)).toBeLessThan(1.1);
});
