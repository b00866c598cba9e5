import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/index.ts';
import { NewerSchemaError, type Store } from '../../src-core/ports/index.ts';
import { ById } from '../../src-core/sql/sqlite/by-id.ts';
import { openWriter } from '../../src-core/sql/sqlite/connection.ts';
import { explain } from '../../src-core/sql/sqlite/errors.ts';
import { migrate } from '../../src-core/sql/sqlite/migrate.ts';
import { MIGRATIONS } from '../../src-core/sql/sqlite/migrations/index.ts';
import { Writer } from '../../src-core/sql/sqlite/writer.ts';
import { aBatch, aRun, ended, idAt, T0 } from '../support/store-rows.ts';
import { recordingLog, tempSqlite, type TempSqlite } from '../support/store-sqlite.ts';

let files: TempSqlite;
const stores: Store[] = [];

beforeEach(() => {
  files = tempSqlite();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  files.remove();
});

async function open(file?: string): Promise<Store> {
  const store = await files.open(file);
  stores.push(store);
  return store;
}

describe('the SQLite file', () => {
  it('and what lies beside it can be read by its owner only', async () => {
    writeFileSync(files.file, '');
    chmodSync(files.file, 0o644);
    const store = await open();
    await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] }));
    const modes = readdirSync(dirname(files.file)).map((name) => [name, (statSync(join(dirname(files.file), name)).mode & 0o777).toString(8)]);
    expect(modes).toEqual([['natsjob.db', '600'], ['natsjob.db-shm', '600'], ['natsjob.db-wal', '600'], ['natsjob.db.lock', '600']]);
    expect((await store.size()).databaseBytes + (await store.size()).walBytes).toBeGreaterThan(10_000);
  });

  it('is refused while another store has it, and taken once that is closed', async () => {
    const first = await open();
    await expect(files.open()).rejects.toThrow(/in use by another natsjob/);
    await expect(files.open()).rejects.toBeInstanceOf(UnavailableError);
    await first.close();
    await open();
  });

  it('is refused while another process has it, and taken once that is killed', async () => {
    const code = `
      const db = new (require('better-sqlite3'))(${JSON.stringify(`${files.file}.lock`)});
      db.exec('begin exclusive'); console.log('held'); setInterval(() => {}, 1000);`;
    const { spawn } = await import('node:child_process');
    const other = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => other.once('exit', resolve));
    await new Promise((resolve) => other.stdout.once('data', resolve));
    await expect(files.open()).rejects.toThrow(/in use by another natsjob/);
    other.kill('SIGKILL');
    await gone;
    await open();
  });

  it('locked by another program is said so, and written again once that lets go', async () => {
    const store = await open();
    const other = new Database(files.file);
    other.exec('begin immediate');
    const batch = aBatch({ insertRuns: [aRun({ id: idAt(1) })] });
    await expect(store.apply(batch)).rejects.toThrow(/locked by another program.*SQLITE_BUSY/);
    await expect(store.probe()).rejects.toBeInstanceOf(UnavailableError);
    expect(await store.runs({ limit: 1 })).toEqual({ items: [], nextBefore: undefined });
    other.exec('rollback');
    other.close();
    await store.probe();
    await store.apply(batch);
    expect(await store.run(idAt(1))).toEqual(aRun({ id: idAt(1) }));
  });

  it.each([
    ['text', (file: string) => writeFileSync(file, 'This is no database.\n'.repeat(1_000)), /damaged or not a database/],
    ['a database of another program', (file: string) => new Database(file).exec('create table t (x)').close(), /database of another program/],
    ['a folder', (file: string) => mkdirSync(file), /cannot be opened/],
  ])('that is %s is refused in words', async (_, make, sentence) => {
    make(files.file);
    await expect(files.open()).rejects.toThrow(sentence);
    await expect(files.open()).rejects.toBeInstanceOf(UnavailableError);
  });

  it('in a folder that does not exist is refused in words', async () => {
    await expect(files.open(join(dirname(files.file), 'none', 'natsjob.db'))).rejects.toThrow(/cannot be opened/);
  });

  it('damaged in the middle is said so', async () => {
    const store = await open();
    const runs = Array.from({ length: 2_000 }, (_, index) => aRun({ id: idAt(index), args: 'x'.repeat(200) }));
    await store.apply(aBatch({ insertRuns: runs }));
    await store.close();
    const bytes = readFileSync(files.file);
    bytes.fill(0xff, 2_048 * 100, 2_048 * 300);
    writeFileSync(files.file, bytes);
    const damaged = await open();
    await expect(damaged.apply(aBatch({ updateRuns: runs.map((run) => ended(run)) }))).rejects.toThrow(/damaged/);
    await expect(damaged.runs({ limit: 1_000, reason: 'x' })).rejects.toBeInstanceOf(UnavailableError);
  });

  it('whose last commit was cut off opens as of the commit before', async () => {
    const store = await open();
    await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })], checkpoints: [{ stream: 's', created: 'c', sequence: 1 }] }));
    const before = statSync(`${files.file}-wal`).size;
    await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(2) })], checkpoints: [{ stream: 's', created: 'c', sequence: 2 }] }));
    const copy = `${files.file}.copy`;
    copyFileSync(files.file, copy);
    copyFileSync(`${files.file}-wal`, `${copy}-wal`);
    truncateSync(`${copy}-wal`, before + 1_000);
    const restored = await open(copy);
    expect(await restored.checkpoints()).toEqual([{ stream: 's', created: 'c', sequence: 1 }]);
    expect(await restored.highestRunId()).toBe(idAt(1));
  });
});

