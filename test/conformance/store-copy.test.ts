import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src-core/domain/index.ts';
import type { RemoteDatabase, Store } from '../../src-core/ports/index.ts';
import { copyView, openLocalSource, openLocalTarget, openRemoteStore, openServerSource, openServerTarget, type CopySource, type CopyTarget } from '../../src-core/sql/servers.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { hasMariadb, startMariadb } from '../support/mariadb.ts';
import { hasPostgres, startPostgres } from '../support/postgres.ts';
import { patiently } from '../support/patiently.ts';
import { aBatch, aJob, aRun, aSkip, aSubRun, aWorker, ended, idAt, T0 } from '../support/store-rows.ts';
import { recordingLog, tempSqlite, type TempSqlite } from '../support/store-sqlite.ts';

const MINUTE = 60_000;
const RUNS = 2_500;
const log = recordingLog([]);
const COUNTS = { namespace: 1, app: 1, job: 40, job_ref: 40, worker: 3, skip_count: 2, sub_run: 1_500, run: RUNS, checkpoint: 2 };

describe('a copy of the view', () => {
  const opened: TempSqlite[] = [];
  const file = (): TempSqlite => {
    const made = tempSqlite();
    opened.push(made);
    return made;
  };
  afterAll(() => {
    for (const each of opened) each.remove();
  });

  it('from SQLite to SQLite has every row, and the roll-ups that were not rows yet', async () => {
    const [one, other] = [file(), file()];
    const before = await seeded(await one.open());
    const packed = new Database(one.file, { readonly: true });
    expect(packed.prepare('select count(*) from end_pending').pluck().get()).toBeGreaterThan(0);
    packed.close();
    const counts = await copied(await openLocalSource({ file: one.file, log }), await openLocalTarget({ file: other.file, log }));
    expect(counts).toMatchObject(COUNTS);
    expect(counts['end_count']).toBeGreaterThan(100);
    expect(await seen(await other.open())).toEqual(before);
  });

  it('does not go where something is, unless it is told to', async () => {
    const [one, other] = [file(), file()];
    const before = await seeded(await one.open());
    await seeded(await other.open(), 10);
    const source = async () => openLocalSource({ file: one.file, log });
    await expect(copied(await source(), await openLocalTarget({ file: other.file, log }))).rejects.toThrow(`${other.file} holds data of natsjob already`);
    await copied(await source(), await openLocalTarget({ file: other.file, log }), true);
    expect(await seen(await other.open())).toEqual(before);
  });

  it('is not made of a file in use, of one that is not there, or over a file of somebody else', async () => {
    const [one, other] = [file(), file()];
    await expect(openLocalSource({ file: one.file, log })).rejects.toThrow(`There is no file ${one.file}.`);
    const store = await one.open();
    await expect(openLocalSource({ file: one.file, log })).rejects.toThrow('is in use by another natsjob');
    await expect(openLocalTarget({ file: one.file, log })).rejects.toThrow('is in use by another natsjob');
    await seeded(store, 5);
    writeFileSync(other.file, 'notes of the owner\n'.repeat(100));
    await expect(copied(await openLocalSource({ file: one.file, log }), await openLocalTarget({ file: other.file, log }), true)).rejects.toThrow('damaged or not a database');
  });

  it('that was written to meanwhile is no copy', async () => {
    const other = file();
    let mark = 0;
    const source: CopySource = { name: 'here', count: async () => 0, async* rows() {}, term: async () => 0, mark: async () => String(mark++), close: async () => {} };
    await expect(copied(source, await openLocalTarget({ file: other.file, log }))).rejects.toThrow('here was written while it was copied');
  });

  it('that lost rows on the way says of which table', async () => {
    const other = file();
    const source: CopySource = { name: 'here', count: async ({ name }) => (name === 'run' ? 3 : 0), async* rows() {}, term: async () => 0, mark: async () => '', close: async () => {} };
    await expect(copied(source, await openLocalTarget({ file: other.file, log }))).rejects.toThrow('The copy is not complete: run has 0 rows of 3.');
  });

  describe.each([['PostgreSQL', hasPostgres(), startPostgres], ['MariaDB', hasMariadb(), startMariadb]] as const)('%s', (name, isThere, start) => {
    describe.skipIf(!isThere)('', () => {
      let server: DatabaseServer;
      beforeAll(async () => {
        server = await start();
      });
      afterAll(() => server.stop());
      const open = (database: RemoteDatabase): Store => openRemoteStore({ database, log, maxConnections: 4 });
      const source = (database: RemoteDatabase): Promise<CopySource> => openServerSource({ database, name, log });
      const target = (database: RemoteDatabase): Promise<CopyTarget> => openServerTarget({ database, name, log });

      it('has what SQLite had, and SQLite has it again', async () => {
        const [one, other] = [file(), file()];
        const database = await server.fresh();
        const before = await seeded(await one.open());
        const there = await copied(await openLocalSource({ file: one.file, log }), await target(database));
        expect(there).toMatchObject(COUNTS);
        expect(await seen(open(database))).toEqual(before);
        expect(await copied(await source(database), await openLocalTarget({ file: other.file, log }))).toEqual(there);
        expect(await seen(await other.open())).toEqual(before);
      });

      it('takes a batch of a newer term only, as before', async () => {
        const one = file();
        const database = await server.fresh();
        await seeded(await one.open(), 5);
        await copied(await openLocalSource({ file: one.file, log }), await target(database));
        const store = open(database);
        await expect(store.apply(aBatch({ term: 6 }))).rejects.toThrow('term 7 has written');
        await patiently(() => store.apply(aBatch({ term: 7 })));
        await store.close();
      });

      it('is not opened half filled, and a copy that was broken off is made anew', async () => {
        const one = file();
        const database = await server.fresh();
        const before = await seeded(await one.open());
        const broken = await target(database);
        const whole = broken.put.bind(broken);
        broken.put = (table, rows) => (table.name === 'run' ? Promise.reject(new Error('killed')) : whole(table, rows));
        await expect(copied(await openLocalSource({ file: one.file, log }), broken)).rejects.toThrow('killed');
        const store = open(database);
        await expect(store.checkpoints()).rejects.toThrow('natsjob db copy is filling this database');
        await store.close();
        await expect(source(database)).rejects.toThrow('a copy that was not finished');
        expect(await copied(await openLocalSource({ file: one.file, log }), await target(database))).toMatchObject(COUNTS);
        expect(await seen(open(database))).toEqual(before);
      });

      it('is not deleted unless it is told to, and is no source while it is empty', async () => {
        const one = file();
        const database = await server.fresh();
        await expect(source(database)).rejects.toThrow(`${name} holds nothing of natsjob.`);
        await seeded(await one.open(), 5);
        const used = open(database);
        await patiently(() => used.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] })));
        await used.close();
        await expect(copied(await openLocalSource({ file: one.file, log }), await target(database))).rejects.toThrow(`${name} holds data of natsjob already`);
        await copied(await openLocalSource({ file: one.file, log }), await target(database), true);
      });
    });
  });

  describe.skipIf(!hasPostgres() || !hasMariadb())('between servers', () => {
    it('goes both ways', async () => {
      await using postgres = await startPostgres();
      await using mariadb = await startMariadb();
      const one = file();
      const before = await seeded(await one.open());
      const [first, second] = [await postgres.fresh(), await mariadb.fresh()];
      await copied(await openLocalSource({ file: one.file, log }), await openServerTarget({ database: first, name: 'first', log }));
      await copied(await openServerSource({ database: first, name: 'first', log }), await openServerTarget({ database: second, name: 'second', log }));
      const third = await postgres.fresh();
      await copied(await openServerSource({ database: second, name: 'second', log }), await openServerTarget({ database: third, name: 'third', log }));
      expect(await seen(openRemoteStore({ database: third, log, maxConnections: 2 }))).toEqual(before);
    });
  });
});

