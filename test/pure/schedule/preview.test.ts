import { describe, expect, test } from 'vitest';
import { parseSchedule, previewSchedule, type DstPolicy } from '../../../src-core/schedule/index.ts';

describe('the preview', () => {
  test('shows the very fires of the schedule, as its zone writes them', () => {
    const from = Date.parse('2026-01-30T12:00:00Z');
    const spec = { expression: '0 0 9 * * *', timezone: 'Asia/Shanghai', dst: 'once', anchor: 0 } as const;
    const { fires, notes } = previewSchedule(spec, { from, count: 2 });
    expect(fires).toEqual([
      { at: Date.parse('2026-01-31T01:00:00Z'), local: '2026-01-31T09:00:00+08:00' },
      { at: Date.parse('2026-02-01T01:00:00Z'), local: '2026-02-01T09:00:00+08:00' },
    ]);
    expect(fires[0]?.at).toBe(parseSchedule(spec).next(from));
    expect(notes).toEqual(['Read as: 6-field cron with seconds, in Asia/Shanghai.']);
  });

  test.each([
    ['0 9 * * *', /5-field cron, second 0/],
    ['0 0 9 * * * 2027', /7-field cron/],
    ['@Daily', /0 0 0 \* \* \* \(@daily\)/],
    ['@every 90s', /every 90 seconds/],
    ['', /by hand only/],
    ['0 */61 * * * *', /only 0 matches/],
    ['0 0 0 1 1 * 2020', /Nothing fires after/],
    ['@at 2027-01-31T09:00:00Z', /Fires once/],
  ])('says how %j is read', (expression, sentence) => {
    const { notes } = previewSchedule({ expression, timezone: 'UTC', dst: 'once', anchor: 0 }, { from: Date.parse('2026-01-01T00:00:00Z'), count: 3 });
    expect(notes.join(' ')).toMatch(sentence);
  });

  test('says what the clock does to a fire', () => {
    expect(notesAt('30 2', 'once', '2026-03-07T12:00:00Z')).toEqual([['2026-03-08T03:00:00-04:00', expect.stringContaining('02:30:00 does not exist')], ['2026-03-09T02:30:00-04:00', '']]);
    expect(notesAt('30 2', 'skip', '2026-03-07T12:00:00Z')).toEqual([['2026-03-09T02:30:00-04:00', expect.stringContaining('is left out')], ['2026-03-10T02:30:00-04:00', '']]);
    expect(notesAt('30 1', 'once', '2026-10-31T12:00:00Z')).toEqual([['2026-11-01T01:30:00-04:00', expect.stringContaining('the first time only')], ['2026-11-02T01:30:00-05:00', '']]);
    expect(notesAt('30 1', 'compat', '2026-10-31T12:00:00Z')).toEqual([['2026-11-01T01:30:00-04:00', expect.stringContaining('first of two')], ['2026-11-01T01:30:00-05:00', expect.stringContaining('second time')]]);
  });

  test('names the dst policy where the zone has clock changes', () => {
    const { notes } = previewSchedule({ expression: '@daily', timezone: 'Europe/London', dst: 'skip', anchor: 0 }, { from: Date.parse('2026-01-01T00:00:00Z'), count: 1 });
    expect(notes.at(-1)).toContain('dst: skip');
  });
});

function notesAt(time: string, dst: DstPolicy, from: string): Array<[string, string]> {
  const spec = { expression: `${time} * * *`, timezone: 'America/New_York', dst, anchor: 0 };
  return previewSchedule(spec, { from: Date.parse(from), count: 2 }).fires.map(({ local, note }) => [local, note ?? '']);
}
