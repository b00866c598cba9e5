import { describe, expect, it } from 'vitest';
import { InvalidInputError, type SkipCount } from '../../src-core/domain/index.ts';
import type { SkipQuery, Store } from '../../src-core/ports/index.ts';
import { aBatch, aSkip, T0 } from '../support/store-rows.ts';

/** What every Store's skip counters must do; part of the Store's conformance suite. */
export function skipConformance(store: () => Store): void {
  describe('skips', () => {
    it('add up by job, reason and hour, with the last time', async () => {
      const hour = 3_600_000;
      await store().apply(aBatch({ addSkips: [aSkip({ count: 2 }), aSkip({ count: 3, lastAt: T0 + 9 }), aSkip({ reason: 'misfire' }), aSkip({ hour: T0 + hour, lastAt: T0 + hour }), aSkip({ jobNumber: 2, job: 'job2' })] }));
      await store().apply(aBatch({ addSkips: [aSkip({ count: 10, lastAt: T0 + 1 })] }));
      const skips = async (query: Partial<SkipQuery>): Promise<readonly SkipCount[]> => (await store().skips({ limit: 10, ...query })).items;
      expect(await skips({ jobNumbers: [1], reasons: ['overlap'] })).toEqual([aSkip({ hour: T0 + hour, lastAt: T0 + hour }), aSkip({ count: 15, lastAt: T0 + 9 })]);
      expect(await skips({ jobNumbers: [2] })).toEqual([aSkip({ jobNumber: 2, job: 'job2' })]);
      expect(await skips({ jobNumbers: [] })).toEqual([]);
      expect(await skips({ from: T0, to: T0 + hour })).toHaveLength(3);
      expect(await skips({ from: T0 + hour })).toHaveLength(1);
    });

    it('page by hour, job and reason, newest first, for each filter', async () => {
      const hour = 3_600_000;
      const reasons = ['overlap', 'no-worker', 'queue-full', 'window'] as const;
      // At every fifth place nothing was skipped.
      const all = Array.from({ length: 120 }, (_, index) => aSkip({
        hour: T0 + Math.floor(index / 24) * hour, jobNumber: index % 6, reason: reasons[Math.floor(index / 6) % 4]!,
        namespace: `n${index % 6 % 2}`, app: `a${index % 6 % 3}`, job: `job${index % 6}`, count: index + 1,
      })).filter((_, index) => index % 5 !== 0);
      await store().apply(aBatch({ addSkips: all }));
      const filters: Partial<SkipQuery>[] = [
        {}, { jobNumbers: [3] }, { jobNumbers: [1, 4, 77] }, { namespace: 'n1' }, { app: 'a2' }, { namespace: 'n0', app: 'a1', job: 'job4' }, { job: 'job5' }, { job: 'none' },
        { reasons: ['queue-full'] }, { reasons: ['overlap', 'window'] }, { reasons: [] }, { from: T0 + hour, to: T0 + 3 * hour }, { namespace: 'n1', reasons: ['window'], from: T0 + 1 },
      ];
      for (const filter of filters) {
        const whole = (await store().skips({ ...filter, limit: 1_000 })).items;
        expect(new Set(whole), JSON.stringify(filter)).toEqual(new Set(all.filter((skip) => (filter.jobNumbers?.includes(skip.jobNumber) ?? true)
          && (filter.namespace ?? skip.namespace) === skip.namespace && (filter.app ?? skip.app) === skip.app && (filter.job ?? skip.job) === skip.job
          && (!filter.reasons?.length || filter.reasons.includes(skip.reason)) && skip.hour >= (filter.from ?? 0) && skip.hour < (filter.to ?? Infinity))));
        expect(whole.map((skip) => skip.hour)).toEqual(whole.map((skip) => skip.hour).sort((a, b) => b - a));
        const paged: SkipCount[] = [];
        for (let before: string | undefined; ;) {
          const page = await store().skips({ ...filter, limit: 7, ...(before === undefined ? {} : { before }) });
          paged.push(...page.items);
          before = page.nextBefore;
          if (before === undefined) break;
          expect(page.items).toHaveLength(7);
        }
        expect(paged, JSON.stringify(filter)).toEqual(whole);
      }
    });

    it('say that a full last page is the last, and refuse a cursor that is none', async () => {
      await store().apply(aBatch({ addSkips: [aSkip({}), aSkip({ reason: 'misfire' })] }));
      expect((await store().skips({ limit: 2 })).nextBefore).toBeUndefined();
      expect((await store().skips({ limit: 1 })).nextBefore).toEqual(expect.any(String));
      await expect(store().skips({ limit: 1, before: '1:2' })).rejects.toBeInstanceOf(InvalidInputError);
    });
  });
}