/** Rows by table; closes both sides, as whoever copies does. */
async function copied(source: CopySource, target: CopyTarget, force = false): Promise<Record<string, number>> {
  try {
    const tables = await copyView({ source, target, force, progress: () => {} });
    return Object.fromEntries(tables.map(({ table, to }) => [table, to]));
  } finally {
    await source.close();
    await target.close();
  }
}

/** Fills it with some of everything, in batches that leave roll-ups packed, and closes it. Gives what `seen` gives. */
async function seeded(store: Store, runs = RUNS): Promise<unknown> {
  const texts = ['😀 日本語 ß İ', '\r\n\t"\'\\', '{"a":[1,{"b":"\\u0000"}]}', 'x'.repeat(5_000)];
  const all: RunRecord[] = Array.from({ length: runs }, (_, index) => {
    const run = aRun({ id: idAt(index, 1 + (index % 40)), jobNumber: 1 + (index % 40), scheduledAt: T0 + index * 1_000, dispatchedAt: T0 + index * 1_000 + 7, args: texts[index % 4] ?? '', rootId: index % 5 === 0 ? idAt(index, 1 + (index % 40)) : '' });
    return index % 3 === 0 ? run : ended(run, { state: index % 7 === 0 ? 'failed' : 'completed', reason: texts[index % 4] ?? '' });
  });
  const first = aBatch({
    term: 7, checkpoints: [{ stream: 'KV_natsjob-job-results', created: '2026-01-01T00:00:00.123456789Z', sequence: 9_007_199_254_740_001 }, { stream: 'natsjob', created: '2026-01-01T00:00:00.5Z', sequence: 12 }],
    definitions: [
      { kind: 'namespace', name: 'app', value: { name: 'app', description: 'one', createdAt: T0, updatedAt: T0, version: 3 } as never },
      { kind: 'app', namespace: 'app', name: 'biz', value: { namespace: 'app', name: 'biz', description: '', createdAt: T0, updatedAt: T0, version: 4 } as never },
      ...Array.from({ length: 40 }, (_, index) => ({ kind: 'job', namespace: 'app', app: 'biz', name: `job${index + 1}`, value: { definition: aJob(`job${index + 1}`, index + 1), version: index + 5 } }) as const),
    ],
    putWorkers: [aWorker({ id: 'w1' }), aWorker({ id: 'ä w' }), aWorker({ id: 'W1', weight: 7 })],
    addSkips: [aSkip({ count: 5 }), aSkip({ reason: 'no-worker', jobNumber: 2, job: 'job2', count: 12_345_678_901 })],
  });
  await patiently(() => store.apply(first));
  for (let at = 0; at < all.length; at += 500) await patiently(() => store.apply(aBatch({ term: 7, insertRuns: all.slice(at, at + 500) })));
  await patiently(() => store.apply(aBatch({ term: 7, putSubRuns: Array.from({ length: Math.min(1_500, runs) }, (_, number) => aSubRun({ runId: idAt(number % 3), number, reason: texts[number % 4] ?? '' })) })));
  return seen(store);
}

/** All that can be asked of it, and closes it. */
async function seen(store: Store): Promise<unknown> {
  try {
    const runs: unknown[] = [];
    for (let before: string | undefined; ;) {
      const page = await store.runs({ limit: 1_000, ...(before === undefined ? {} : { before }) });
      runs.push(...page.items);
      before = page.nextBefore;
      if (before === undefined) break;
    }
    const jobNumbers = Array.from({ length: 40 }, (_, index) => index + 1);
    return {
      runs, open: await store.openRuns(), definitions: await store.definitions(), workers: await store.workers(), checkpoints: await store.checkpoints(),
      skips: await store.skips({ limit: 100 }), subRuns: await store.subRuns(idAt(1), { limit: 1_000 }), last: await store.lastRuns(jobNumbers),
      ends: await store.endTotals({ jobNumbers, from: T0 - MINUTE, to: T0 + 600 * MINUTE, bucketMs: MINUTE }), allEnds: await store.endTotals({ from: T0 - MINUTE, to: T0 + 600 * MINUTE, bucketMs: MINUTE }),
    };
  } finally {
    await store.close();
  }
}
