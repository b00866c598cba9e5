import { describe, expect, it } from 'vitest';
import { InvalidInputError, type RunRecord, type SubRunRecord } from '../../src-core/domain/index.ts';
import type { Count, RunQuery, Store } from '../../src-core/ports/index.ts';
import { aBatch, aRun, aSubRun, ended, idAt, T0 } from '../support/store-rows.ts';

/** What every Store's lists of runs must do; part of the Store's conformance suite. */
export function listConformance(store: () => Store): void {
  describe('a list', () => {
    it('pages newest first without gaps or repeats while runs are inserted', async () => {
      await insert(store(), ...Array.from({ length: 50 }, (_, index) => aRun({ id: idAt(index * 2) })));
      const seen: string[] = [];
      let added = 0;
      for (let before: string | undefined; ;) {
        const page = await store().runs({ limit: 7, ...(before === undefined ? {} : { before }) });
        seen.push(...page.items.map((run) => run.id));
        before = page.nextBefore;
        if (before === undefined) break;
        await insert(store(), aRun({ id: idAt(1_000 + added++) }));
      }
      expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => idAt(98 - index * 2)));
      expect(added).toBeGreaterThan(3);
    });

    it('says that a full last page is the last', async () => {
      await insert(store(), aRun({ id: idAt(1) }), aRun({ id: idAt(2) }));
      expect((await store().runs({ limit: 2 })).nextBefore).toBeUndefined();
      expect((await store().runs({ limit: 1 })).nextBefore).toBe(idAt(2));
    });

    it('refuses a cursor that is no id', async () => {
      await expect(store().runs({ limit: 1, before: `1' or 1=1` })).rejects.toBeInstanceOf(InvalidInputError);
    });

    it('answers each filter, and any pair of them, as a look at every run would', async () => {
      const runs = mixedRuns(400);
      for (let index = 0; index < runs.length; index += 100) await insert(store(), ...runs.slice(index, index + 100));
      const filters: Partial<RunQuery>[] = [
        { namespace: 'n1' }, { app: 'a2' }, { namespace: 'n0', app: 'a1' }, { namespace: 'n1', app: 'a1', job: 'job1' }, { job: 'job4' }, { job: 'none' },
        { states: ['completed'] }, { states: ['failed', 'expired'] }, { states: ['active'] }, { states: ['cancelled', 'completed'] }, { states: [] },
        { triggers: ['schedule'] }, { triggers: ['manual', 'api'] }, { triggers: ['map'] }, { workerId: 'w3' }, { workerId: 'nobody' },
        { monitorStatus: 'red' }, { monitorStatus: 'none' }, { reason: 'TIMEOUT' }, { reason: 'straße' }, { reason: '100%' }, { reason: '_' }, { reason: 'nowhere' },
        { from: T0 + 100_000, to: T0 + 200_000 }, { from: T0 + 390_000 }, { to: T0 }, { rootId: idAt(7) }, { rootId: 'no id' },
        { minDurationMs: 100 }, { minDurationMs: 1 }, { monitorPayload: 'disk 90%' }, { monitorPayload: 'größe' }, { args: 'ORDER' }, { args: 'order.id:17' }, { args: 'straße' },
      ];
      // Most pairs are the same whichever of them comes first.
      const queries = new Map(filters.flatMap((one) => [{}, ...filters].map((other): Partial<RunQuery> => ({ ...one, ...other })).map((query) => [JSON.stringify(Object.entries(query).sort()), query])));
      for (const [text, query] of queries) {
        const ids = expected(runs, query);
        expect(await idsOf(store(), { ...query, limit: 50 }), text).toEqual(ids);
        expect(await countedOf(store(), query, Math.min(50, ids.length)), text).toEqual({ count: Math.min(50, ids.length), more: ids.length > 50 });
      }
    });

    it('gives all runs of many jobs, be they among the newest or not', async () => {
      const runs = Array.from({ length: 3_000 }, (_, index) => {
        const isOld = index < 1_500;
        const number = (isOld ? 1 : 41) + index % 40;
        return aRun({
          id: idAt(index), jobNumber: number, namespace: isOld ? 'old' : 'new', app: `a${number % 3}`, job: `job${number}`,
          state: index % 2 === 0 ? 'failed' : 'completed', reason: index % 7 === 0 ? 'seven' : 'other',
        });
      });
      for (let index = 0; index < runs.length; index += 500) await insert(store(), ...runs.slice(index, index + 500));
      for (const query of [{ namespace: 'old' }, { app: 'a1' }, { namespace: 'old', reason: 'seven' }, { app: 'a2', reason: 'seven' }, { namespace: 'old', states: ['failed'] as const }, { app: 'a1', states: ['failed'] as const }]) {
        const ids = expected(runs, query);
        expect(ids.length).toBeGreaterThan(100);
        expect(await idsOf(store(), { ...query, limit: 170 }), JSON.stringify(query)).toEqual(ids);
        // A count stops when its time is used up, and says so.
        const { count, more } = await store().countRuns({ ...query, limit: 5_000 });
        if (more) expect(count, JSON.stringify(query)).toBeLessThanOrEqual(ids.length);
        else expect(count, JSON.stringify(query)).toBe(ids.length);
      }
    });

    it('counts the ends of each worker, of its newest runs, at most so many', async () => {
      const run = (second: number, part: Partial<RunRecord>): RunRecord => ended(aRun({ id: idAt(second, part.jobNumber ?? 1), ...part }), part);
      await insert(
        store(), run(1, { state: 'failed' }), run(2, {}), run(3, { state: 'expired' }), run(4, { state: 'cancelled' }), run(5, { state: 'active', endedAt: 0 }),
        run(6, { workerId: 'w2' }), run(7, { workerId: '' }), run(8, { jobNumber: 2, namespace: 'else' }),
      );
      const workers = ['w1', 'w2', 'w3'].map((id) => ({ namespace: 'app', app: 'biz', id }));
      expect(await store().workerEnds({ workers, from: T0, limit: 100 })).toEqual([{ ended: 4, failed: 2 }, { ended: 1, failed: 0 }, { ended: 0, failed: 0 }]);
      expect(await store().workerEnds({ workers, from: T0 + 3_000, limit: 100 })).toEqual([{ ended: 2, failed: 1 }, { ended: 1, failed: 0 }, { ended: 0, failed: 0 }]);
      expect((await store().workerEnds({ workers, from: T0, limit: 3 }))[0]).toEqual({ ended: 1, failed: 0 });
      expect(await store().workerEnds({ workers: [{ namespace: 'else', app: 'biz', id: 'w1' }], from: T0, limit: 100 })).toEqual([{ ended: 1, failed: 0 }]);
    });

    it('finds sub-runs by each filter, over all pages', async () => {
      const parts = Array.from({ length: 2_500 }, (_, index) => aSubRun({
        runId: idAt(1), number: index, kind: index % 2 === 0 ? 'target' : 'flow', status: index % 3 === 0 ? 'fail' : 'success', reason: index % 100 === 7 ? 'Größe 100%' : '',
        monitorStatus: index % 11 === 0 ? 'red' : '', monitorPayload: index === 1_200 ? 'the one' : '',
      }));
      await store().apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })], putSubRuns: [...parts, aSubRun({ runId: idAt(2), number: 5, status: 'fail', monitorStatus: 'red' })] }));
      for (const [filter, fits] of [
        [{ status: 'fail' }, (part: SubRunRecord) => part.status === 'fail'],
        [{ reason: 'größe' }, (part: SubRunRecord) => part.reason !== ''],
        [{ reason: '0%' }, (part: SubRunRecord) => part.reason !== ''],
        [{ monitorPayload: 'THE' }, (part: SubRunRecord) => part.monitorPayload !== ''],
        [{ monitorStatus: 'red', status: 'fail' }, (part: SubRunRecord) => part.monitorStatus === 'red' && part.status === 'fail'],
        [{ status: 'half' }, () => false],
      ] as const) {
        const found: SubRunRecord[] = [];
        for (let before: string | undefined; ;) {
          const page = await store().subRuns(idAt(1), { ...filter, limit: 200, ...(before === undefined ? {} : { before }) });
          found.push(...page.items);
          before = page.nextBefore;
          if (before === undefined) break;
        }
        const order = (part: SubRunRecord): number => (part.kind === 'flow' ? 10_000 : 0) + part.number;
        expect(found, JSON.stringify(filter)).toEqual(parts.filter(fits).sort((a, b) => order(b) - order(a)));
      }
      expect(await store().subRuns('none', { status: 'fail', limit: 5 })).toEqual({ items: [], nextBefore: undefined });
    });

    it('gives the newest runs of each job asked for, in brief', async () => {
      await insert(store(), ...[1, 2, 3].map((second) => aRun({ id: idAt(second, 1), reason: `r${second}` })), ended(aRun({ id: idAt(9, 2), jobNumber: 2 })), aRun({ id: idAt(5, 3), jobNumber: 3 }));
      const recent = await store().recentRuns([2, 1, 77, 1], 2);
      expect([...recent].map(([number, runs]) => [number, runs.map(({ id }) => id)]).sort()).toEqual([[1, [idAt(3, 1), idAt(2, 1)]], [2, [idAt(9, 2)]]]);
      expect(recent.get(1)![0]).toEqual({ id: idAt(3, 1), jobNumber: 1, state: 'active', scheduledAt: T0, dueAt: 0, dispatchedAt: T0 + 10, endedAt: 0, reason: 'r3' });
      expect(await store().recentRuns([], 5)).toEqual(new Map());
    });

    it('gives runs in brief as it would list them', async () => {
      const runs = mixedRuns(300);
      await insert(store(), ...runs);
      for (const query of [{}, { namespace: 'n1', states: ['completed', 'failed'] as const }, { namespace: 'none' }, { from: T0 + 290_000 }]) {
        const ids: string[] = [];
        for (let before: string | undefined; ;) {
          const page = await store().briefs({ ...query, limit: 7, ...(before === undefined ? {} : { before }) });
          ids.push(...page.items.map(({ id }) => id));
          before = page.nextBefore;
          if (before === undefined) break;
        }
        expect(ids, JSON.stringify(query)).toEqual(expected(runs, query));
      }
      expect(Object.keys((await store().briefs({ limit: 1 })).items[0]!).sort()).toEqual(['dispatchedAt', 'dueAt', 'endedAt', 'id', 'jobNumber', 'reason', 'scheduledAt', 'state']);
    });

    it('finds the jobs whose runs left late on average, the latest first', async () => {
      const late = (second: number, jobNumber: number, byMs: number, minute: number): RunRecord =>
        ended(aRun({ id: idAt(second, jobNumber), jobNumber, dispatchedAt: T0 + byMs }), { endedAt: T0 + minute * 60_000 });
      await insert(
        store(), late(1, 1, 3_000, 1), late(2, 1, 1_000, 2), late(3, 2, 9_000, 1), late(4, 3, 1_999, 1), late(5, 4, 90_000, 0), late(6, 5, 5_000, 1),
      );
      const query = { from: T0 + 60_000, averageMs: 2_000, limit: 10 };
      expect(await store().lateJobs(query)).toEqual([
        { jobNumber: 2, runs: 1, latenessMsSum: 9_000, lastAt: T0 + 60_000 }, { jobNumber: 5, runs: 1, latenessMsSum: 5_000, lastAt: T0 + 60_000 },
        { jobNumber: 1, runs: 2, latenessMsSum: 4_000, lastAt: T0 + 120_000 },
      ]);
      expect((await store().lateJobs({ ...query, limit: 1 })).map(({ jobNumber }) => jobNumber)).toEqual([2]);
      expect(await store().lateJobs({ ...query, from: T0 + 600_000 })).toEqual([]);
    });

    it('gives the newest run of each job asked for', async () => {
      await insert(store(), aRun({ id: idAt(1, 1) }), aRun({ id: idAt(5, 1) }), aRun({ id: idAt(3, 2), jobNumber: 2 }), aRun({ id: idAt(9, 3), jobNumber: 3 }));
      const last = await store().lastRuns([1, 2, 77]);
      expect([...last].map(([number, run]) => [number, run.id]).sort()).toEqual([[1, idAt(5, 1)], [2, idAt(3, 2)]]);
      expect(await store().hasRunsOf(3)).toBe(true);
      expect(await store().hasRunsOf(4)).toBe(false);
    });
  });
}

