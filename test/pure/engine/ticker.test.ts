import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import type { Dispatcher } from '../../../src-core/engine/dispatcher.ts';
import { Jobs } from '../../../src-core/engine/jobs.ts';
import { missedFires } from '../../../src-core/engine/missed-fires.ts';
import { Ticker } from '../../../src-core/engine/ticker.ts';
import { parseSchedule } from '../../../src-core/schedule/index.ts';
import { aDefinition } from '../../support/job-fixture.ts';
import { VIRTUAL_START, VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT, UNMEASURED } from '../../support/virtual-node.ts';

const HOUR = 3_600_000;
let clock: VirtualClock;
let jobs: Jobs;
let ticker: Ticker;
/** Seconds after the start, and what became of the fire then. */
let fired: { name: string; at: number; late: number; trigger: string }[];
let skipped: { name: string; at: number; count: number }[];
let mayFire: boolean;
let unsettled: number;
let missesWorkers: boolean;

beforeEach(() => {
  clock = new VirtualClock();
  jobs = new Jobs('UTC');
  fired = [];
  skipped = [];
  mayFire = true;
  unsettled = 0;
  missesWorkers = false;
  const dispatcher = {
    fire: (job: { definition: { name: string } }, at: number, trigger: string) => void fired.push({ name: job.definition.name, at: (at - VIRTUAL_START) / 1000, late: clock.now() - at, trigger }),
    skip: (job: { definition: { name: string } }, _reason: string, at: number, count = 1) => void skipped.push({ name: job.definition.name, at: (at - VIRTUAL_START) / 1000, count }),
  } as unknown as Dispatcher;
  ticker = new Ticker({
    context: { clock, log: SILENT, metrics: UNMEASURED } as unknown as EngineContext, jobs, dispatcher,
    mayFire: () => mayFire, unsettled: () => unsettled, missesWorkers: () => missesWorkers,
  });
});

function define(part: Parameters<typeof aDefinition>[0] = {}): void {
  const definition = aDefinition({ anchor: 0, ...part, schedule: { expression: '* * * * * *', ...part.schedule } });
  jobs.apply({ kind: 'job', namespace: 'app', app: 'biz', name: definition.name, value: { definition, version: 1 } });
}

const times = (): number[] => fired.map(({ at }) => at);

