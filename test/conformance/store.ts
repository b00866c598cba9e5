import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src-core/domain/index.ts';
import { StaleTermError, type RunQuery, type Store } from '../../src-core/ports/index.ts';
import { aBatch, aJob, aRun, aSkip, aSubRun, aWorker, ended, idAt, T0 } from '../support/store-rows.ts';
import { idsOf, listConformance } from './store-lists.ts';
import { skipConformance } from './store-skips.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Closes and opens again what was written; undefined for stores that forget. */
  readonly reopen: (() => Promise<Store>) | undefined;
  readonly dispose: () => Promise<void>;
}

const TEXTS = [
  `'; drop table run; --`, `" or 1=1 --`, '%_\\%', '${1}', '<script>alert(1)</script>', '\r\n\t', '😀 日本語 ß İ', 'x'.repeat(10_000), '{"a":"\\u0000"}', '?1 :a $b @c',
];
const MINUTE = 60_000;
const TEXT_FIELDS = ['args', 'workerId', 'status', 'reason', 'monitorStatus', 'monitorPayload', 'badAnswer'] as const;

/** What every Store must do, whatever is behind it. */
export function storeConformance(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} store`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterEach(() => opened.dispose());

    async function insert(...runs: RunRecord[]): Promise<void> {
      await store.apply(aBatch({ insertRuns: runs }));
    }
    async function update(...runs: RunRecord[]): Promise<void> {
      await store.apply(aBatch({ updateRuns: runs }));
    }
    const list = (query: Partial<RunQuery>): Promise<string[]> => idsOf(store, query);
    async function totals(jobNumbers?: number[]): Promise<number> {
      const rows = await store.endTotals({ ...(jobNumbers && { jobNumbers }), from: T0 - 60 * MINUTE, to: T0 + 600 * MINUTE, bucketMs: MINUTE });
      return rows.reduce((sum, row) => sum + row.completed + row.failed + row.expired + row.cancelled, 0);
    }

    describe('a batch', () => {
      it('starts empty', async () => {
        expect(await store.checkpoints()).toEqual([]);
        expect(await store.highestRunId()).toBe('0');
        expect(await store.openRuns()).toEqual([]);
        expect(await store.run(idAt(1))).toBeUndefined();
        expect(await store.runs({ limit: 10 })).toEqual({ items: [], nextBefore: undefined });
        expect(await store.definitions()).toEqual({ namespaces: [], apps: [], jobs: [] });
        await store.probe();
      });

      it('is written together with its checkpoints', async () => {
        const checkpoint = { stream: 'natsjob', created: '2026-01-01T00:00:00.123456789Z', sequence: 9_007_199_254_740_000 };
        await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })], checkpoints: [checkpoint] }));
        expect(await store.checkpoints()).toEqual([checkpoint]);
        await store.apply(aBatch({ checkpoints: [{ ...checkpoint, sequence: 9_007_199_254_740_001 }] }));
        expect(await store.checkpoints()).toEqual([{ ...checkpoint, sequence: 9_007_199_254_740_001 }]);
      });

      it('that fails changes nothing', async () => {
        const run = aRun({ id: idAt(1) });
        await store.apply(aBatch({ insertRuns: [run], checkpoints: [{ stream: 's', created: 'c', sequence: 1 }] }));
        const failing = store.apply(aBatch({
          term: 5,
          insertRuns: [aRun({ id: idAt(2), jobNumber: 2 })],
          updateRuns: [ended(run)],
          addSkips: [aSkip({ jobNumber: 3, job: 'job3' })],
          putWorkers: [aWorker({ id: 'w' })],
          definitions: [{ kind: 'job', namespace: 'app', app: 'biz', name: 'j', value: { definition: aJob('j', 2), version: 1 } }],
          checkpoints: [{ stream: 's', created: 'c', sequence: 2 }],
          putSubRuns: [aSubRun({ runId: 'not an id', number: 1 })],
        }));
        await expect(failing).rejects.toThrow(/not an id/);
        expect(await store.checkpoints()).toEqual([{ stream: 's', created: 'c', sequence: 1 }]);
        expect(await list({})).toEqual([run.id]);
        expect(await store.run(run.id)).toEqual(run);
        expect((await store.skips({ limit: 10 })).items).toEqual([]);
        expect(await store.workers()).toEqual([]);
        expect((await store.definitions()).jobs).toEqual([]);
        expect(await totals()).toBe(0);
        // Nor does anything remembered of it spoil the next one, and its term has not counted.
        await insert(aRun({ id: idAt(2), jobNumber: 2 }));
        expect(await store.run(idAt(2))).toEqual(aRun({ id: idAt(2), jobNumber: 2 }));
      });

      it('of an older term is refused and writes nothing', async () => {
        await store.apply(aBatch({ term: 3 }));
        await expect(store.apply(aBatch({ term: 2, insertRuns: [aRun({ id: idAt(1) })] }))).rejects.toBeInstanceOf(StaleTermError);
        expect(await store.run(idAt(1))).toBeUndefined();
        await store.apply(aBatch({ term: 3, insertRuns: [aRun({ id: idAt(1) })] }));
        await store.apply(aBatch({ term: 4, insertRuns: [aRun({ id: idAt(2) })] }));
        expect(await list({})).toEqual([idAt(2), idAt(1)]);
      });

      it('with nothing but a newer term shuts older ones out and leaves the checkpoints', async () => {
        const checkpoints = [{ stream: 's', created: 'c', sequence: 7 }];
        await store.apply(aBatch({ term: 3, checkpoints }));
        await store.apply(aBatch({ term: 5 }));
        await expect(store.apply(aBatch({ term: 4, insertRuns: [aRun({ id: idAt(1) })] }))).rejects.toMatchObject({ term: 5 });
        expect(await store.checkpoints()).toEqual(checkpoints);
        await store.apply(aBatch({ term: 5 }));
      });

      it('of a first term is taken again once the checkpoints are reset, and the rows stay', async () => {
        await store.apply(aBatch({ term: 3, insertRuns: [aRun({ id: idAt(1) })], checkpoints: [{ stream: 's', created: 'c', sequence: 1 }] }));
        await store.resetCheckpoints();
        expect(await store.checkpoints()).toEqual([]);
        await store.apply(aBatch({ term: 1 }));
        expect(await list({})).toEqual([idAt(1)]);
      });
    });

    describe('runs', () => {
      it('come back with every field and every digit of a 63-bit id', async () => {
        const id = '9223372036854775807';
        const run = aRun({
          id, jobNumber: 2_097_151, namespace: 'n', app: 'a', job: 'j', category: 'map', model: 'ultra', state: 'delayed', trigger: 'catch-up',
          attempt: 3, attempts: 7, retryOn: 3, rootId: '9223372036854775806', priority: 20, step: 2, scheduledAt: T0 + 1, dueAt: T0 + 2, dispatchedAt: T0 + 3,
          expiresAt: T0 + 4, endedAt: T0 + 5, runningCount: 6, args: 'args', workerId: 'worker', status: 'status', reason: 'reason', monitorStatus: 'ms',
          monitorPayload: 'mp', badAnswers: 8, badAnswer: 'bad', targets: 9, targetsEnded: 10, targetsWorst: 2, retryPending: true, retryId: '9007199254740993',
        });
        await insert(run);
        expect(await store.run(id)).toEqual(run);
        expect((await store.runs({ limit: 1 })).items).toEqual([run]);
        expect(await store.openRuns()).toEqual([run]);
        expect(await store.highestRunId()).toBe(id);
        const own = aRun({ id: '9007199254740993', rootId: '9007199254740993' });
        await insert(own);
        expect(await store.run(own.id)).toEqual(own);
        expect(await store.run('9007199254740992')).toBeUndefined();
      });

      it('keep hostile, long and foreign text in every text field as it is', async () => {
        const runs = TEXTS.flatMap((text, row) => TEXT_FIELDS.map((field, column) => aRun({ id: idAt(row * 10 + column), [field]: text })));
        await insert(...runs);
        for (const run of runs) expect(await store.run(run.id)).toEqual(run);
        for (const [row, text] of TEXTS.entries()) {
          expect(await list({ workerId: text })).toEqual([idAt(row * 10 + 1)]);
          expect(await list({ monitorStatus: text })).toEqual([idAt(row * 10 + 4)]);
          expect(await list({ reason: text })).toEqual([idAt(row * 10 + 3)]);
          expect(await list({ namespace: text })).toEqual([]);
        }
      });

      it('are left alone by a second insert', async () => {
        const run = aRun({ id: idAt(1) });
        await insert(run);
        await update(ended(run));
        await insert(run, { ...run, state: 'failed' });
        expect(await store.run(run.id)).toEqual(ended(run));
        expect(await totals()).toBe(1);
      });

      it('take whole new values, and an update of a run that is not there makes none', async () => {
        const run = aRun({ id: idAt(1), args: 'a', workerId: 'w', monitorStatus: 'm' });
        await insert(run);
        const changed = { ...run, args: '', workerId: 'w2', monitorStatus: '', state: 'waiting' as const, priority: 9 };
        await update(changed, aRun({ id: idAt(2) }));
        expect(await store.run(run.id)).toEqual(changed);
        expect(await list({})).toEqual([run.id]);
      });

      it('inserted and updated in one batch end as the update says', async () => {
        const run = aRun({ id: idAt(1) });
        await store.apply(aBatch({ insertRuns: [run], updateRuns: [ended(run)] }));
        expect(await store.run(run.id)).toEqual(ended(run));
        expect(await totals()).toBe(1);
      });

      it('are not changed by what the caller does to its record afterwards', async () => {
        const run = aRun({ id: idAt(1) });
        await insert(run);
        run.state = 'failed';
        expect((await store.run(run.id))?.state).toBe('active');
        (await store.run(run.id))!.state = 'failed';
        expect((await store.run(run.id))?.state).toBe('active');
      });

      it('refuse an id that is no 63-bit number, and answer none when asked for one', async () => {
        for (const id of ['', '0', '-1', '1.5', '007', '9223372036854775808', `1' or '1`, '1e3', ' 1']) {
          await expect(insert(aRun({ id })), id).rejects.toThrow();
          expect(await store.run(id)).toBeUndefined();
        }
        expect(await list({})).toEqual([]);
      });
    });

    describe('open runs', () => {
      it('are those not ended and those whose retry is to come, by id', async () => {
        const states = ['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled'] as const;
        await insert(...states.map((state, index) => aRun({ id: idAt(20 - index), state })));
        await insert(aRun({ id: idAt(30), state: 'failed', retryPending: true }), aRun({ id: idAt(3), state: 'active', retryPending: true }));
        expect((await store.openRuns()).map((run) => run.id)).toEqual([idAt(3), idAt(18), idAt(19), idAt(20), idAt(30)]);
        await update(aRun({ id: idAt(30), state: 'failed', retryId: idAt(31) }), ended(aRun({ id: idAt(18) })));
        expect((await store.openRuns()).map((run) => run.id)).toEqual([idAt(3), idAt(19), idAt(20)]);
      });

      it('are ordered by the value of the id, not by its text', async () => {
        await insert(aRun({ id: '1000000000000000' }), aRun({ id: '999999999999999' }));
        expect((await store.openRuns()).map((run) => run.id)).toEqual(['999999999999999', '1000000000000000']);
        expect(await list({})).toEqual(['1000000000000000', '999999999999999']);
        expect(await store.highestRunId()).toBe('1000000000000000');
      });
    });

    listConformance(() => store);
    skipConformance(() => store);

    describe('sub-runs', () => {
      it('are kept by run, kind and number, newest value and newest number first', async () => {
        const runId = idAt(1);
        const rows = [1, 2, 3].map((number) => aSubRun({ runId, number, reason: `r${number}`, sceneName: TEXTS[6]! }));
        const target = aSubRun({ runId, number: 2, kind: 'target', workerId: 'w', status: 'success', monitorStatus: 'm', monitorPayload: 'p', sceneId: 's', endedAt: T0 + 1 });
        await store.apply(aBatch({ putSubRuns: [...rows, target, aSubRun({ runId: idAt(2), number: 1 })] }));
        await store.apply(aBatch({ putSubRuns: [{ ...rows[1]!, reason: 'newer' }] }));
        const first = await store.subRuns(runId, { limit: 2 });
        expect(first.items).toEqual([rows[2], { ...rows[1]!, reason: 'newer' }]);
        const second = await store.subRuns(runId, { limit: 2, before: first.nextBefore! });
        expect(second).toEqual({ items: [rows[0], target], nextBefore: undefined });
        expect((await store.subRuns(`1' or 1=1`, { limit: 2 })).items).toEqual([]);
      });
    });

    describe('the roll-up of ends', () => {
      it('counts each run once, by the state it ended in, however often it is changed later', async () => {
        const runs = [1, 2, 3, 4].map((second) => aRun({ id: idAt(second) }));
        await insert(...runs);
        expect(await totals()).toBe(0);
        const states = ['completed', 'failed', 'expired', 'cancelled'] as const;
        const ends = runs.map((run, index) => ended(run, { state: states[index]!, endedAt: T0 + 110 * (index + 1) }));
        await update(...ends);
        await update(...ends.map((run) => ({ ...run, retryId: idAt(99), badAnswers: 3 })));
        await insert(...ends);
        await insert(aRun({ id: idAt(5), state: 'failed', endedAt: T0 + 500, dispatchedAt: 0 }));
        const [row, ...others] = await store.endTotals({ jobNumbers: [1], from: T0, to: T0 + MINUTE, bucketMs: MINUTE });
        expect(others).toEqual([]);
        expect(row).toEqual({
          bucket: T0, completed: 1, failed: 2, expired: 1, cancelled: 1, durationMsSum: 100 + 210 + 320 + 430, durationMsMax: 430, latenessMsSum: 40, latenessMsMax: 10,
        });
      });

      it('sums by bucket, over some jobs or all, within the time asked for', async () => {
        for (const [index, minute] of [0, 1, 5, 61].entries()) {
          for (const jobNumber of [1, 2]) await insert(aRun({ id: idAt(minute * 60 + jobNumber, jobNumber), jobNumber, state: 'completed', endedAt: T0 + minute * MINUTE + 10 * index }));
        }
        const sums = async (query: { jobNumbers?: number[]; from: number; to: number; bucketMs: number }): Promise<number[][]> =>
          (await store.endTotals(query)).map((row) => [row.bucket - T0, row.completed]);
        expect(await sums({ from: T0, to: T0 + 120 * MINUTE, bucketMs: MINUTE })).toEqual([[0, 2], [MINUTE, 2], [5 * MINUTE, 2], [61 * MINUTE, 2]]);
        expect(await sums({ from: T0, to: T0 + 120 * MINUTE, bucketMs: 60 * MINUTE })).toEqual([[0, 6], [60 * MINUTE, 2]]);
        expect(await sums({ jobNumbers: [2], from: T0 + MINUTE, to: T0 + 6 * MINUTE, bucketMs: 60 * MINUTE })).toEqual([[0, 2]]);
        expect(await sums({ jobNumbers: [3], from: T0, to: T0 + 6 * MINUTE, bucketMs: MINUTE })).toEqual([]);
        expect(await sums({ jobNumbers: [], from: T0, to: T0 + 6 * MINUTE, bucketMs: MINUTE })).toEqual([]);
        expect(await sums({ jobNumbers: Array.from({ length: 200 }, (_, index) => index + 2), from: T0, to: T0 + 120 * MINUTE, bucketMs: 60 * MINUTE })).toEqual([[0, 3], [60 * MINUTE, 1]]);
      });
    });

    describe('definitions and workers', () => {
      it('are put, changed and dropped', async () => {
        const namespace = { name: 'app', description: TEXTS[6]!, createdAt: T0, updatedAt: T0, version: 3 };
        const app = { namespace: 'app', name: 'biz', description: TEXTS[0]!, createdAt: T0, updatedAt: T0, version: 4 };
        const job = { definition: { ...aJob('j1', 1), args: TEXTS[7]!, description: TEXTS[1]!, rate: { max: 1, perMs: 2 } }, version: 5 };
        await store.apply(aBatch({ definitions: [
          { kind: 'namespace', name: 'app', value: namespace }, { kind: 'app', namespace: 'app', name: 'biz', value: app },
          { kind: 'job', namespace: 'app', app: 'biz', name: 'j2', value: { definition: aJob('j2', 2), version: 1 } },
          { kind: 'job', namespace: 'app', app: 'biz', name: 'j1', value: { ...job, version: 1 } },
        ] }));
        await store.apply(aBatch({ definitions: [{ kind: 'job', namespace: 'app', app: 'biz', name: 'j1', value: job }] }));
        expect(await store.definitions()).toEqual({ namespaces: [namespace], apps: [app], jobs: [job, { definition: aJob('j2', 2), version: 1 }] });
        await store.apply(aBatch({ definitions: [
          { kind: 'namespace', name: 'app', value: null }, { kind: 'app', namespace: 'app', name: 'biz', value: null }, { kind: 'job', namespace: 'app', app: 'biz', name: 'j1', value: null },
        ] }));
        expect(await store.definitions()).toEqual({ namespaces: [], apps: [], jobs: [{ definition: aJob('j2', 2), version: 1 }] });
      });

      it('of 2,500 jobs come back complete and in order', async () => {
        const jobs = Array.from({ length: 2_500 }, (_, index) => ({ definition: aJob(`job${String(index).padStart(4, '0')}`, index), version: index }));
        await store.apply(aBatch({ definitions: jobs.map((job) => ({ kind: 'job', namespace: 'app', app: 'biz', name: job.definition.name, value: job })) }));
        expect((await store.definitions()).jobs).toEqual(jobs);
      });

      it('keep workers by namespace, app and id', async () => {
        const workers = [aWorker({ id: 'a' }), aWorker({ id: TEXTS[0]!, app: 'z', comment: TEXTS[6]!, weight: 0 }), aWorker({ id: 'a', app: 'zz' })];
        await store.apply(aBatch({ putWorkers: workers }));
        const beat = { ...workers[0]!, lastSeenAt: T0 + 10_000, weight: 5 };
        await store.apply(aBatch({ putWorkers: [beat] }));
        expect(await store.workers()).toEqual([beat, workers[1], workers[2]]);
      });
    });

    describe('runs that are removed', () => {
      it('go with what hangs on them, also in the batch that brings them, and what was counted stays counted', async () => {
        const kept = aRun({ id: idAt(1), state: 'completed', endedAt: T0 });
        const gone = aRun({ id: idAt(2), jobNumber: 4, job: 'job4', state: 'failed', endedAt: T0 });
        const open = aRun({ id: idAt(3) });
        await insert(kept, gone, open);
        await store.apply(aBatch({ putSubRuns: [aSubRun({ runId: gone.id, number: 1 }), aSubRun({ runId: kept.id, number: 1 })] }));
        const young = aRun({ id: idAt(9) });
        await store.apply(aBatch({
          insertRuns: [young], updateRuns: [{ ...open, state: 'completed', endedAt: T0 + 5 }, { ...young, state: 'cancelled', endedAt: T0 + 6 }],
          removeRuns: [gone.id, open.id, young.id, idAt(77)],
        }));
        expect(await list({})).toEqual([kept.id]);
        expect(await store.run(gone.id)).toBeUndefined();
        expect((await store.subRuns(gone.id, { limit: 5 })).items).toEqual([]);
        expect((await store.subRuns(kept.id, { limit: 5 })).items).toHaveLength(1);
        expect(await store.openRuns()).toEqual([]);
        expect(await store.hasRunsOf(4)).toBe(false);
        expect(await totals()).toBe(4);
        // A late word about one of them brings nothing back.
        await store.apply(aBatch({ updateRuns: [{ ...gone, badAnswers: 1 }] }));
        expect(await list({})).toEqual([kept.id]);
      });

      it('may be thousands in a batch', async () => {
        const runs = Array.from({ length: 6_000 }, (_, index) => aRun({ id: idAt(index), state: 'completed', endedAt: T0 }));
        await store.apply(aBatch({ insertRuns: runs }));
        await store.apply(aBatch({ removeRuns: runs.slice(1).map(({ id }) => id) }));
        expect(await list({})).toEqual([runs[0]!.id]);
      });
    });

    describe('retention', () => {
      it('deletes ended runs below the id in slices, with their sub-runs, and spares what is open', async () => {
        const old = [1, 2, 3, 4, 5].map((second) => aRun({ id: idAt(second), state: 'completed', endedAt: T0 }));
        const failed = aRun({ id: idAt(6), state: 'failed', endedAt: T0 });
        const open = [aRun({ id: idAt(0) }), aRun({ id: idAt(7), state: 'failed', retryPending: true })];
        const young = aRun({ id: idAt(100), state: 'completed', endedAt: T0 });
        await insert(...old, failed, ...open, young);
        await store.apply(aBatch({ putSubRuns: [aSubRun({ runId: idAt(3), number: 1 }), aSubRun({ runId: idAt(0), number: 1 }), aSubRun({ runId: idAt(50), number: 1 }), aSubRun({ runId: young.id, number: 1 })] }));
        expect(await store.deleteRunsBefore(idAt(100), 4)).toBe(4);
        expect(await store.deleteRunsBefore(idAt(100), 4)).toBe(2);
        expect(await store.deleteRunsBefore(idAt(100), 4)).toBe(0);
        expect(await list({})).toEqual([young.id, idAt(7), idAt(0)]);
        for (const [second, count] of [[3, 0], [0, 1], [50, 0], [100, 1]] as const) expect((await store.subRuns(idAt(second), { limit: 5 })).items).toHaveLength(count);
        expect((await store.run(young.id))?.job).toBe('job1');
      });

      it('deletes in slices to the last one, and gives the job number free', async () => {
        await insert(...Array.from({ length: 20 }, (_, second) => aRun({ id: idAt(second, 4), jobNumber: 4, state: 'completed', endedAt: T0 })));
        while (await store.deleteRunsBefore(idAt(1_000), 6) > 0) expect(await store.hasRunsOf(4)).toBeTypeOf('boolean');
        expect(await store.hasRunsOf(4)).toBe(false);
        expect(await list({ job: 'job4' })).toEqual([]);
        const other = aRun({ id: idAt(2_000, 4), jobNumber: 4, job: 'other' });
        await insert(other);
        expect(await list({ job: 'other' })).toEqual([other.id]);
        expect(await store.run(other.id)).toEqual(other);
      });

      it('drops counters of hours and minutes gone by, and workers not seen since', async () => {
        const hour = 3_600_000;
        await store.apply(aBatch({
          addSkips: [aSkip({ hour: T0 }), aSkip({ hour: T0 + hour })],
          putWorkers: [aWorker({ id: 'lost', lastSeenAt: T0 + hour - 1 }), aWorker({ id: 'live', lastSeenAt: T0 + 2 * hour })],
          insertRuns: [aRun({ id: idAt(1), state: 'completed', endedAt: T0 }), aRun({ id: idAt(2), state: 'completed', endedAt: T0 + 2 * hour })],
        }));
        await store.deleteCountersBefore(T0 + hour);
        expect((await store.skips({ limit: 9 })).items.map((skip) => skip.hour)).toEqual([T0 + hour]);
        expect((await store.workers()).map((worker) => worker.id)).toEqual(['live']);
        expect(await totals()).toBe(1);
        expect(await list({})).toEqual([idAt(2), idAt(1)]);
      });
    });

    it('keeps everything when closed and opened again', async () => {
      if (opened.reopen === undefined) return;
      const run = aRun({ id: idAt(1) });
      await store.apply(aBatch({
        term: 7, insertRuns: [run, aRun({ id: idAt(2) })], updateRuns: [ended(run)], putSubRuns: [aSubRun({ runId: run.id, number: 1 })], addSkips: [aSkip({})],
        putWorkers: [aWorker({ id: 'w' })], checkpoints: [{ stream: 's', created: 'c', sequence: 1 }],
        definitions: [{ kind: 'job', namespace: 'app', app: 'biz', name: 'j', value: { definition: aJob('j', 1), version: 1 } }],
      }));
      store = await opened.reopen();
      expect(await store.run(run.id)).toEqual(ended(run));
      expect((await store.openRuns()).map((open) => open.id)).toEqual([idAt(2)]);
      expect(await store.checkpoints()).toEqual([{ stream: 's', created: 'c', sequence: 1 }]);
      expect((await store.subRuns(run.id, { limit: 1 })).items).toHaveLength(1);
      expect((await store.skips({ limit: 1 })).items).toEqual([aSkip({})]);
      expect(await store.workers()).toEqual([aWorker({ id: 'w' })]);
      expect((await store.definitions()).jobs).toHaveLength(1);
      expect(await totals()).toBe(1);
      await expect(store.apply(aBatch({ term: 6 }))).rejects.toBeInstanceOf(StaleTermError);
      await store.apply(aBatch({ term: 7, updateRuns: [{ ...ended(run), retryId: idAt(5) }] }));
      expect(await totals()).toBe(1);
    });

    it('refuses work once closed', async () => {
      await store.close();
      await store.close();
      await expect(store.apply(aBatch({}))).rejects.toThrow(/closed/);
      await expect(store.runs({ limit: 1 })).rejects.toThrow(/closed/);
      await expect(store.checkpoints()).rejects.toThrow(/closed/);
    });
  });
}