/** Ids of all pages. */
export async function idsOf(store: Store, query: Partial<RunQuery>): Promise<string[]> {
  const ids: string[] = [];
  for (let before: string | undefined; ;) {
    const page = await store.runs({ limit: 3, ...query, ...(before === undefined ? {} : { before }) });
    ids.push(...page.items.map((run) => run.id));
    before = page.nextBefore;
    if (before === undefined) return ids;
  }
}

/** A count stops when its time is used up, and says that there is more: then it is asked for again, while it says fewer than there are. */
async function countedOf(store: Store, query: Partial<RunQuery>, present: number): Promise<Count> {
  for (;;) {
    const counted = await store.countRuns({ ...query, limit: 50 });
    if (!counted.more || counted.count >= present) return counted;
  }
}

async function insert(store: Store, ...runs: RunRecord[]): Promise<void> {
  await store.apply(aBatch({ insertRuns: runs }));
}

/** Runs of every state, trigger, worker and job in a fixed mixture. */
function mixedRuns(count: number): RunRecord[] {
  const states = ['completed', 'completed', 'completed', 'failed', 'active', 'expired', 'cancelled'] as const;
  const triggers = ['schedule', 'schedule', 'schedule', 'manual', 'retry', 'api'] as const;
  const reasons = ['ok', '', 'Timeout after 5 s', 'In der STRASSE und Straße', 'at 100% load', 'under_score'];
  return Array.from({ length: count }, (_, index) => aRun({
    id: idAt(index),
    jobNumber: index % 5,
    namespace: `n${index % 5 % 2}`,
    app: `a${index % 5 % 3}`,
    job: `job${index % 5}`,
    state: states[index * 7 % 31 % states.length]!,
    trigger: triggers[index * 5 % 29 % triggers.length]!,
    workerId: index % 3 === 0 ? '' : `w${index % 7}`,
    monitorStatus: index % 11 === 0 ? 'red' : index % 13 === 0 ? 'green' : '',
    reason: reasons[index * 3 % 17 % reasons.length]!,
    rootId: index % 50 === 8 ? idAt(7) : '',
    monitorPayload: index % 11 === 0 ? 'Disk 90% full' : index % 13 === 0 ? 'GRÖSSE, Größe' : '',
    args: index % 3 === 0 ? `{"order":{"id":${index % 20}}}` : index % 7 === 0 ? 'In der Straße' : '',
    endedAt: index % 5 === 0 ? T0 + 10 + index : 0,
    dispatchedAt: index % 10 === 0 ? 0 : T0 + 10,
  }));
}

