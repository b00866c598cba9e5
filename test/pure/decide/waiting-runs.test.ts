import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BookEntry } from '../../../src-core/decide/book-entry.ts';
import { emptyRecord, newEntry } from '../../../src-core/decide/book-entry.ts';
import { WaitingRuns } from '../../../src-core/decide/waiting-runs.ts';

const BASE = 900_000_000_000_000_000n;

function waits(id: number, priority: number): BookEntry {
  const record = emptyRecord((BASE + BigInt(id)).toString(), { jobNumber: 1, namespace: 'n', app: 'a', job: 'j' });
  record.priority = priority;
  record.dueAt = 1_000_000 - ((id * 7919) % 1_001);
  const entry = newEntry(record);
  entry.logged = true;
  return entry;
}

const sorted = (entries: Iterable<BookEntry>): BookEntry[] =>
  [...entries].sort((a, b) => b.record.priority - a.record.priority || (BigInt(a.record.id) < BigInt(b.record.id) ? -1 : 1));
const mayGo = (entry: BookEntry): boolean => entry.logged && !entry.cancelling;

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), priority: fc.integer({ min: 1, max: 4 }), id: fc.nat(1000) }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'cancel' as const, 'keep' as const, 'unlog' as const, 'log' as const), which: fc.nat(1000) }),
  fc.record({ kind: fc.constant('take' as const) }),
);

test('the first that may go is the oldest of the highest priority, whatever came, went or changed before', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const runs = new WaitingRuns();
    const model = new Set<BookEntry>();
    const ids = new Set<number>();
    for (const one of steps) {
      if (one.kind === 'add') {
        if (ids.has(one.id)) continue;
        ids.add(one.id);
        const entry = waits(one.id, one.priority);
        model.add(entry);
        runs.add(entry);
      } else if (one.kind === 'take') {
        const first = runs.first();
        if (first !== undefined) runs.remove(first);
        if (first !== undefined) model.delete(first);
      } else {
        const entry = [...model][one.which % Math.max(1, model.size)];
        if (entry === undefined) continue;
        if (one.kind === 'remove') {
          runs.remove(entry);
          model.delete(entry);
        } else if (one.kind === 'cancel') entry.cancelling = true;
        else if (one.kind === 'unlog') entry.logged = false;
        else if (one.kind === 'log') {
          entry.logged = true;
          runs.changed(entry);
        } else {
          entry.cancelling = false;
          runs.recheck();
        }
      }
      expect(runs.first()).toBe(sorted(model).find(mayGo));
      expect(runs.length).toBe(model.size);
      expect(new Set(runs)).toEqual(model);
      expect(runs.oldestAt()).toBe(model.size === 0 ? undefined : Math.min(...[...model].map(({ record }) => record.dueAt)));
    }
  }));
});

test('a hundred thousand come in and go out in order, in any order of coming', () => {
  const runs = new WaitingRuns();
  const entries = Array.from({ length: 100_000 }, (_, index) => waits((index * 7919) % 100_000, 1 + (index % 3)));
  for (const entry of entries) runs.add(entry);
  const out: BookEntry[] = [];
  for (let first = runs.first(); first !== undefined; first = runs.first()) {
    out.push(first);
    runs.remove(first);
  }
  expect(out.map(({ record }) => record.id)).toEqual(sorted(entries).map(({ record }) => record.id));
});

test('tell since when the oldest waits, also while a million come and go', () => {
  const runs = new WaitingRuns();
  const waiting: BookEntry[] = [];
  for (let id = 0; id < 1_000_000; id++) {
    const entry = waits(id % 500_000, 1 + (id % 3));
    entry.record.dueAt = 0;
    entry.record.scheduledAt = 5_000_000 + id;
    runs.add(entry);
    waiting.push(entry);
    if (id < 100) continue;
    const gone = waiting.splice(id % 100, 1)[0] as BookEntry;
    runs.remove(gone);
    if (id % 1_000 === 0) expect(runs.oldestAt()).toBe(Math.min(...waiting.map(({ record }) => record.scheduledAt)));
  }
  for (const entry of waiting) runs.remove(entry);
  expect(runs.oldestAt()).toBeUndefined();
});
