import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import type { Dispatcher } from '../../../src-core/engine/dispatcher.ts';
import { Jobs } from '../../../src-core/engine/jobs.ts';
import type { SchedulerPause } from '../../../src-core/domain/pause.ts';
import { coversFire } from '../../../src-core/domain/pause.ts';
import { missedAround, missedFires } from '../../../src-core/engine/missed-fires.ts';
import { Ticker } from '../../../src-core/engine/ticker.ts';
import { parseSchedule } from '../../../src-core/schedule/index.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { aDefinition } from '../../support/job-fixture.ts';
import { VIRTUAL_START, VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT, UNMEASURED } from '../../support/virtual-node.ts';

const HOUR = 3_600_000;
let clock: VirtualClock;
let jobs: Jobs;
let ticker: Ticker;
/** Seconds after the start, and what became of the fire then. */
let fired: { name: string; at: number; late: number; trigger: string }[];
let skipped: { name: string; at: number; count: number; reason: string }[];
let pause: SchedulerPause | undefined;
let gaps: object[];
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
  pause = undefined;
  gaps = [];
  const dispatcher = {
    fire: (job: { definition: { name: string; state: string } }, at: number, trigger: string) => {
      fired.push({ name: job.definition.name, at: (at - VIRTUAL_START) / 1000, late: clock.now() - at, trigger });
      return job.definition.state === 'paused' ? 'skipped' : 'taken';
    },
    skip: (job: { definition: { name: string } }, reason: string, at: number, count = 1) => void skipped.push({ name: job.definition.name, at: (at - VIRTUAL_START) / 1000, count, reason }),
  } as unknown as Dispatcher;
  ticker = new Ticker({
    context: { clock, log: SILENT, metrics: UNMEASURED } as unknown as EngineContext, jobs, dispatcher,
    mayFire: () => mayFire, unsettled: () => unsettled, missesWorkers: () => missesWorkers,
    lastPause: () => pause, caughtUp: (gap) => void gaps.push({ ...gap, from: (gap.from - VIRTUAL_START) / 1000, to: (gap.to - VIRTUAL_START) / 1000 }),
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

describe('a gap is told once all of it is decided', () => {
  const ALL = { policy: 'all', windowMs: 60_000, max: 1000 } as const;

  test('a sleep, with what was made up for and what was not', async () => {
    define({ name: 'all', number: 1, misfire: ALL });
    define({ name: 'once', number: 2, misfire: { policy: 'once', windowMs: 60_000, max: 1 } });
    define({ name: 'shut', number: 3, misfire: ALL, state: 'paused' });
    ticker.start(clock.now());
    await clock.advance(1500);
    expect(gaps).toEqual([]);
    await clock.pause(20_000);
    await clock.advance(100);
    expect(gaps).toEqual([{ kind: 'sleep', from: 1, to: 21.5, caughtUp: 20 + 1, skipped: 19 + 20 }]);
    await clock.advance(5000);
    expect(gaps).toHaveLength(1);
  });

  test('a time in which nobody led', async () => {
    define({ misfire: { policy: 'skip', windowMs: 0, max: 1 } });
    ticker.start(clock.now() - 7_200_000);
    await clock.advance(10);
    expect(gaps).toEqual([{ kind: 'away', from: -7200, to: 0, caughtUp: 0, skipped: expect.any(Number) }]);
  });

  test('also when there was nothing to decide; a hiccup is none', async () => {
    ticker.start(clock.now());
    await clock.advance(1500);
    await clock.pause(4000);
    await clock.advance(2000);
    expect(gaps).toEqual([]);
    await clock.pause(9000);
    await clock.advance(100);
    expect(gaps).toMatchObject([{ kind: 'sleep', caughtUp: 0, skipped: 0 }]);
  });

  test('not by a leader that stops in the middle of it', async () => {
    define({ misfire: ALL });
    ticker.start(clock.now());
    unsettled = 1_000_000;
    await clock.pause(20_000);
    ticker.stop();
    await clock.advance(5000);
    expect(gaps).toEqual([]);
  });
});

describe('missed fires that fall into a pause of the scheduler', () => {
  test('count as paused, and do not take the place of those that are made up for', async () => {
    define({ misfire: { policy: 'all', windowMs: 3_600_000, max: 4 } });
    pause = { since: VIRTUAL_START + 10_000, until: VIRTUAL_START + 18_000, resumedAt: null };
    ticker.start(clock.now());
    await clock.pause(20_500);
    await clock.advance(10);
    expect(times()).toEqual([9, 18, 19, 20]);
    expect(skipped).toEqual([{ name: 'report', at: 1, count: 8, reason: 'misfire' }, { name: 'report', at: 17, count: 8, reason: 'paused' }]);
    expect(gaps).toMatchObject([{ caughtUp: 4, skipped: 16 }]);
  });

  test('as a walk through all of them would find', () => {
    const expressions = fc.constantFrom('* * * * * *', '@every 7s', '0 */5 9-10 * * *');
    const moment = fc.integer({ min: -900, max: 1200 });
    fc.assert(fc.property(expressions, fc.nat(900), fc.integer({ min: 0, max: 20 }), moment, fc.option(moment, { nil: null }), fc.option(moment, { nil: null }), (expression, seconds, most, since, until, resumed) => {
      const schedule = parseSchedule({ expression, timezone: 'UTC', dst: 'once', anchor: 0 });
      const first = schedule.next(VIRTUAL_START) as number;
      const last = first + seconds * 1000;
      const at = (second: number): number => first + second * 1000;
      const over: SchedulerPause = { since: at(since), until: until === null ? null : at(since + Math.abs(until)), resumedAt: resumed === null ? null : at(since + Math.abs(resumed)) };
      const all: number[] = [];
      for (let next: number | undefined = first; next !== undefined && next <= last; next = schedule.next(next)) all.push(next);
      const within = all.filter((fire) => coversFire(over, fire));
      const others = all.filter((fire) => !coversFire(over, fire));
      const missed = missedAround(schedule, first, last, most, over);
      expect(missed).toEqual({ latest: most === 0 ? [] : others.slice(-most), earlier: Math.max(0, others.length - most), paused: within.length, lastPaused: within.at(-1) ?? 0 });
    }), { numRuns: 200 });
  });
});

describe('a long gap', () => {
  test('costs little, even of a dense schedule beside a job with a wide window', async () => {
    define({ name: 'dense', number: 1 });
    define({ name: 'daily', number: 2, schedule: { expression: '0 0 6 * * *' }, misfire: { policy: 'once', windowMs: 7 * 24 * HOUR, max: 1 } });
    ticker.start(clock.now());
    const started = cpuMs();
    await clock.pause(6.5 * 24 * HOUR);
    expect(cpuMs() - started).toBeLessThan(500);
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
