import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parseGoDuration, parseSchedule, previewSchedule, ScheduleError } from '../../../src-core/schedule/index.ts';
import { cpuMs } from '../../support/cpu-time.ts';

const FROM = Date.parse('2026-01-15T10:20:30Z');

describe('the parser under fuzz', () => {
  test('throws nothing but ScheduleError with a field and a sentence', () => {
    fc.assert(
      fc.property(nearlyCron(), fc.constantFrom('UTC', 'Asia/Kathmandu', 'no/where', ''), (expression, timezone) => {
        const schedule = attempt(() => parseSchedule({ expression, timezone, dst: 'once', anchor: FROM }));
        if (schedule === undefined) return;
        const fire = schedule.next(FROM);
        if (fire !== undefined) expect(fire).toBeGreaterThan(FROM);
      }),
      { numRuns: 4000 },
    );
  });

  test('takes under 5 ms an input, the first time it is seen', async () => {
    const inputs = [...new Set([...NASTY, ...fc.sample(nearlyCron(), 1500)])];
    timeOf(parseSchedule, '0 0 0 30 2 *'); // the engine's own warm-up is not the parser's
    let suspects = inputs.filter((expression) => timeOf(parseSchedule, expression) >= 5);
    // Another process or the collector may have had the core: ask suspects again, with empty caches.
    for (let round = 0; round < 4 && suspects.length > 0; round += 1) {
      vi.resetModules();
      const fresh = await import('../../../src-core/schedule/index.ts');
      timeOf(fresh.parseSchedule, '0 0 0 30 2 *');
      suspects = suspects.filter((expression) => timeOf(fresh.parseSchedule, expression) >= 5);
    }
    expect(suspects).toEqual([]);
  });

  test('refuses what is longer than 256 characters', () => {
    const long = `0 0 0 1${',1'.repeat(125)} * *`;
    expect(() => parseSchedule({ expression: long, timezone: 'UTC', dst: 'once', anchor: 0 })).toThrow(/at most 256/);
  });

  test('previews whatever it accepts', () => {
    fc.assert(
      fc.property(nearlyCron(), (expression) => {
        const preview = attempt(() => previewSchedule({ expression, timezone: 'Europe/London', dst: 'once', anchor: FROM }, { from: FROM, count: 2 }));
        expect(preview === undefined || preview.notes.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('of durations throws nothing but ScheduleError', () => {
    const text = fc.oneof(fc.string(), fc.array(fc.constantFrom('1', '9', '.', 'h', 'm', 's', 'µs', 'd', 'w', '-', '+'), { maxLength: 90 }).map((parts) => parts.join('')));
    fc.assert(
      fc.property(text, (duration) => {
        expect(attempt(() => parseGoDuration(duration)) ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});

const NASTY = [
  '0 0 0 31 2 *', '0 0 0 30,31 feb ?', '0 0 0 31 4,6,9,11 *', '0 0 0 31W 2 *', '0 0 0 29 2 * 2023/2', '0 0 0 29 2 * 1970-1971', '0 0 0 * 2 5#5',
  '0 0 0 1 1 * 9999', '0 0 0 29 2 * */3', `@every ${'1'.repeat(240)}`, `@every ${'1h'.repeat(120)}`, `${'0,'.repeat(120)}0 * * * *`,
  `0 0 0 ${'1W,'.repeat(70)}1 * *`, `0 0 0 * * ${'1#1,2L,'.repeat(30)}1`, ' '.repeat(256), '-'.repeat(256), '/'.repeat(256), '@at '.repeat(64),
];

/** Milliseconds for one parse and one fire, without those in which others had the processor. */
function timeOf(parse: typeof parseSchedule, expression: string): number {
  const start = performance.now();
  const startCpu = cpuMs();
  try {
    parse({ expression, timezone: 'America/New_York', dst: 'once', anchor: FROM }).next(FROM);
  } catch (error) {
    // By name: a module loaded afresh has a class of its own.
    if (!(error instanceof Error && error.name === 'ScheduleError')) throw error;
  }
  return Math.min(performance.now() - start, cpuMs() - startCpu);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    expect(error.field).toMatch(/^[a-zA-Z]+$/);
    expect(error.message.length).toBeGreaterThan(10);
    expect(error.message.length).toBeLessThan(600);
    return undefined;
  }
}

/** Texts that get far into the parser: pieces of cron with mistakes in them. */
function nearlyCron(): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('*', '?', '0', '1', '5', '7', '31', '59', '60', '-', '/', ',', '#', 'L', 'W', 'LW', 'mon', 'SUN', 'jan', '*/5', '1-5', '5#2', '15W', '+', '2027') },
    { weight: 1, arbitrary: fc.string({ maxLength: 3 }) },
  );
  const field = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
  const likely = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('*', '0', '1', '*/5', '?', '1-5', '2') }, { weight: 1, arbitrary: field });
  const fields = fc.array(likely, { minLength: 4, maxLength: 8 }).map((parts) => parts.join(' '));
  const prefix = fc.constantFrom('', '', '', 'TZ=UTC ', 'CRON_TZ=Asia/Tokyo ', 'TZ= ', 'TZ=x ', '@', '@every ', '@at ', '@daily');
  return fc.oneof(
    { weight: 6, arbitrary: fc.tuple(prefix, fields).map(([start, rest]) => start + rest) },
    { weight: 1, arbitrary: fc.tuple(prefix, fc.string({ maxLength: 300 })).map(([start, rest]) => start + rest) },
  );
}