describe('fires', () => {
  test('are decided on time, each once', async () => {
    define();
    ticker.start(clock.now());
    await clock.advance(5500);
    expect(times()).toEqual([1, 2, 3, 4, 5]);
    expect(fired.every(({ late, trigger }) => late === 0 && trigger === 'schedule')).toBe(true);
    expect(ticker.decidedThrough).toBeGreaterThanOrEqual(VIRTUAL_START + 5000);
  });

  test('of a job that comes while nothing was due begin at its first moment', async () => {
    ticker.start(clock.now());
    await clock.advance(300);
    define();
    ticker.wake();
    await clock.advance(1000);
    expect(fired).toMatchObject([{ at: 1, late: 0 }]);
  });

  test('of one moment go by priority, whatever schedules they come from', async () => {
    define({ name: 'low', number: 1, priority: 1 });
    define({ name: 'high', number: 2, priority: 20, schedule: { expression: '@every 1s' } });
    define({ name: 'normal', number: 3 });
    ticker.start(clock.now());
    await clock.advance(1000);
    expect(fired.map(({ name }) => name)).toEqual(['high', 'normal', 'low']);
  });

  test('go on from the watermark of whoever led before', async () => {
    define();
    await clock.advance(3500);
    ticker.start(VIRTUAL_START + 1500);
    await clock.advance(0);
    expect(times()).toEqual([2, 3]);
  });

  test('stand in line while the log takes no more, and the watermark stays before them', async () => {
    for (let number = 1; number <= 300; number++) define({ name: `j${number}`, number });
    ticker.start(clock.now());
    unsettled = 1_000_000;
    await clock.advance(1100);
    expect(fired).toEqual([]);
    expect(ticker.decidedThrough).toBe(VIRTUAL_START + 999);
    unsettled = 0;
    await clock.advance(100);
    expect(fired).toHaveLength(300);
    expect(ticker.decidedThrough).toBeGreaterThanOrEqual(VIRTUAL_START + 1000);
  });

  test('that stand in line at a stop stay undecided', async () => {
    define();
    ticker.start(clock.now());
    unsettled = 1_000_000;
    await clock.advance(2100);
    ticker.stop();
    expect(ticker.decidedThrough).toBe(VIRTUAL_START + 999);
    await clock.advance(5000);
    expect(fired).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test('wait through a short loss of trust and are then made up for', async () => {
    define();
    ticker.start(clock.now());
    mayFire = false;
    await clock.advance(3000);
    expect(fired).toEqual([]);
    mayFire = true;
    await clock.advance(100);
    expect(times()).toEqual([1, 2, 3]);
  });
});

describe('a clock', () => {
  test('set back an hour fires nothing twice', async () => {
    define();
    ticker.start(clock.now());
    await clock.advance(3500);
    clock.jump(-HOUR);
    await clock.advance(HOUR + 1000);
    const seen = times();
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 4)).toEqual([1, 2, 3, 4]);
  });

  test('set forward is a gap: each policy makes up for its own', async () => {
    define({ name: 'skip', number: 1, misfire: { policy: 'skip', windowMs: 60_000, max: 10 } });
    define({ name: 'once', number: 2, misfire: { policy: 'once', windowMs: 60_000, max: 10 } });
    define({ name: 'all', number: 3, misfire: { policy: 'all', windowMs: 5000, max: 1000 } });
    define({ name: 'few', number: 4, misfire: { policy: 'all', windowMs: 60_000, max: 3 } });
    ticker.start(clock.now());
    clock.jump(30_500);
    await clock.advance(0);
    await clock.advance(100);
    const made = (name: string): number[] => fired.filter((fire) => fire.name === name).map(({ at }) => at);
    expect({ skip: made('skip'), once: made('once'), all: made('all'), few: made('few') }).toEqual({ skip: [], once: [], all: [], few: [] });
    await clock.advance(900);
    expect({ skip: made('skip'), once: made('once'), all: made('all'), few: made('few') })
      .toEqual({ skip: [], once: [31], all: [27, 28, 29, 30, 31], few: [29, 30, 31] });
    expect(skipped.map(({ name, count }) => [name, count])).toEqual([['skip', 31], ['once', 30], ['all', 26], ['few', 28]]);
    expect(fired.every(({ trigger }) => trigger === 'catch-up')).toBe(true);
    await clock.advance(1000);
    expect(fired.at(-1)?.trigger).toBe('schedule');
  });

  test('stopped with the machine gives the workers one heartbeat to show that they live', async () => {
    define({ misfire: { policy: 'once', windowMs: 60_000, max: 1 } });
    ticker.start(clock.now());
    missesWorkers = true;
    await clock.pause(20_500);
    await clock.advance(4900);
    expect(fired).toEqual([]);
    await clock.advance(700);
    expect(times()[0]).toBe(25);
    await clock.advance(2000);
    expect(times()).toEqual([25, 26, 27, 28]);
  });
});

describe('a long gap', () => {
  test('costs little, even of a dense schedule beside a job with a wide window', async () => {
    define({ name: 'dense', number: 1 });
    define({ name: 'daily', number: 2, schedule: { expression: '0 0 6 * * *' }, misfire: { policy: 'once', windowMs: 7 * 24 * HOUR, max: 1 } });
    ticker.start(clock.now());
    const started = performance.now();
    await clock.pause(6.5 * 24 * HOUR);
    expect(performance.now() - started).toBeLessThan(500);
    expect(fired.map(({ name, at }) => [name, at])).toEqual([['daily', 6 * 86_400 + 6 * 3600], ['dense', 6.5 * 86_400]]);
    expect(skipped.find(({ name }) => name === 'daily')?.count).toBe(6);
  });

  test('finds the latest fires as a walk through all of them would', () => {
    const expressions = fc.constantFrom('* * * * * *', '@every 7s', '0 */5 9-10 * * *', '0 0 3 * * 1', '30 0 0 * * *');
    fc.assert(fc.property(expressions, fc.nat(200_000), fc.integer({ min: 0, max: 20 }), (expression, seconds, most) => {
      const schedule = parseSchedule({ expression, timezone: 'UTC', dst: 'once', anchor: 0 });
      const first = schedule.next(VIRTUAL_START) as number;
      const until = first + seconds * 1000;
      const all: number[] = [];
      for (let at: number | undefined = first; at !== undefined && at <= until; at = schedule.next(at)) all.push(at);
      const { latest, earlier } = missedFires(schedule, first, until, most);
      expect(latest).toEqual(most === 0 ? [] : all.slice(-most));
      if (all.length < 1000) expect(earlier).toBe(all.length - latest.length);
      else expect(earlier).toBeGreaterThan(0);
    }), { numRuns: 60 });
  });
});
