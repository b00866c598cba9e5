import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BookEntry } from '../../../src-core/decide/index.ts';
import { emptyRecord, newEntry } from '../../../src-core/decide/index.ts';
import { ExpiryWheel } from '../../../src-core/engine/expiry-wheel.ts';
import { Jobs } from '../../../src-core/engine/jobs.ts';
import { SkipCounter } from '../../../src-core/engine/skips.ts';
import { SortedKeys } from '../../../src-core/engine/sorted-keys.ts';
import { RunIds } from '../../../src-core/engine/run-ids.ts';
import { decodeSkipReport, parseRunId } from '../../../src-core/wire/index.ts';
import { aDefinition } from '../../support/job-fixture.ts';

function anEntry(id: string): BookEntry {
  return newEntry(emptyRecord(id, { jobNumber: 1, namespace: 'a', app: 'b', job: 'c' }));
}

describe('the wheel of expiries', () => {
  const T0 = 1_800_000_000_000;

  test('gives each entry once, not before its moment and at most a tenth of a second after', () => {
    const steps = fc.array(fc.oneof(
      fc.record({ kind: fc.constant('add' as const), entry: fc.nat(9), inMs: fc.integer({ min: -500, max: 3000 }) }),
      fc.record({ kind: fc.constant('remove' as const), entry: fc.nat(9), inMs: fc.constant(0) }),
      fc.record({ kind: fc.constant('pass' as const), entry: fc.constant(0), inMs: fc.oneof(fc.nat(300), fc.integer({ min: -1000, max: 100_000 })) }),
    ), { maxLength: 60 });
    fc.assert(fc.property(steps, (all) => {
      const wheel = new ExpiryWheel();
      const entries = Array.from({ length: 10 }, (_, index) => anEntry(String(index)));
      const deadlines = new Map<BookEntry, number>();
      let now = T0;
      for (const { kind, entry: index, inMs } of all) {
        const entry = entries[index] as BookEntry;
        if (kind === 'add') {
          wheel.add(entry, now + inMs);
          deadlines.set(entry, now + inMs);
        } else if (kind === 'remove') {
          wheel.remove(entry);
          deadlines.delete(entry);
        } else {
          now += inMs;
          const due = wheel.due(now);
          expect(new Set(due).size).toBe(due.length);
          for (const one of due) {
            expect(deadlines.get(one)).toBeLessThanOrEqual(now);
            deadlines.delete(one);
          }
          for (const at of deadlines.values()) expect(at).toBeGreaterThan(now - 100);
        }
      }
    }));
  });

  test('is empty when cleared', () => {
    const wheel = new ExpiryWheel();
    const entry = anEntry('1');
    wheel.add(entry, T0);
    wheel.clear();
    expect(wheel.due(T0 + 1000)).toEqual([]);
    expect(entry.expiryBucket).toBe(0);
  });
});

describe('sorted keys', () => {
  test('are always in order, each once, and continue after any key', () => {
    const key = fc.oneof(fc.constantFrom('a', 'B', 'a-b', 'a.b', 'é', 'z', ''), fc.nat(99).map(String));
    const keys = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'add', 'delete', 'look'), key), { maxLength: 200, size: 'max' });
    fc.assert(fc.property(keys, fc.string({ maxLength: 2 }), (steps, from) => {
      const sorted = new SortedKeys();
      const model = new Set<string>();
      for (const [step, key] of steps) {
        if (step === 'look') expect(sorted.size).toBe(model.size);
        else if (step === 'add') sorted.add(key);
        else sorted.delete(key);
        if (step === 'add') model.add(key);
        else if (step === 'delete') model.delete(key);
      }
      const expected = [...model].sort();
      expect([...sorted.after(undefined)]).toEqual(expected);
      expect([...sorted.after(from)]).toEqual(expected.filter((key) => key > from));
      expect(sorted.size).toBe(model.size);
    }));
  });
});

describe('the counter of skips', () => {
  const HOUR = 3_600_000;

  function runtime(name: string, number: number) {
    const jobs = new Jobs('UTC');
    jobs.load([{ definition: aDefinition({ name, number }), version: 1 }]);
    return jobs.byNumber(number)!;
  }

  test('reports sums per job, reason and hour, each once', () => {
    const counter = new SkipCounter();
    const one = runtime('one', 1);
    const two = runtime('two', 2);
    counter.add(one, 'overlap', 10 * HOUR);
    counter.add(one, 'overlap', 10 * HOUR + 5, 3);
    counter.add(one, 'overlap', 11 * HOUR);
    counter.add(one, 'rate', 10 * HOUR + 7);
    counter.add(two, 'overlap', 10 * HOUR + 9);
    const items = counter.take().flatMap(({ text }) => decodeSkipReport(text)?.items ?? []).map(([number, , , , reason, hour, count, lastAt]) => [number, reason, hour / HOUR, count, lastAt - hour]);
    expect(items.sort()).toEqual([[1, 'overlap', 10, 4, 5], [1, 'overlap', 11, 1, 0], [1, 'rate', 10, 1, 7], [2, 'overlap', 10, 1, 9]].sort());
    expect(counter.take()).toEqual([]);
  });

  test('adds 10,000 skips up to one item, and puts many jobs into several messages', () => {
    const counter = new SkipCounter();
    const one = runtime('one', 1);
    for (let index = 0; index < 10_000; index++) counter.add(one, 'overlap', 10 * HOUR);
    expect(counter.take()).toMatchObject([{ items: 1 }]);
    for (let number = 1; number <= 1200; number++) counter.add(runtime(`j${number}`, number), 'rate', HOUR);
    expect(counter.take().map(({ items }) => items)).toEqual([500, 500, 200]);
  });
});

describe('ids of runs by hand', () => {
  const NOW = Date.UTC(2026, 2, 1);

  test('take the next free millisecond of their job, and none at or before what exists', () => {
    const jobs = new Jobs('UTC');
    jobs.load([{ definition: aDefinition(), version: 1 }]);
    const job = jobs.byNumber(1)!;
    const ids = new RunIds();
    const times = [NOW, NOW, NOW, NOW + 1].map((now) => parseRunId(ids.byHand(job, now))?.atMs);
    expect(times).toEqual([NOW, NOW + 1, NOW + 2, NOW + 3]);
    ids.startAfter(ids.scheduled(job, NOW + 3_600_000));
    expect(parseRunId(ids.byHand(job, NOW))?.atMs).toBe(NOW + 3_600_001);
  });
});
