import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { formatTime, parseTime } from '../../../src-core/http/times.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test.each(['UTC', 'Asia/Shanghai', 'America/St_Johns', 'Europe/Berlin', 'Australia/Lord_Howe'])('a moment written in %s is the moment read', (name) => {
  process.env.TZ = name;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 0) }), (at) => {
      expect(parseTime(formatTime(at))).toBe(at);
    }),
  );
});

test.each([
  ['UTC', '2026-03-01T00:00:00.000+00:00'],
  ['Asia/Shanghai', '2026-03-01T08:00:00.000+08:00'],
  ['America/St_Johns', '2026-02-28T20:30:00.000-03:30'],
])('in %s the offset is the zone\'s', (name, text) => {
  process.env.TZ = name;
  expect(formatTime(Date.UTC(2026, 2, 1))).toBe(text);
});

test.each([
  ['2026-03-01T00:00:00Z', Date.UTC(2026, 2, 1)],
  ['2026-03-01t08:00:00.5+08:00', Date.UTC(2026, 2, 1, 0, 0, 0, 500)],
  ['2026-03-01T08:00:00 08:00', Date.UTC(2026, 2, 1)],
  ['2024-02-29T00:00:00.123456789Z', Date.UTC(2024, 1, 29, 0, 0, 0, 123)],
  ['2026-02-29T00:00:00Z', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-00-10T00:00:00Z', undefined],
  ['2026-03-01T25:00:00Z', undefined],
  ['2026-03-01T00:00:00', undefined],
  ['2026-03-01', undefined],
  ['1772323200000', undefined],
  ['', undefined],
])('%s is %s', (text, expected) => {
  expect(parseTime(text)).toBe(expected);
});