function expected(runs: readonly RunRecord[], query: Partial<RunQuery>): string[] {
  return runs.filter((run, index) => (!query.namespace || run.namespace === query.namespace) && (!query.app || run.app === query.app) && (!query.job || run.job === query.job)
    && (!query.states?.length || query.states.includes(run.state)) && (!query.triggers?.length || query.triggers.includes(run.trigger))
    && (!query.workerId || run.workerId === query.workerId) && (!query.monitorStatus || run.monitorStatus === query.monitorStatus)
    && (!query.rootId || run.rootId === query.rootId || run.id === query.rootId)
    && (query.from === undefined || T0 + index * 1_000 >= query.from) && (query.to === undefined || T0 + index * 1_000 < query.to)
    && (!query.minDurationMs || (run.dispatchedAt > 0 && run.endedAt - run.dispatchedAt >= query.minDurationMs))
    && (!query.monitorPayload || run.monitorPayload.toLowerCase().includes(query.monitorPayload.toLowerCase()))
    && (!query.args || run.args.toLowerCase().includes(query.args.toLowerCase()) || run.args === `{"order":{"id":${query.args.split(':')[1]}}}`)
    && (!query.reason || run.reason.toLowerCase().includes(query.reason.toLowerCase()))).map((run) => run.id).reverse();
}
