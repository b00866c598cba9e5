import { describe, expect, it } from 'vitest';
import { bucketOf, zonedDays } from '../../../src-renderer/lib/days.ts';
import { levelOf } from '../../../src-renderer/charts/heatmap.ts';
import { byDay } from '../../../src-renderer/pages/job/by-day.ts';

const HOUR = 3_600_000;
const NOTHING = { completed: 0, failed: 0, expired: 0, cancelled: 0, durationMsAvg: null, durationMsMax: null, latenessMsAvg: null, latenessMsMax: null };

describe('the ends of a job by day', () => {
  it.each([['UTC', 24 * HOUR], ['Asia/Shanghai', HOUR], ['America/New_York', HOUR], ['Asia/Kolkata', HOUR / 2], ['Asia/Kathmandu', HOUR / 4]])('are made of pieces that fit the days of %s', (zone, width) => {
    expect(bucketOf(zonedDays('2026-10-20', 20, zone))).toBe(width);
  });

  it('belong to the day of the zone, also when it has 25 hours', () => {
    const days = zonedDays('2026-10-31', 3, 'America/New_York');
    const at = (from: string, completed: number, failed = 0) => ({ ...NOTHING, from, completed, failed });
    const sums = byDay(days, [at('2026-10-31T04:00:00Z', 1), at('2026-11-01T03:00:00Z', 2), at('2026-11-01T04:00:00Z', 4), at('2026-11-02T04:00:00Z', 8, 1), at('2026-11-02T05:00:00Z', 16)]);
    expect(sums.map(({ completed, failed }) => [completed, failed])).toEqual([[3, 0], [12, 1], [16, 0]]);
  });

  it('are shown in four steps, and nothing as nothing', () => {
    expect([0, 1, 25, 26, 75, 100].map((total) => levelOf(total, 100))).toEqual([0, 1, 1, 2, 3, 4]);
    expect(levelOf(1, 1_000_000)).toBe(1);
  });
});
