import { describe, expect, test } from 'vitest';
import { parseSchedule, ScheduleError, type ScheduleSpec } from '../../../src-core/schedule/index.ts';

const SPEC: ScheduleSpec = { expression: '', timezone: 'UTC', dst: 'once', anchor: Date.parse('2026-01-15T10:20:30.700Z') };

/** Two spellings of one schedule. Where robfig/cron reads it otherwise than croner, robfig's reading is on the right. */
const SAME: ReadonlyArray<readonly [string, string]> = [
  ['0 0 0 */1 * MON', '0 0 0 * * 1'],
  ['0 0 0 *,5 * MON', '0 0 0 * * 1'],
  ['0 0 0 5,? * MON', '0 0 0 * * 1'],
  ['0 0 0 ? * MON', '0 0 0 * * 1'],
  ['0 0 0 1 * *,3', '0 0 0 1 * *'],
  ['0 0 0 1 * */1', '0 0 0 1 * *'],
  ['0 0 0 1 * ?/1', '0 0 0 1 * *'],
  ['0 0 0 * * sun-sun', '0 0 0 * * 0'],
  ['0 0 0 * * 0-sun', '0 0 0 * * 0'],
  ['0 0 0 * * 7-SUN', '0 0 0 * * 0'],
  ['0 0 0 * * 7', '0 0 0 * * 0'],
  ['0 0 0 * * 5-7', '0 0 0 * * 0,5,6'],
  ['0 0 0 * * FRI-sun', '0 0 0 * * 0,5,6'],
  ['0 0 0 * * Mon-5', '0 0 0 * * 1-5'],
  ['0 0 0 * * 5/1', '0 0 0 * * 5,6'],
  ['0 0 0 * JAN,Jul *', '0 0 0 * 1,7 *'],
  ['0 5/15 * * * *', '0 5,20,35,50 * * * *'],
  ['0 0 0 1,,2 * *', '0 0 0 1-2 * *'],
  ['0 0 0 1, * *', '0 0 0 1 * *'],
  ['0 +5 * * * *', '0 5 * * * *'],
  ['0 05 007 * * *', '0 5 7 * * *'],
  ['0 0 0 * * +5', '0 0 0 * * 5'],
  ['  0   0\t0 * * *  ', '0 0 0 * * *'],
  ['0 0 * * *', '0 0 0 * * *'],
  ['0 0 0 * * * *', '0 0 0 * * *'],
  [' @DAILY ', '0 0 0 * * *'],
  ['@midnight', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
  ['@weekly', '0 0 0 * * 0'],
  ['@monthly', '0 0 0 1 * *'],
  ['@annually', '0 0 0 1 1 *'],
  ['@Yearly', '0 0 0 1 1 *'],
  ['0 0 0 lw * *', '0 0 0 LW * *'],
  ['0 0 0 * * fri#2', '0 0 0 * * 5#2'],
  ['0 0 0 * * friL', '0 0 0 * * 5L'],
  ['0 0 0 * * 7#1', '0 0 0 * * 0#1'],
  ['0 */61 * * * *', '0 0 * * * *'],
  ['@every 1m', '@every 60s'],
  ['@Every  1d', '@every 24h'],
  ['@every 1w', '@every 7d'],
];

/** What is refused, the field that is named and a part of the sentence. */
const REFUSED: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['0 /5 * * * *', 'minute', /minute field: "\/5" cannot be read; allowed are 0 to 59/],
  ['*-5 * * * * *', 'second', /second field/],
  [', * * * * *', 'second', /is empty/],
  ['0 0 24 * * *', 'hour', /hour field: "24" is out of range; allowed are 0 to 23/],
  ['0 0 0 0 * *', 'dayOfMonth', /day of month field.*1 to 31/],
  ['0 0 0 1,LW * *', 'dayOfMonth', /LW stands alone/],
  ['0 0 0 32W * *', 'dayOfMonth', /cannot be read/],
  ['0 0 0 * 13 *', 'month', /jan to dec/],
  ['0 0 0 * foo *', 'month', /cannot be read/],
  ['0 0 0 * * 8', 'dayOfWeek', /0 to 7 or sun to sat/],
  ['0 0 0 * * 5#6', 'dayOfWeek', /5#2/],
  ['0 0 0 * * monday', 'dayOfWeek', /cannot be read/],
  ['0 0 0 * * sat-mon', 'dayOfWeek', /runs backwards/],
  ['0 0 0 * * * 1066', 'year', /1970 to 9999/],
  ['*/0 * * * * *', 'second', /step/],
  ['1/2/3 * * * * *', 'second', /more than one slash/],
  ['1-2-3 * * * * *', 'second', /more than one hyphen/],
  ['* * * *', 'expression', /has 4 fields/],
  ['* * * * * * * *', 'expression', /has 8 fields/],
  ['hello', 'expression', /has 1 field:/],
  ['@reboot', 'expression', /@every/],
  ['@daily extra', 'expression', /not known/],
  ['@every', 'every', /not a duration/],
  ['@every 999ms', 'every', /at least 1s/],
  ['@every -5m', 'every', /not a duration/],
  ['@at tomorrow', 'at', /2027-01-31T09:00:00\+08:00/],
  ['@at 2026-02-30T00:00:00Z', 'at', /does not exist/],
  ['@at 2026-01-01T24:00:00Z', 'at', /does not exist/],
  ['TZ=Asia/Tokyo', 'expression', /no schedule/],
  ['TZ= 0 0 0 * * *', 'timezone', /not known/],
  ['TZ=Mars/Olympus 0 0 0 * * *', 'timezone', /not known/],
  ['0 0 0 31 2 *', 'expression', /never fires/],
  ['0 0 0 30 feb ?', 'expression', /never fires/],
  ['0 0 0 31 4,6,9,11 *', 'expression', /never fires/],
  ['0 0 0 29 2 * 2026-2027', 'expression', /never fires/],
  ['0 0 0 29 2 * 2023/2', 'expression', /never fires/],
  ['0 0 0 29 2 * 2100,2200', 'expression', /never fires/],
];

describe('parsing a schedule', () => {
  test.each(SAME)('reads %j as %j', (written, plain) => {
    expect(keyOf(written)).toBe(keyOf(plain));
  });

  test('keeps a list of all days apart from a star: with both fields restricted either matches', () => {
    expect(keyOf('0 0 0 1-31 * MON')).not.toBe(keyOf('0 0 0 * * MON'));
    expect(fires('0 0 0 1-31 * MON', 2)).toEqual(['2026-01-16T00:00:00.000Z', '2026-01-17T00:00:00.000Z']);
  });

  test.each(REFUSED)('refuses %j and names %s', (expression, field, sentence) => {
    const error = failure({ ...SPEC, expression });
    expect(error.field).toBe(field);
    expect(error.message).toMatch(sentence);
    expect(error.expression).toBe(field === 'timezone' ? error.expression : expression);
  });

  test('warns where a step leaves one value', () => {
    expect(parseSchedule({ ...SPEC, expression: '0 */61 * * * *' }).warnings).toEqual([expect.stringContaining('only 0 matches')]);
    expect(parseSchedule({ ...SPEC, expression: '0 */30 * * * *' }).warnings).toEqual([]);
    expect(parseSchedule({ ...SPEC, expression: '@every 1500ms' }).warnings).toEqual([expect.stringContaining('1s')]);
  });

  test('gives 29 February on a Friday its 28 years, and no more', () => {
    expect(fires('0 0 0 * 2 5#5', 2)).toEqual(['2036-02-29T00:00:00.000Z', '2064-02-29T00:00:00.000Z']);
    expect(fires('0 0 0 1 1 * 2060', 1)).toEqual([]);
    expect(fires('0 0 0 29 2 * 2026/2', 1)).toEqual(['2028-02-29T00:00:00.000Z']);
  });

  test('counts @every from the whole second of its anchor', () => {
    expect(fires('@every 90s', 3)).toEqual(['2026-01-15T10:22:00.000Z', '2026-01-15T10:23:30.000Z', '2026-01-15T10:25:00.000Z']);
    const later = { ...SPEC, anchor: SPEC.anchor + 90_000, expression: '@every 90s' };
    expect(parseSchedule(later).key).toBe(keyOf('@every 90s'));
    expect(parseSchedule({ ...later, anchor: SPEC.anchor + 1000 }).key).not.toBe(keyOf('@every 90s'));
  });

  test('fires @at once, in its offset or in the zone', () => {
    expect(fires('@at 2027-01-31T09:00:00+08:00', 2)).toEqual(['2027-01-31T01:00:00.000Z']);
    expect(fires('@at 2027-01-31T09:00:00', 2, 'Asia/Shanghai')).toEqual(['2027-01-31T01:00:00.000Z']);
    expect(fires('@at 2026-03-08 02:30', 2, 'America/New_York')).toEqual(['2026-03-08T07:00:00.000Z']);
    expect(fires('@at 2026-11-01T01:30:00', 2, 'America/New_York')).toEqual(['2026-11-01T05:30:00.000Z']);
    expect(fires('@at 2020-01-01T00:00:00Z', 1)).toEqual([]);
  });

  test('takes an empty text as "by hand only"', () => {
    const schedule = parseSchedule({ ...SPEC, expression: '  ' });
    expect([schedule.kind, schedule.next(0)]).toEqual(['manual', undefined]);
  });

  test('lets a TZ= prefix win over the default zone, but not over the job\'s own', () => {
    const spec = { ...SPEC, expression: 'TZ=Asia/Tokyo 0 30 4 * * *', timezone: 'Europe/Berlin' };
    expect(parseSchedule(spec).timezone).toBe('Asia/Tokyo');
    expect(failure({ ...spec, ownTimezone: true }).field).toBe('timezone');
    expect(parseSchedule({ ...spec, timezone: 'Asia/Tokyo', ownTimezone: true }).timezone).toBe('Asia/Tokyo');
  });

  test('refuses unknown zones, bare offsets and unknown policies', () => {
    for (const timezone of ['', 'Mars/Olympus', '+08:00', 'Local time']) {
      expect(failure({ ...SPEC, expression: '@daily', timezone }).field).toBe('timezone');
    }
    expect(failure({ ...SPEC, expression: '@daily', dst: 'twice' as 'once' }).field).toBe('dst');
  });

  test('leaves the dst policy out of the key where it changes nothing', () => {
    expect(keyOf('0 */5 * * * *')).toBe(parseSchedule({ ...SPEC, expression: '0 */5 * * * *', dst: 'compat' }).key);
    expect(keyOf('@daily')).not.toBe(parseSchedule({ ...SPEC, expression: '@daily', dst: 'compat' }).key);
  });
});

function keyOf(expression: string): string {
  return parseSchedule({ ...SPEC, expression }).key;
}

function fires(expression: string, count: number, timezone = 'UTC'): string[] {
  const schedule = parseSchedule({ ...SPEC, expression, timezone });
  const found: string[] = [];
  for (let at = schedule.next(SPEC.anchor); at !== undefined && found.length < count; at = schedule.next(at)) found.push(new Date(at).toISOString());
  return found;
}

function failure(spec: ScheduleSpec): ScheduleError {
  try {
    parseSchedule(spec);
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
  throw new Error(`${spec.expression} was accepted`);
}
