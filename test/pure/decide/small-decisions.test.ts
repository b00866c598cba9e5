import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseWorker, groupsOf, RateWindow, retryBits, wantsRetry } from '../../../src-core/decide/index.ts';
import { ClosedRuns } from '../../../src-core/decide/closed-runs.ts';
import type { WorkerRecord } from '../../../src-core/domain/worker.ts';
import { aWorker } from '../../support/store-rows.ts';

const workers: WorkerRecord[] = [aWorker({ id: 'a', weight: 1 }), aWorker({ id: 'b', weight: 9 }), aWorker({ id: 'c', weight: 9 })];
const half = (): number => 0.5;

describe('the choice of a worker', () => {
  test.each([
    ['clientFirst', 'b', 'a'], ['clientMaxWeight', 'c', 'b'], ['clientRandom', 'a', 'b'], ['clientRound', undefined, 'a'], ['clientRound', 'a', 'b'], ['clientRound', 'c', 'a'], ['', 'b', 'c'],
  ] as const)('by "%s" after %s is %s', (condition, last, id) => {
    expect(chooseWorker(condition, workers, workers.find((worker) => worker.id === last), half)?.id).toBe(id);
  });

  test('is nobody when nobody is there', () => {
    for (const condition of ['clientFirst', 'clientMaxWeight', 'clientRandom', 'clientRound', ''] as const) {
      expect(chooseWorker(condition, [], undefined, half)).toBeUndefined();
      expect(chooseWorker(condition, [], workers[0], half)).toBeUndefined();
    }
  });

  test('by rotation goes on behind who is gone, drained or new', () => {
    const [a, b, c] = workers as [WorkerRecord, WorkerRecord, WorkerRecord];
    expect(chooseWorker('', [a, c], b, half)).toBe(c);
    expect(chooseWorker('', [a, b], c, half)).toBe(a);
    expect(chooseWorker('', [b, c], a, half)).toBe(b);
    expect(chooseWorker('', [b], b, half)).toBe(b);
    const late = aWorker({ id: '0', firstSeenAt: c.firstSeenAt + 5 });
    expect(chooseWorker('', [a, b, c, late], c, half)).toBe(late);
    expect(chooseWorker('', [a, b, c, late], late, half)).toBe(a);
  });

  test('by rotation takes everybody equally often, and never one twice before the others, however they are ordered', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), firstSeenAt: fc.nat(3) }), { minLength: 1, maxLength: 8, selector: ({ id }) => id }), (drawn) => {
      const candidates = drawn.map((part) => aWorker(part)).sort((x, y) => x.firstSeenAt - y.firstSeenAt || (x.id < y.id ? -1 : 1));
      let last: WorkerRecord | undefined;
      const picks = Array.from({ length: candidates.length * 3 }, () => (last = chooseWorker('', candidates, last, half)));
      expect(picks).toEqual([...candidates, ...candidates, ...candidates]);
    }));
  });

  test('by chance is one of them for any number in [0, 1)', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      expect(workers).toContain(chooseWorker('clientRandom', workers, undefined, () => chance));
    }));
  });

  test('of groups names each once, in order of first registration', () => {
    expect(groupsOf([aWorker({ id: '1', group: 'y' }), aWorker({ id: '2' }), aWorker({ id: '3', group: 'x' }), aWorker({ id: '4', group: 'y' })])).toEqual(['y', 'x']);
  });
});

describe('a rate window', () => {
  test('never lets more than its number through in any interval, and no less than it may', () => {
    const limits = fc.record({ max: fc.integer({ min: 1, max: 5 }), perMs: fc.integer({ min: 1, max: 50 }) });
    fc.assert(fc.property(limits, fc.array(fc.nat(20), { maxLength: 200 }), (limit, gaps) => {
      const window = new RateWindow(limit);
      const taken: number[] = [];
      let now = 1000;
      for (const gap of gaps) {
        now += gap;
        const mayGo = window.freeAt(now) <= now;
        const recent = taken.filter((at) => at > now - limit.perMs).length;
        expect(mayGo).toBe(recent < limit.max);
        if (!mayGo) continue;
        window.take(now);
        taken.push(now);
      }
    }));
  });

  test('says when it opens again', () => {
    const window = new RateWindow({ max: 2, perMs: 100 });
    window.take(10);
    window.take(50);
    expect(window.freeAt(60)).toBe(110);
    window.take(110);
    expect(window.freeAt(120)).toBe(150);
  });

  test('is shut for no longer than its length when the clock is set back, and lets no more through', () => {
    const window = new RateWindow({ max: 3, perMs: 100 });
    for (const at of [5000, 5010, 5020]) window.take(at);
    expect(window.freeAt(1000)).toBe(1100);
    expect(window.freeAt(1050)).toBe(1100);
    for (const at of [1100, 1101, 1102]) {
      expect(window.freeAt(at)).toBeLessThanOrEqual(at);
      window.take(at);
    }
    expect(window.freeAt(1103)).toBe(1200);
  });
});

describe('a retry', () => {
  const policy = { attempts: 3, backoff: 'fixed', delayMs: 0, maxDelayMs: 0 } as const;
  test.each([
    [['fail'], 'failed', 1, true], [['fail'], 'expired', 1, false], [['expired'], 'expired', 2, true], [['fail', 'expired'], 'failed', 3, false],
    [['fail', 'expired'], 'completed', 1, false], [['fail', 'expired'], 'cancelled', 1, false], [[], 'failed', 1, false],
  ] as const)('on %j after %s of attempt %i: %s', (on, ended, attempt, wanted) => {
    expect(wantsRetry({ attempt, attempts: 3, retryOn: retryBits({ ...policy, on: [...on] }) }, ended)).toBe(wanted);
  });
});

describe('closed runs', () => {
  test('are remembered for at least as many as the limit, and at most twice as many', () => {
    const closed = new ClosedRuns(10);
    for (let index = 0; index < 35; index++) closed.add(String(index));
    for (let index = 25; index < 35; index++) expect(closed.has(String(index))).toBe(true);
    expect(Array.from({ length: 35 }, (_, index) => closed.has(String(index))).filter(Boolean).length).toBeLessThanOrEqual(20);
  });

  test('are known whatever order they end in', () => {
    const closed = new ClosedRuns(10);
    for (const id of ['900', '1000', '20', '999']) closed.add(id);
    expect(['900', '1000', '20', '999', '21', '1001', '100000'].filter((id) => closed.has(id))).toEqual(['900', '1000', '20', '999']);
  });
});