describe('a full disk', () => {
  it('fails the batch whole, and the next one is written when there is room again', async () => {
    const connection = openWriter({ file: files.file });
    await migrate(connection, recordingLog([]), () => T0);
    const byId = new ById(connection);
    const writer = new Writer(connection);
    connection.pragma(`max_page_count = ${Number(connection.pragma('page_count', { simple: true })) + 10}`);
    const batch = aBatch({ term: 2, insertRuns: Array.from({ length: 200 }, (_, index) => aRun({ id: idAt(index), args: 'x'.repeat(1_000) })), checkpoints: [{ stream: 's', created: 'c', sequence: 9 }] });
    for (let attempt = 0; attempt < 3; attempt++) {
      let error: unknown;
      try {
        writer.apply(batch);
      } catch (thrown) {
        error = explain(thrown, files.file);
      }
      expect(error).toBeInstanceOf(UnavailableError);
      expect(String(error)).toMatch(/is full: make room/);
      expect([byId.checkpoints(), byId.highestRunId()]).toEqual([[], '0']);
    }
    connection.pragma('max_page_count = 1000000');
    writer.apply(batch);
    expect([byId.checkpoints().length, byId.highestRunId()]).toEqual([1, idAt(199)]);
    connection.close();
  });

  const mountPoint = mountSmallDisk();
  it.skipIf(mountPoint === undefined)('of the real kind is survived by the store: writes fail in words, reads go on, room brings all back', async () => {
    const filler = join(mountPoint!, 'filler');
    try {
      const store = await open(join(mountPoint!, 'natsjob.db'));
      await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(0) })] }));
      await store.runs({ limit: 1 });
      try {
        writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024));
      } catch {
        // Full is what is wanted.
      }
      const batches = Array.from({ length: 40 }, (_, batch) => aBatch({
        insertRuns: Array.from({ length: 50 }, (__, index) => aRun({ id: idAt(1 + batch * 50 + index), args: 'x'.repeat(100) })),
      }));
      let error: unknown;
      for (const batch of batches) await store.apply(batch).catch((thrown: unknown) => (error = thrown));
      expect(error).toBeInstanceOf(UnavailableError);
      await expect(store.probe()).rejects.toThrow(/full|failed/);
      expect(await store.run(idAt(0))).toEqual(aRun({ id: idAt(0) }));
      expect((await store.runs({ limit: 1 })).items).toHaveLength(1);
      rmSync(filler);
      await store.probe();
      for (const batch of batches) await store.apply(batch);
      expect(await store.highestRunId()).toBe(idAt(2_000));
      await store.close();
    } finally {
      execFileSync('umount', ['-l', mountPoint!]);
      rmSync(mountPoint!, { recursive: true });
    }
  });
});

describe('migrations', () => {
  it('make what the golden file says', async () => {
    const store = await open();
    await store.close();
    const database = new Database(files.file);
    const schema = (database.prepare('select sql from sqlite_master where sql is not null order by type desc, name').pluck().all() as string[]).map((sql) => `${sql};\n`).join('\n');
    database.close();
    await expect(schema).toMatchFileSnapshot('../golden/schema-sqlite.sql');
  });

  it('bring an older database forward after copying it beside itself', async () => {
    await (await open()).apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] }));
    await stores.pop()!.close();
    const connection = openWriter({ file: files.file });
    const logged: string[] = [];
    const next = [...MIGRATIONS, { number: MIGRATIONS.length + 1, sql: 'create table extra (x); insert into extra values (1)' }];
    await migrate(connection, recordingLog(logged), () => T0, next);
    expect(connection.prepare('select count(*) from extra').pluck().get()).toBe(1);
    await migrate(connection, recordingLog(logged), () => T0, next);
    connection.close();
    expect(logged).toEqual(['The database was backed up before its migration.', 'The database was migrated.']);
    const copy = `${files.file}.backup-v${MIGRATIONS.length}-20260101T000000Z`;
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const restored = await open(copy);
    expect(await restored.run(idAt(1))).toEqual(aRun({ id: idAt(1) }));
    await expect(files.open()).rejects.toBeInstanceOf(NewerSchemaError);
    await expect(files.open()).rejects.toThrow(new RegExp(`written by a newer natsjob \\(schema ${MIGRATIONS.length + 1}, this program knows up to ${MIGRATIONS.length}\\)`));
  });

  it('that fail leave the database as it was, and say so', async () => {
    await (await open()).close();
    const connection = openWriter({ file: files.file });
    const broken = [...MIGRATIONS, { number: MIGRATIONS.length + 1, sql: 'create table extra (x); insert into missing values (1)' }];
    await expect(migrate(connection, recordingLog([]), () => T0, broken)).rejects.toThrow(/no such table/);
    expect(connection.prepare('select name from sqlite_master where name = \'extra\'').get()).toBeUndefined();
    connection.close();
    await open();
  });
});

/** A disk of 2 MB, when we may have one. */
function mountSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'natsjob-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}
