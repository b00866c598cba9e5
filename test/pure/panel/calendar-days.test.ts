import { describe, expect, it } from 'vitest';
import { addDays, dayOf, hourOf, readDay, shiftOf, startOfDay, weekdayOf, zonedDay, zonedDays } from '../../../src-renderer/lib/days.ts';

const HOUR = 3_600_000;

describe('days of a zone', () => {
  it.each([
    ['UTC', '2026-03-01', '2026-03-01T00:00:00Z'],
    ['Asia/Shanghai', '2026-03-01', '2026-02-28T16:00:00Z'],
    ['Asia/Kolkata', '2026-03-01', '2026-02-28T18:30:00Z'],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z'],
    ['Pacific/Kiritimati', '2026-03-01', '2026-02-28T10:00:00Z'],
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00Z'],
  ])('begin in %s on %s at %s', (zone, day, start) => {
    expect(new Date(startOfDay(day, zone)).toISOString()).toBe(start.replace('Z', '.000Z'));
    expect(dayOf(startOfDay(day, zone), zone)).toBe(day);
    expect(dayOf(startOfDay(day, zone) - 1, zone)).toBe(addDays(day, -1));
  });

  it('begin at one o\'clock where the clock jumps over midnight', () => {
    const start = startOfDay('2018-11-04', 'America/Sao_Paulo');
    expect(hourOf(start, 'America/Sao_Paulo')).toBe(1);
    expect(dayOf(start - 1, 'America/Sao_Paulo')).toBe('2018-11-03');
  });

  it.each([
    ['Europe/Berlin', '2026-03-29', -HOUR], ['Europe/Berlin', '2026-10-25', HOUR], ['Europe/Berlin', '2026-06-01', 0],
    ['Australia/Lord_Howe', '2026-04-05', HOUR / 2], ['America/Havana', '2025-11-02', HOUR], ['America/Sao_Paulo', '2018-11-04', -HOUR],
  ])('are longer or shorter in %s on %s by %d ms', (zone, day, shift) => {
    expect(shiftOf(zonedDay(day, zone))).toBe(shift);
  });

  it('follow each other without a gap', () => {
    const days = zonedDays('2026-03-01', 31, 'Europe/Berlin');
    expect(days.map(({ day }) => day).at(-1)).toBe('2026-03-31');
    for (const [index, { from }] of days.entries()) if (index > 0) expect(from).toBe(days[index - 1]?.to);
  });

  it('have weekdays from Monday, and only those that exist are read', () => {
    expect(weekdayOf('2026-11-23')).toBe(0);
    expect(weekdayOf('2026-11-22')).toBe(6);
    expect(readDay('2026-02-28')).toBe('2026-02-28');
    for (const text of [null, '', '2026-02-30', '2026-2-3', '2026-13-01', 'today']) expect(readDay(text)).toBeNull();
  });
});
