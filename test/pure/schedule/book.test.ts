import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FireBook, FireHeap, parseSchedule, ScheduleCache, type Schedule } from '../../../src-core/schedule/index.ts';

const FROM = Date.parse('2026-01-15T10:20:30Z');
const SPEC = { timezone: 'UTC', dst: 'once', anchor: FROM } as const;

describe('FireHeap', () => {
  test('behaves like a sorted list under any pushes, moves and removals', () => {
    const step = fc.tuple(fc.constantFrom('push', 'remove', 'pop'), fc.nat(20), fc.nat(100));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new FireHeap<number>();
        const model = new Map<number, number>();
        for (const [action, item, at] of steps) {
          if (action === 'push') {
            heap.push(at, item);
            model.set(item, at);
          } else if (action === 'remove') {
            expect(heap.remove(item)).toBe(model.delete(item));
          } else {
            const due = [...model].filter(([, when]) => when <= at).sort((a, b) => a[1] - b[1]);
            const popped = heap.popDue(at);
            expect(popped.map((one) => model.get(one))).toEqual(due.map(([, when]) => when));
            expect(new Set(popped)).toEqual(new Set(due.map(([one]) => one)));
            for (const one of popped) model.delete(one);
          }
          expect(heap.size).toBe(model.size);
          expect(heap.peekAt()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        }
      }),
    );
  });
});

describe('FireBook', () => {
  test('gives every job exactly the fires of its schedule, whoever else shares it', () => {
    const schedules = ['* * * * * *', '*/5 * * * * *', '*/7 * * * * *', '@every 3s', '@at 2026-01-15T10:20:45Z', ''].map(parse);
    const step = fc.tuple(fc.constantFrom('set', 'set', 'delete', 'due', 'due'), fc.nat(6), fc.nat(schedules.length - 1), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
        const book = new FireBook<number>();
        const model = new Map<number, { schedule: Schedule; at: number | undefined }>();
        let now = FROM;
        for (const [action, job, which, shift] of steps) {
          const schedule = schedules[which] as Schedule;
          if (action === 'set') {
            // Also with an `after` in the past, as after a restart, and a little ahead.
            const after = now + (shift - 10) * 1000;
            book.set(job, schedule, after);
            model.set(job, { schedule, at: schedule.next(after) });
          } else if (action === 'delete') {
            expect(book.delete(job)).toBe(model.delete(job));
          } else {
            now += shift * 500;
            expect(drain(book, now, limit)).toEqual(drainModel(model, now));
          }
          expect(book.size).toBe(model.size);
          for (const [one, { at }] of model) expect(book.nextFireOf(one)).toBe(at);
          const next = [...model.values()].flatMap(({ at }) => (at === undefined ? [] : [at]));
          expect(book.nextAt()).toBe(next.length === 0 ? undefined : Math.min(...next));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('asks a schedule once a fire, however many jobs share it', () => {
    let asked = 0;
    const schedule: Schedule = { kind: 'cron', key: 'k', timezone: 'UTC', warnings: [], next: (after) => ((asked += 1), after + 1000) };
    const book = new FireBook<number>();
    for (let job = 0; job < 10_000; job += 1) book.set(job, schedule, FROM);
    asked = 0;
    expect(book.due(FROM + 1000).map((fire) => fire.jobs.length)).toEqual([10_000]);
    expect(asked).toBe(1);
  });

  test('takes a long gap in portions', () => {
    const book = new FireBook<string>();
    book.set('tick', parse('@every 1s'), FROM);
    const first = book.due(FROM + 1e9, 1000);
    expect(first).toHaveLength(1000);
    expect(book.nextAt()).toBe(FROM + 1_001_000);
  });

  test('passes over a gap without listing it', () => {
    const book = new FireBook<string>();
    book.set('tick', parse('@every 1s'), FROM);
    book.set('tock', parse('@every 1s'), FROM + 10_000);
    const passed = book.skipTo(FROM + 1e9);
    expect(passed.map(({ at, jobs }) => [at - FROM, jobs])).toEqual([[1000, ['tick']], [11_000, ['tock']]]);
    expect(book.due(FROM + 1e9 + 1000).map(({ jobs }) => [...jobs].sort())).toEqual([['tick', 'tock']]);
  });

  test('lists the jobs as they stood, also when the caller deletes them meanwhile', () => {
    const book = new FireBook<string>();
    for (const job of ['a', 'b', 'c']) book.set(job, parse('* * * * * *'), FROM);
    const seen: string[] = [];
    for (const { jobs } of book.due(FROM + 1000)) {
      for (const job of jobs) {
        seen.push(job);
        book.delete('b');
      }
    }
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(book.due(FROM + 2000)[0]?.jobs).toEqual(['a', 'c']);
  });
});

describe('ScheduleCache', () => {
  test('shares one schedule among jobs that mean the same', () => {
    const cache = new ScheduleCache(100);
    const schedule = cache.get({ ...SPEC, expression: '0 0 9 * * MON-FRI' });
    expect(cache.get({ ...SPEC, expression: '0 0 9 * * MON-FRI', anchor: 5 })).toBe(schedule);
    expect(cache.get({ ...SPEC, expression: '0 9 * * 1-5' })).toBe(schedule);
    expect(cache.get({ ...SPEC, expression: '0 9 * * 1-5', timezone: 'Asia/Tokyo' })).not.toBe(schedule);
    expect(cache.get({ ...SPEC, expression: '@every 1m', anchor: 0 })).toBe(cache.get({ ...SPEC, expression: '@every 60s', anchor: 60_000 }));
  });

  test('does not show one job the warnings of another', () => {
    const cache = new ScheduleCache(100);
    expect(cache.get({ ...SPEC, expression: '0 */61 * * * *' }).warnings).toHaveLength(1);
    expect(cache.get({ ...SPEC, expression: '0 0 * * * *' }).warnings).toHaveLength(0);
  });

  test('answers rightly beyond its limit', () => {
    const cache = new ScheduleCache(4);
    for (let minute = 0; minute < 60; minute += 1) {
      expect(cache.get({ ...SPEC, expression: `0 ${minute} * * * *` }).next(FROM)).toBe(parse(`0 ${minute} * * * *`).next(FROM));
    }
  });
});

function parse(expression: string): Schedule {
  return parseSchedule({ ...SPEC, expression });
}

function drain(book: FireBook<number>, until: number, limit: number): string[] {
  const fires: string[] = [];
  let last = 0;
  while ((book.nextAt() ?? Infinity) <= until) {
    for (const { at, jobs } of book.due(until, limit)) {
      expect(at).toBeGreaterThanOrEqual(last);
      last = at;
      for (const job of jobs) fires.push(`${at} ${job}`);
    }
  }
  return fires.sort();
}

function drainModel(model: Map<number, { schedule: Schedule; at: number | undefined }>, until: number): string[] {
  const fires: string[] = [];
  for (const [job, entry] of model) {
    for (; entry.at !== undefined && entry.at <= until; entry.at = entry.schedule.next(entry.at)) fires.push(`${entry.at} ${job}`);
  }
  return fires.sort();
}
