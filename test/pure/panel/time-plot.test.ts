import { describe, expect, it } from 'vitest';
import { durationTicks, nearest, rangeOf, timeTicks } from '../../../src-renderer/charts/time-plot.ts';

const at = (text: string): number => Date.parse(text);

describe('a plot over time', () => {
  it('begins and ends with what it shows; a moment alone gets room', () => {
    expect(rangeOf([5, 7, 90])).toEqual({ from: 5, to: 90 });
    expect(rangeOf([100_000])).toEqual({ from: 40_000, to: 160_000 });
  });

  it.each([[3, [0, 1, 2, 3]], [1100, [0, 500, 1000]], [7_300_000, [0, 1_800_000, 3_600_000, 5_400_000, 7_200_000]], [90_000, [0, 30_000, 60_000, 90_000]]])('marks durations up to %i ms at round ones', (longest, ticks) => {
    expect(durationTicks(longest, 5)).toEqual(ticks);
  });

  it('marks moments at which the clock of the zone is round', () => {
    const { at: ticks, step } = timeTicks({ from: at('2026-03-01T00:10:00Z'), to: at('2026-03-03T00:00:00Z') }, 5, 'Asia/Kolkata');
    expect(step).toBe(43_200_000);
    expect(ticks.map((ms) => new Date(ms).toISOString())).toEqual(['2026-03-01T06:30:00.000Z', '2026-03-01T18:30:00.000Z', '2026-03-02T06:30:00.000Z', '2026-03-02T18:30:00.000Z']);
  });

  it('marks whole seconds in less than one', () => {
    expect(timeTicks({ from: 1_200, to: 2_100 }, 5, 'UTC').at).toEqual([2_000]);
  });

  it('keeps days at midnight over a change of the clock', () => {
    const { at: ticks } = timeTicks({ from: at('2026-03-27T12:00:00Z'), to: at('2026-03-31T12:00:00Z') }, 5, 'Europe/Berlin');
    expect(ticks.map((ms) => new Date(ms).toISOString())).toEqual(['2026-03-27T23:00:00.000Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z', '2026-03-30T22:00:00.000Z']);
  });

  it('finds the moment that is pointed at', () => {
    expect(nearest([10, 20, 40], 31)).toBe(2);
    expect(nearest([10, 20, 40], -5)).toBe(0);
    expect(nearest([], 5)).toBeUndefined();
  });
});
