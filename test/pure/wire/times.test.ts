import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStampFormatter, parseStamp } from '../../../src-core/wire/index.ts';

const utc = (): number => 0;
const shanghai = (): number => 480;
/** Berlin around 2026: +120 from 2026-03-29T01:00Z, +60 from 2026-10-25T01:00Z. */
const berlin = (ms: number): number => (ms >= Date.UTC(2026, 2, 29, 1) && ms < Date.UTC(2026, 9, 25, 1) ? 120 : 60);
const iso = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 23);

describe('a stamp', () => {
  test('is local time in the zone', () => {
    expect(createStampFormatter(shanghai)(Date.UTC(2026, 0, 31, 16, 0, 0, 7))).toBe('2026-02-01 00:00:00.007');
    expect(createStampFormatter(() => -210)(Date.UTC(2026, 0, 1))).toBe('2025-12-31 20:30:00.000');
    expect(createStampFormatter(() => 8 * 60 + 5 + 43 / 60)(0)).toBe('1970-01-01 08:05:43.000');
  });

  test('follows the zone over a change within the same minute', () => {
    const format = createStampFormatter(berlin);
    expect(format(Date.UTC(2026, 2, 29, 0, 59, 59, 999))).toBe('2026-03-29 01:59:59.999');
    expect(format(Date.UTC(2026, 2, 29, 1))).toBe('2026-03-29 03:00:00.000');
  });

  test('agrees with ISO in UTC for all four-digit years, in any order of asking', () => {
    const format = createStampFormatter(utc);
    fc.assert(fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), fc.integer({ min: 0, max: 300_000 }), (ms, back) => {
      expect(format(ms)).toBe(iso(ms));
      if (ms - back >= -62_167_219_200_000) expect(format(ms - back)).toBe(iso(ms - back));
      expect(format(ms)).toBe(iso(ms));
    }), { numRuns: 3000 });
  });

  test('is refused for what it cannot say', () => {
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800_000, -62_167_219_200_001]) expect(() => createStampFormatter(utc)(ms)).toThrow(RangeError);
  });
});

describe('reading a time', () => {
  test.each([
    ['2099-09-09 14:47:24.000', Date.UTC(2099, 8, 9, 6, 47, 24)],
    ['2099-09-09 14:47:24', Date.UTC(2099, 8, 9, 6, 47, 24)],
    ['2099-09-09 14:47:24.123456', Date.UTC(2099, 8, 9, 6, 47, 24, 123)],
    ['2024-02-29 08:00:00', Date.UTC(2024, 1, 29)],
    ['1764000000000', 1764000000000],
    [1764000000000, 1764000000000],
    [1764000000000.9, 1764000000000],
  ])('%s', (value, ms) => {
    expect(parseStamp(value, shanghai)).toBe(ms);
  });

  test.each(['', ' ', 'now', '2026-02-29 00:00:00', '2026-13-01 00:00:00', '2026-00-01 00:00:00', '2026-01-00 00:00:00', '2026-01-01 24:00:00', '2026-01-01 00:60:00', '2026-01-01 00:00:60', '2026-01-01T00:00:00', '2026-01-01 00:00:00.1', '2026-01-01 00:00:00.1234', '2026-01-01 00:00:00Z', ' 2026-01-01 00:00:00', '-5', '1e12', '9999999999999999', Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300, '9999-12-31 23:59:59'])('is refused for %j', (value) => {
    expect(parseStamp(value, shanghai)).toBeUndefined();
  });

  test('takes the first of a repeated hour and goes past a skipped one', () => {
    expect(parseStamp('2026-10-25 02:30:00', berlin)).toBe(Date.UTC(2026, 9, 25, 0, 30));
    expect(parseStamp('2026-10-25 03:00:00', berlin)).toBe(Date.UTC(2026, 9, 25, 2));
    expect(parseStamp('2026-03-29 02:30:00', berlin)).toBe(Date.UTC(2026, 2, 29, 1, 30));
    expect(parseStamp('2026-03-29 01:59:59.999', berlin)).toBe(Date.UTC(2026, 2, 29, 0, 59, 59, 999));
    expect(parseStamp('2026-03-29 03:00:00', berlin)).toBe(Date.UTC(2026, 2, 29, 1));
  });

  test('undoes a stamp, but for the second pass of a repeated hour', () => {
    const format = createStampFormatter(berlin);
    fc.assert(fc.property(fc.integer({ min: Date.UTC(2026, 2, 1), max: Date.UTC(2026, 10, 30) }), (ms) => {
      const repeated = ms >= Date.UTC(2026, 9, 25, 1) && ms < Date.UTC(2026, 9, 25, 2);
      expect(parseStamp(format(ms), berlin)).toBe(repeated ? ms - 3_600_000 : ms);
    }), { numRuns: 3000 });
  });

  test('never throws, and what it reads can be written in any zone', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.double(), fc.integer({ min: -(10 ** 15), max: 10 ** 15 }), fc.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)), fc.integer({ min: -1200, max: 1200 }), (value, offset) => {
      const ms = parseStamp(value, shanghai);
      if (ms !== undefined) createStampFormatter(() => offset)(ms);
    }), { numRuns: 2000 });
  });
});
