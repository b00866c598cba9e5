import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import { isDeadly, isSuspect, Suspects } from '../../../src-core/worker/common/suspects.ts';
import { silentLog } from '../../../src-core/worker/silent-log.ts';

interface Entry {
  readonly text: string;
  readonly revision: number;
  readonly storedAt: number;
}

function bucket(entries = new Map<string, Entry>()): { entries: Map<string, Entry>; suspects: () => Suspects } {
  let revision = 0;
  const own = {
    get: async (key: string) => entries.get(key),
    compareAndSet: async (key: string, text: string) => {
      entries.set(key, { text, revision: ++revision, storedAt: 0 });
      return revision;
    },
    forget: async (key: string) => void entries.delete(key),
  };
  return { entries, suspects: () => new Suspects(() => own, silentLog) };
}

const of = (key: string, deliveries: number): Parameters<Suspects['begin']>[0] => ({ key, deliveries, maxDeliveries: 10, isWanted: () => true });

describe('a message that may kill its process', () => {
  it.each([
    [1, 10, false], [5, 10, false], [6, 10, true], [2, 4, false], [3, 4, true], [2, 1, true], [1, 1, false], [3, 3, false], [4, 3, true],
  ])('delivered %i times of %i, is one: %s', (deliveries, max, expected) => expect(isSuspect(deliveries, max)).toBe(expected));

  it.each<[number, number, number | undefined, boolean]>([
    [10, 10, 9, false], [11, 10, 5, true], [11, 10, 2, true], [11, 10, 1, false], [500, 10, 0, false], [20, 10, undefined, false], [21, 10, undefined, true], [2, 1, 0, true], [1, 1, 0, false],
  ])('delivered %i times of %i, begun alone %s times, is given up: %s', (deliveries, max, noted, expected) => expect(isDeadly(deliveries, max, noted)).toBe(expected));

  it('is begun when those before it have ended, and is noted until it has ended itself', async () => {
    const { entries, suspects } = bucket();
    const one = suspects();
    const first = await one.begin(of('a', 6));
    let second: Awaited<ReturnType<Suspects['begin']>> | undefined;
    const waiting = one.begin(of('b', 6)).then((turn) => (second = turn));
    expect([...entries.keys()]).toEqual(['a']);
    expect(second).toBeUndefined();
    first.end();
    await waiting;
    expect([...entries.keys()]).toEqual(['b']);
    one.close();
    expect([...entries.keys()]).toEqual([]);
  });

  it('is found out by its notes alone, not by the deliveries it has in common with others', async () => {
    const { entries, suspects } = bucket();
    for (let deliveries = 6; deliveries <= 10; deliveries++) expect((await suspects().begin(of('a', deliveries))).verdict).toBe('begun');
    expect(entries.get('a')?.text).toBe('5');
    const last = suspects();
    expect((await last.begin(of('innocent', 11))).verdict).toBe('begun');
    last.close();
    expect((await last.begin(of('a', 11))).verdict).toBe('deadly');
  });

  it('lets the next one pass when nobody wants it any more', async () => {
    const { entries, suspects } = bucket();
    const one = suspects();
    expect((await one.begin({ ...of('a', 6), isWanted: () => false })).verdict).toBe('unwanted');
    expect((await one.begin(of('b', 6))).verdict).toBe('begun');
    expect([...entries.keys()]).toEqual(['b']);
  });

  it('is handled where nothing can be noted, until it has been delivered twice as often', async () => {
    const away = (): never => {
      throw new UnavailableError('away');
    };
    const one = new Suspects(away, silentLog);
    const turn = await one.begin(of('a', 20));
    expect(turn.verdict).toBe('begun');
    turn.end();
    expect((await one.begin(of('a', 21))).verdict).toBe('deadly');
  });
});
