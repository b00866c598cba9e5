import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord, SkipCount, SubRunRecord } from '../../src-core/domain/index.ts';
import { isFinal } from '../../src-core/domain/index.ts';
import type { Store, ViewBatch } from '../../src-core/ports/index.ts';
import { createMemoryStore } from '../../src-core/sql/index.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { openPatientRemote, PRODUCTS } from '../support/remote-products.ts';
import { seeded } from '../support/seeded.ts';
import { aBatch, aRun, aSkip, aSubRun, aWorker, idAt, T0 } from '../support/store-rows.ts';

const SEEDS = [1, 2, 3, 4];
const BATCHES = 25;

/** Batches that name the same runs again and again, as take-overs and returned batches do, leave what the memory store has. */
for (const { name, isThere, start } of PRODUCTS) {
  describe.skipIf(!isThere)(`${name} store`, () => {
    let server: DatabaseServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    it.each(SEEDS)('ends as the memory store does, seed %i', async (seed) => {
      const chance = seeded(seed);
      const store = openPatientRemote(await server.fresh());
      const memory = createMemoryStore();
      const known = new Map<string, RunRecord>();
      for (let number = 1; number <= BATCHES; number++) {
        const batch = randomBatch(chance, known, number);
        await memory.apply(batch);
        await store.apply(batch);
        if (number % 5 !== 0) continue;
        expect(await everything(store), `after batch ${number}`).toEqual(await everything(memory));
        const old = idAt(Math.floor(chance() * number * 8));
        const gone = await memory.deleteRunsBefore(old, 7);
        expect(await store.deleteRunsBefore(old, 7)).toBe(gone);
        for (const id of known.keys()) if (await memory.run(id) === undefined) known.delete(id);
      }
      await store.close();
    });
  });
}

function randomBatch(chance: () => number, known: Map<string, RunRecord>, number: number): ViewBatch {
  const below = (limit: number): number => Math.floor(chance() * limit);
  const insertRuns: RunRecord[] = [];
  const updateRuns: RunRecord[] = [];
  for (let count = below(20); count > 0; count--) {
    const jobNumber = 1 + below(4);
    const id = idAt(below(number * 8), jobNumber);
    const present = known.get(id);
    const run = aRun({ id, jobNumber, reason: `made ${number}.${count}`, ...(below(4) === 0 ? anEnd(chance, id) : {}) });
    insertRuns.push(run);
    if (present === undefined) known.set(id, run);
  }
  const ids = [...known.keys()];
  for (let count = below(25); count > 0 && ids.length > 0; count--) {
    const id = ids[below(ids.length)]!;
    const present = known.get(id)!;
    const next = isFinal(present.state)
      ? { ...present, badAnswers: present.badAnswers + 1, reason: `${present.reason}!`, retryPending: below(2) === 0 }
      : { ...present, priority: below(9), ...(below(2) === 0 ? anEnd(chance, id) : { state: below(2) === 0 ? 'waiting' as const : 'active' as const }) };
    known.set(id, next);
    updateRuns.push(next);
    // Perhaps there: both at once.
    if (below(4) === 0) insertRuns.push(next);
  }
  if (below(3) === 0) updateRuns.push(aRun({ id: idAt(90_000 + number, 3), jobNumber: 3, reason: 'nobody made it' }));
  const parts: SubRunRecord[] = Array.from({ length: below(6) }, () => aSubRun({ runId: ids[below(ids.length)] ?? idAt(1), number: below(3), kind: below(2) === 0 ? 'target' : 'flow', reason: `part ${number} 😀` }));
  const skips: SkipCount[] = Array.from({ length: below(5) }, () => {
    const jobNumber = 1 + below(4);
    return aSkip({ jobNumber, job: `job${jobNumber}`, reason: below(2) === 0 ? 'overlap' : 'rate', count: 1 + below(5), lastAt: T0 + below(1_000), hour: T0 + 3_600_000 * below(2) });
  });
  return aBatch({
    term: number, insertRuns, updateRuns, putSubRuns: parts, addSkips: skips,
    putWorkers: Array.from({ length: below(3) }, () => aWorker({ id: `w${below(2)}`, weight: below(100) })), checkpoints: [{ stream: 's', created: 'c', sequence: number }],
  });
}

function anEnd(chance: () => number, id: string): Partial<RunRecord> {
  const states = ['completed', 'failed', 'expired', 'cancelled'] as const;
  return { state: states[Math.floor(chance() * 4)]!, endedAt: T0 + Math.floor(chance() * 300_000) + 10, workerId: `w${id.length + Math.floor(chance() * 3)}`, retryPending: chance() < 0.2 };
}

async function everything(store: Store): Promise<unknown> {
  const { items: runs } = await store.runs({ limit: 1_000 });
  const parts = await Promise.all(runs.map(({ id }) => store.subRuns(id, { limit: 50 })));
  const totals = await Promise.all([undefined, [1], [2, 3]].map((jobNumbers) => store.endTotals({ ...(jobNumbers && { jobNumbers }), from: T0 - 60_000, to: T0 + 3_600_000, bucketMs: 60_000 })));
  const recent = await store.recentRuns([1, 2, 3, 4], 3);
  return {
    runs, parts, totals, recent: [...recent].sort(), last: [...await store.lastRuns([1, 2, 3, 4])].sort(), open: await store.openRuns(), skips: await store.skips({ limit: 100 }), workers: await store.workers(),
    checkpoints: await store.checkpoints(), highest: await store.highestRunId(), late: await store.lateJobs({ from: T0, averageMs: 0, limit: 10 }),
    ended: await store.workerEnds({ workers: [18, 19, 20, 21].map((number) => ({ namespace: 'app', app: 'biz', id: `w${number}` })), from: T0, limit: 50 }),
  };
}
