import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSchedule, type DstPolicy, type Schedule } from '../../../src-core/schedule/index.ts';
import { anyPattern, fixedPattern, frequentPattern, moment, zoneName } from './patterns.ts';

const HOUR = 3_600_000;

describe('the next fire', () => {
  test('is later, a whole second, and the same for every moment before it', () => {
    const pattern = fc.oneof(frequentPattern(), fixedPattern(), anyPattern());
    fc.assert(
      fc.property(pattern, zoneName(), policy(), moment(), fc.double({ min: 0, max: 1, noNaN: true }), (expression, zone, dst, after, part) => {
        const schedule = parse(expression, zone, dst);
        const fire = schedule.next(after);
        if (fire === undefined) return;
        expect(fire).toBeGreaterThan(after);
        expect(fire % 1000).toBe(0);
        const between = after + Math.floor((fire - after - 1) * part);
        expect(schedule.next(between)).toBe(fire);
        expect(schedule.next(fire - 1)).toBe(fire);
      }),
      { numRuns: 600 },
    );
  });

  test('is none for what is no date', () => {
    const schedule = parse('0 30 2 * * *', 'America/New_York', 'once');
    for (const after of [NaN, Infinity, -Infinity, 8.64e15, Number.MAX_SAFE_INTEGER]) expect(schedule.next(after)).toBeUndefined();
  });

  test('is what croner finds for the whole pattern where there is no zone', () => {
    fc.assert(
      fc.property(fc.oneof(frequentPattern(), anyPattern()), moment(), (expression, after) => {
        // `*,5` and the like are the day fields that croner reads otherwise than robfig/cron does.
        fc.pre(!/[*?],|,[*?]|\*\/1\b|-sun/.test(expression.split(' ').slice(3).join(' ')));
        const croner = new Cron(expression, { mode: '6-part', sloppyRanges: true, utcOffset: 0, paused: true });
        const found = croner.nextRun(new Date(after))?.getTime();
        expect(parse(expression, 'UTC', 'once').next(after)).toBe(found);
      }),
      { numRuns: 300 },
    );
  });

  test('of a pattern that follows the clock matches the wall clock, and nothing before it does', () => {
    fc.assert(
      fc.property(frequentPattern(), zoneName(), moment(), (expression, zone, after) => {
        const schedule = parse(expression, zone, 'compat');
        const utc = parse(expression, 'UTC', 'compat');
        const fire = schedule.next(after);
        if (fire === undefined) return;
        const matches = (at: number): boolean => utc.next(wallClock(at, zone) - 1) === wallClock(at, zone);
        expect(matches(fire)).toBe(true);
        // Every second is too many for Intl: all of the last two minutes, then every 7th minute and its neighbours.
        const first = Math.floor(after / 1000) * 1000 + 1000;
        for (let at = fire - 1000; at >= Math.max(first, fire - 120_000); at -= 1000) expect(matches(at)).toBe(false);
        for (let at = first, step = 0; at < Math.min(fire, first + 30 * HOUR); at += 419_000, step += 1) expect(matches(at)).toBe(false);
      }),
      { numRuns: 120 },
    );
  });

  test('of a fixed time comes once for every local day, whatever the clock does', () => {
    fc.assert(
      fc.property(fixedPattern(), zoneName(), moment(), (expression, zone, from) => {
        const schedule = parse(expression, zone, 'once');
        const days: number[] = [];
        let at = schedule.next(from) ?? 0;
        for (let count = 0; count < 6; count += 1) {
          days.push(Math.floor(wallClock(at, zone) / (24 * HOUR)));
          at = schedule.next(at) ?? 0;
        }
        const repeated = days.filter((day, index) => day === days[index - 1]);
        // Twice on a day only where the day before was left out of the calendar (Apia 2011, Kwajalein 1993).
        if (zone !== 'Pacific/Apia' && zone !== 'Pacific/Kwajalein') {
          expect(repeated).toEqual([]);
          expect((days[5] ?? 0) - (days[0] ?? 0)).toBe(5);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of the policies differs only near a change of the clock', () => {
    fc.assert(
      fc.property(fixedPattern(), moment(), (expression, after) => {
        const fires = (['once', 'skip', 'compat'] as const).map((dst) => parse(expression, 'Asia/Shanghai', dst).next(Math.max(after, Date.UTC(1992, 0))));
        expect(new Set(fires).size).toBe(1);
      }),
    );
  });
});

function parse(expression: string, timezone: string, dst: DstPolicy): Schedule {
  return parseSchedule({ expression, timezone, dst, anchor: 0 });
}

function policy(): fc.Arbitrary<DstPolicy> {
  return fc.constantFrom('once', 'skip', 'compat');
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock on the wall shows, read as if it were UTC. Another way to ask Intl than ours. */
function wallClock(at: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    formats.set(timeZone, format);
  }
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (format.format(at).match(/\d+/g) ?? []).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
