import { expect, test } from 'vitest';
import { ClockSkew } from '../../../src-core/engine/clock-skew.ts';

const NOW = 1_800_000_000_000;

test.each([
  ['of clocks that agree nothing', [0, -300, 200, -700, 0], []],
  ['of a clock that is ahead once, when it is certain', [60_000, 60_000, 60_000, 60_000], [60_000]],
  ['of a clock that is behind by how much', [-90_000, -90_400, -90_100], [-90_100]],
  ['of looks that came late nothing', [-5000, 0, -5000, -5000, 0, -4000], []],
])('tells %s', (_, ahead, told) => {
  const skew = new ClockSkew();
  expect(ahead.map((ms) => skew.look('a', NOW + ms, NOW)).filter((ms) => ms !== undefined)).toEqual(told);
});

test('tells of each node', () => {
  const skew = new ClockSkew();
  for (let time = 0; time < 3; time++) skew.look('a', NOW + 9000, NOW);
  expect(skew.look('b', NOW + 9000, NOW)).toBe(9000);
});
