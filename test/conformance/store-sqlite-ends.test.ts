import { copyFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunRecord } from '../../src-core/domain/index.ts';
import type { Store } from '../../src-core/ports/index.ts';
import { aBatch, aRun, ended, idAt, T0 } from '../support/store-rows.ts';
import { tempSqlite, type TempSqlite } from '../support/store-sqlite.ts';

const MINUTE = 60_000;
const JOBS = Array.from({ length: 200 }, (_, index) => index + 1);

let files: TempSqlite;
let now = 0;
const stores: Store[] = [];

beforeEach(() => {
  files = tempSqlite();
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  files.remove();
  vi.restoreAllMocks();
});

async function open(file?: string): Promise<Store> {
  const store = await files.open(file);
  stores.push(store);
  return store;
}

/** One ended run of each job, `second` seconds after the start. */
function endsOfAll(second: number): RunRecord[] {
  return JOBS.map((jobNumber) => ended(aRun({ id: idAt(second, jobNumber), jobNumber, dispatchedAt: T0 + second * 1_000 })));
}

async function completed(store: Store, jobNumbers: readonly number[] | undefined, bucketMs = MINUTE): Promise<number[]> {
  const totals = await store.endTotals({ ...(jobNumbers && { jobNumbers }), from: T0, to: T0 + 10 * MINUTE, bucketMs });
  return totals.map((row) => row.completed);
}

function rows(table: string): number {
  const database = new Database(files.file, { readonly: true });
  const count = database.prepare(`select count(*) from ${table}`).pluck().get() as number;
  database.close();
  return count;
}

describe('ends of many jobs in the SQLite file', () => {
  it('count as soon as their batch is written, as rows or not', async () => {
    const store = await open();
    await store.apply(aBatch({ insertRuns: endsOfAll(1) }));
    await store.apply(aBatch({ insertRuns: endsOfAll(70) }));
    await store.apply(aBatch({ insertRuns: [ended(aRun({ id: idAt(71, 3), jobNumber: 3, dispatchedAt: T0 + 71_000 }), { endedAt: T0 + 71_500 })] }));
    expect(rows('end_count where job_number > 0')).toBe(1);
    expect(await completed(store, [3])).toEqual([1, 2]);
    expect(await completed(store, [3], 10 * MINUTE)).toEqual([3]);
    expect(await completed(store, [3, 4, 999])).toEqual([2, 3]);
    expect(await completed(store, JOBS)).toEqual([200, 201]);
    expect(await completed(store, undefined)).toEqual([200, 201]);
    const [, second] = await store.endTotals({ jobNumbers: [3], from: T0, to: T0 + 2 * MINUTE, bucketMs: MINUTE });
    expect(second).toMatchObject({ durationMsSum: 590, durationMsMax: 500 });
    expect(await store.endTotals({ jobNumbers: [3], from: T0 + MINUTE, to: T0 + MINUTE, bucketMs: MINUTE })).toEqual([]);
  });

  it('are not counted twice when a batch is applied again, nor when it could not be committed', async () => {
    const store = await open();
    const batch = aBatch({ insertRuns: endsOfAll(1) });
    await expect(store.apply({ ...batch, checkpoints: [{ stream: 's', created: null as never, sequence: 1 }] })).rejects.toThrow(/NOT NULL/);
    expect(await completed(store, JOBS)).toEqual([]);
    await store.apply(batch);
    await store.apply(batch);
    expect(await completed(store, JOBS)).toEqual([200]);
  });

  it('are all there after a kill, before and while they become rows', async () => {
    const store = await open();
    await store.apply(aBatch({ insertRuns: endsOfAll(1) }));
    for (const entered of [0, 1, 2]) {
      const copy = `${files.file}.${entered}`;
      copyFileSync(files.file, copy);
      copyFileSync(`${files.file}-wal`, `${copy}-wal`);
      const restored = await open(copy);
      expect(await completed(restored, JOBS)).toEqual([200]);
      await restored.apply(aBatch({ insertRuns: endsOfAll(2) }));
      expect(await completed(restored, JOBS)).toEqual([400]);
      now += 10_000;
      await store.apply(aBatch({}));
    }
  });

  it('become rows after a while, a part with each batch, and count the same all the time', async () => {
    const store = await open();
    await store.apply(aBatch({ insertRuns: endsOfAll(1) }));
    await store.apply(aBatch({ insertRuns: endsOfAll(2) }));
    expect(rows('end_pending')).toBeGreaterThan(1);
    now += 10_000;
    await store.apply(aBatch({ insertRuns: endsOfAll(3) }));
    expect(rows('end_count where job_number > 0')).toBeGreaterThan(0);
    expect(rows('end_count where job_number > 0')).toBeLessThan(200);
    expect(await completed(store, JOBS)).toEqual([600]);
    now += 10_000;
    while (rows('end_pending') > 0) await store.apply(aBatch({}));
    expect(rows('end_count where job_number > 0')).toBe(200);
    expect(await completed(store, JOBS)).toEqual([600]);
    expect(await completed(store, [7])).toEqual([3]);
  });

  it('are read again when they become rows meanwhile', async () => {
    const store = await open();
    await store.apply(aBatch({ insertRuns: endsOfAll(1) }));
    now += 10_000;
    const asked = completed(store, JOBS);
    for (let part = 0; part < 32; part++) await store.apply(aBatch({}));
    expect(await asked).toEqual([200]);
  });
});

describe('runs in the SQLite file', () => {
  it('are kept whole, however many kinds of them there are', async () => {
    const store = await open();
    const runs = Array.from({ length: 100 }, (_, index) => aRun({ id: idAt(index + 1), priority: index, attempt: 1 + (index % 100), attempts: 100 }));
    runs.push(aRun({ id: idAt(200), attempt: 1_000, attempts: 2_000 }), aRun({ id: idAt(201), priority: -1 }));
    await store.apply(aBatch({ insertRuns: runs }));
    for (const run of runs) expect(await store.run(run.id)).toEqual(run);
  });
});
