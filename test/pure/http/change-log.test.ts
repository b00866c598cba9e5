import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChangeLog } from '../../../src-core/http/live/change-log.ts';

function add(log: ChangeLog, key: string): void {
  log.add({ kind: 'runs', key, namespace: '', app: '', job: '', toResource: () => ({ key, seq: log.seq }) });
}

test('what comes after a number is the latest change of each thing since, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), fc.nat(200), (keys, limit, place) => {
      const log = new ChangeLog(limit, 1_000);
      const history: { key: string; seq: number }[] = [];
      for (const key of keys) {
        add(log, String(key));
        history.push({ key: String(key), seq: log.seq });
      }
      const since = 1_000 + Math.min(place, keys.length);
      const changes = log.after(since);
      const expected = new Map<string, number>();
      for (const { key, seq } of history) {
        if (seq <= since) continue;
        expected.delete(key);
        expected.set(key, seq);
      }
      if (changes === undefined) expect(expected.size).toBeGreaterThanOrEqual(Math.min(limit, 1));
      else expect([...changes].map((change) => change.seq)).toEqual([...expected.values()]);
      if (expected.size <= limit && new Set(keys).size <= limit) expect(changes).toBeDefined();
    }),
  );
});

test('numbers that are too old, or from another process, are not known', () => {
  const log = new ChangeLog(10, 1_000);
  for (let index = 0; index < 100; index += 1) add(log, String(index));
  expect(log.after(1_000)).toBeUndefined();
  expect(log.after(999)).toBeUndefined();
  expect(log.after(1_101)).toBeUndefined();
  expect([...log.after(1_095)!]).toHaveLength(5);
  expect([...log.after(1_100)!]).toEqual([]);
});

test('memory is bounded, whatever comes', () => {
  const log = new ChangeLog(10, 0);
  for (let index = 0; index < 10_000; index += 1) add(log, String(index));
  expect(log.size).toBeLessThanOrEqual(20);
  log.skip();
  expect(log.size).toBe(0);
  expect(log.after(log.seq)).toBeDefined();
  expect(log.after(log.seq - 1)).toBeUndefined();
});

test('the text of a change is made once, and only when asked for', () => {
  const log = new ChangeLog(10, 0);
  let made = 0;
  log.add({ kind: 'jobs', key: 'a', namespace: '', app: '', job: '', toResource: () => ({ made: (made += 1) }) });
  expect(made).toBe(0);
  for (const change of [...log.after(0)!, ...log.after(0)!]) expect(change.json()).toBe('{"made":1}');
});
