import { describe, expect, it } from 'vitest';
import type { CalendarJob, CalendarResource } from '../../../src-core/http/contract.ts';
import { zonedDays } from '../../../src-renderer/lib/days.ts';
import { mergePlans, stretchesOf, worstCollision } from '../../../src-renderer/pages/calendar/plan.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (text: string): number => Date.parse(text);

function answer(from: string, to: string, bucketMs: number, ...jobs: Partial<CalendarJob>[]): CalendarResource {
  const base = { jobId: '1', namespace: 'app', app: 'shop', job: 'a', words: null, expression: '@every 1h', timezone: 'UTC', count: 0, fires: [], perBucket: [] };
  return { from, to, bucketMs, truncated: false, jobs: jobs.map((job) => ({ ...base, ...job })) };
}

describe('what is asked of the server', () => {
  const week = zonedDays('2026-06-01', 7, 'UTC');

  it('is one stretch for days to come', () => {
    expect(stretchesOf(week, 'hour', 0)).toEqual([{ from: at('2026-06-01T00:00Z'), to: at('2026-06-08T00:00Z'), bucketMs: HOUR }]);
    expect(stretchesOf(week, 'day', 0)).toEqual([{ from: at('2026-06-01T00:00Z'), to: at('2026-06-08T00:00Z'), bucketMs: DAY }]);
  });

  it('is nothing for days that are over', () => {
    expect(stretchesOf(week, 'hour', at('2026-06-08T00:00Z'))).toEqual([]);
  });

  it('begins now, with what is left of the hour for itself', () => {
    const now = at('2026-06-07T21:40:05Z');
    expect(stretchesOf(week, 'hour', now)).toEqual([
      { from: now, to: at('2026-06-07T22:00Z'), bucketMs: HOUR }, { from: at('2026-06-07T22:00Z'), to: at('2026-06-08T00:00Z'), bucketMs: HOUR },
    ]);
  });

  it('begins now, with what is left of the day for itself', () => {
    const now = at('2026-06-05T10:00Z');
    expect(stretchesOf(week, 'day', now)).toEqual([
      { from: now, to: at('2026-06-06T00:00Z'), bucketMs: DAY }, { from: at('2026-06-06T00:00Z'), to: at('2026-06-08T00:00Z'), bucketMs: DAY },
    ]);
  });

  it('keeps whole days of the zone where the clock is changed', () => {
    expect(stretchesOf(zonedDays('2026-03-01', 31, 'Europe/Berlin'), 'day', 0)).toEqual([
      { from: at('2026-02-28T23:00Z'), to: at('2026-03-28T23:00Z'), bucketMs: DAY },
      { from: at('2026-03-28T23:00Z'), to: at('2026-03-29T22:00Z'), bucketMs: 23 * HOUR },
      { from: at('2026-03-29T22:00Z'), to: at('2026-03-31T22:00Z'), bucketMs: DAY },
    ]);
  });
});

describe('the plan', () => {
  it('adds up what the stretches say of a job', () => {
    const { jobs: [job] } = mergePlans([
      answer('2026-06-01T00:30:00Z', '2026-06-01T01:00:00Z', HOUR, { count: 1, fires: ['2026-06-01T00:45:00Z'], perBucket: [1] }),
      answer('2026-06-01T01:00:00Z', '2026-06-01T04:00:00Z', HOUR, { count: 2, fires: ['2026-06-01T01:00:00Z', '2026-06-01T03:00:00Z'], perBucket: [1, 0, 1] }),
    ]);
    expect(job).toMatchObject({ count: 3, fires: [at('2026-06-01T00:45Z'), at('2026-06-01T01:00Z'), at('2026-06-01T03:00Z')] });
    expect(job?.buckets).toEqual([
      { from: at('2026-06-01T00:30Z'), to: at('2026-06-01T01:00Z'), count: 1 }, { from: at('2026-06-01T01:00Z'), to: at('2026-06-01T02:00Z'), count: 1 },
      { from: at('2026-06-01T03:00Z'), to: at('2026-06-01T04:00Z'), count: 1 },
    ]);
  });

  it('names no fires when one stretch has too many', () => {
    const few = answer('2026-06-01T00:00:00Z', '2026-06-01T01:00:00Z', HOUR, { count: 1, fires: ['2026-06-01T00:45:00Z'], perBucket: [1] });
    const many = answer('2026-06-01T01:00:00Z', '2026-06-01T02:00:00Z', HOUR, { count: 3_600, fires: null, perBucket: [3_600] });
    for (const answers of [[few, many], [many, few]]) expect(mergePlans(answers).jobs[0]).toMatchObject({ count: 3_601, fires: undefined });
  });

  it('finds the moment that most jobs share', () => {
    const { jobs } = mergePlans([answer('2026-06-01T00:00:00Z', '2026-06-02T00:00:00Z', HOUR,
      { jobId: '1', fires: ['2026-06-01T08:00:00Z', '2026-06-01T08:00:30Z'] }, { jobId: '2', fires: ['2026-06-01T08:00:30Z'] },
      { jobId: '3', fires: ['2026-06-01T08:00:59Z'] }, { jobId: '4', fires: null })]);
    expect(worstCollision(jobs, 60_000)).toMatchObject({ at: at('2026-06-01T08:00Z'), jobs: [{ jobId: '1' }, { jobId: '2' }, { jobId: '3' }] });
    expect(worstCollision(jobs, 1_000)).toMatchObject({ at: at('2026-06-01T08:00:30Z'), jobs: [{ jobId: '1' }, { jobId: '2' }] });
    expect(worstCollision(jobs.slice(0, 1), 60_000)).toBeUndefined();
  });
});
