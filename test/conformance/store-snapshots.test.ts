import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/index.ts';
import { BadSnapshotError, NewerSchemaError, type GivenSnapshot, type SnapshotFacts, type Snapshots, type Store, type TakenSnapshot } from '../../src-core/ports/index.ts';
import { createMemoryStore, openSqliteStore } from '../../src-core/sql/index.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { aBatch, aJob, aRun, aSkip, aSubRun, ended, idAt, T0 } from '../support/store-rows.ts';
import { READER_ENTRY, recordingLog, tempSqlite, type TempSqlite } from '../support/store-sqlite.ts';

const MINUTE = 60_000;
const CHECKPOINTS = [{ stream: 'natsjob', created: 'then', sequence: 77 }, { stream: 'results', created: 'then', sequence: 66 }];
const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function files(): TempSqlite {
  const own = tempSqlite();
  ends.push(() => own.remove());
  return own;
}

async function sqlite(file: string): Promise<Store & { readonly snapshots: Snapshots }> {
  const store = await openSqliteStore({ file, log: recordingLog([]), readerEntry: READER_ENTRY });
  ends.push(() => store.close());
  return store as Store & { readonly snapshots: Snapshots };
}

/** Runs of 40 jobs, so that a part of the roll-ups is still packed when the copy is made. */
async function fill(store: Store): Promise<void> {
  const runs = Array.from({ length: 400 }, (_, index) => aRun({ id: idAt(index, 1 + index % 40), jobNumber: 1 + index % 40 }));
  await store.apply(aBatch({
    term: 5, checkpoints: CHECKPOINTS, insertRuns: runs, addSkips: [aSkip({ count: 3 })], putSubRuns: [aSubRun({ runId: idAt(1, 2), number: 1 })],
    definitions: [{ kind: 'job', namespace: 'app', app: 'biz', name: 'job1', value: { definition: aJob('job1', 1), version: 9 } }],
  }));
  await store.apply(aBatch({ term: 5, updateRuns: runs.slice(0, 300).map((run) => ended(run)) }));
}

async function contentOf(store: Store): Promise<object> {
  const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
  return {
    runs: (await store.runs({ limit: 1_000 })).items, open: await store.openRuns(), checkpoints: await store.checkpoints(), skips: await store.skips({ limit: 100 }),
    subRuns: await store.subRuns(idAt(1, 2), { limit: 10 }), definitions: await store.definitions(),
    ends: await store.endTotals({ from: T0 - MINUTE, to: T0 + 600 * MINUTE, bucketMs: MINUTE }),
    endsOfJobs: await store.endTotals({ jobNumbers: numbers, from: T0 - MINUTE, to: T0 + 600 * MINUTE, bucketMs: MINUTE }),
  };
}

/** The last piece first. */
async function carry(given: GivenSnapshot, taken: TakenSnapshot, piece = 10_000): Promise<void> {
  const offsets = Array.from({ length: Math.ceil(given.bytes / piece) }, (_, index) => index * piece);
  for (const offset of offsets.toReversed()) await taken.write(offset, await given.read(offset, piece));
}

function factsOf({ bytes, sha256, schemaVersion, checkpoints }: GivenSnapshot): SnapshotFacts {
  return { bytes, sha256, schemaVersion, checkpoints };
}

function beside(file: string): string[] {
  return readdirSync(dirname(file)).filter((name) => name.startsWith(basename(file)) && !/-(wal|shm)$/.test(name)).map((name) => name.slice(basename(file).length)).sort();
}

const KINDS: readonly [string, () => Promise<Store>][] = [
  ['memory', async () => createMemoryStore()],
  ['SQLite', () => sqlite(files().file)],
];

describe.each(KINDS)('a snapshot of a %s store', (_kind, open) => {
  it('makes another view equal to it, which goes on from its checkpoints and term', async () => {
    const [from, to] = [await open(), await open()];
    await fill(from);
    await to.apply(aBatch({ term: 2, insertRuns: [aRun({ id: idAt(9_000, 7), jobNumber: 7 })] }));
    const given = await from.snapshots!.give();
    const content = await contentOf(from);
    await from.apply(aBatch({ term: 5, insertRuns: [aRun({ id: idAt(5_000) })] }));

    expect(given.checkpoints).toEqual(CHECKPOINTS);
    const taken = await to.snapshots!.take(factsOf(given));
    await carry(given, taken);
    await taken.install();
    await taken.discard();
    await given.close();

    expect(await contentOf(to)).toEqual(content);
    await expect(to.apply(aBatch({ term: 4 }))).rejects.toThrow(/Term 4 may not write/);
    await to.apply(aBatch({ term: 6, updateRuns: [ended(aRun({ id: idAt(399, 40), jobNumber: 40 }))], insertRuns: [aRun({ id: idAt(5_001) })] }));
    expect((await to.run(idAt(399, 40)))?.state).toBe('completed');
    expect(await from.run(idAt(5_001))).toBeUndefined();
  });

  it('leaves alone what only the other view has: ended runs, and the counters of a time it does not know', async () => {
    const [from, to] = [await open(), await open()];
    const hour = 3_600_000;
    const early = aRun({ id: idAt(1), dispatchedAt: T0 + 1_000 });
    const late = aRun({ id: idAt(7_200, 3), jobNumber: 3, dispatchedAt: T0 + 2 * hour, scheduledAt: T0 + 2 * hour - 20 });
    const both = aRun({ id: idAt(7_201, 4), jobNumber: 4, dispatchedAt: T0 + 2 * hour });
    await to.apply(aBatch({
      insertRuns: [early, late, both, aRun({ id: idAt(5) })], updateRuns: [ended(early, { retryPending: true }), ended(late, { state: 'failed' }), ended(both)],
      putSubRuns: [aSubRun({ runId: early.id, number: 1 }), aSubRun({ runId: both.id, number: 9 })], addSkips: [aSkip({ count: 3 }), aSkip({ hour: T0 + 2 * hour, count: 5 })],
    }));
    const others = Array.from({ length: 40 }, (_, index) => aRun({ id: idAt(7_300, 50 + index), jobNumber: 50 + index, dispatchedAt: T0 + 2 * hour + 100 }));
    await from.apply(aBatch({
      term: 3, checkpoints: CHECKPOINTS, insertRuns: [both, ...others], updateRuns: [ended(both), ...others.map((run) => ended(run))], addSkips: [aSkip({ hour: T0 + 2 * hour, count: 7 })],
    }));
    const given = await from.snapshots!.give();
    const taken = await to.snapshots!.take(factsOf(given));
    await carry(given, taken);
    expect(await taken.install()).toEqual({ kept: 2 });
    await Promise.all([taken.discard(), given.close()]);

    const runs = (await to.runs({ limit: 1_000 })).items;
    expect(runs).toHaveLength(43);
    expect(runs.find(({ id }) => id === late.id)).toEqual(ended(late, { state: 'failed' }));
    expect(runs.find(({ id }) => id === early.id)).toEqual(ended(early));
    expect(await to.openRuns()).toEqual([]);
    expect([(await to.subRuns(early.id, { limit: 5 })).items.length, (await to.subRuns(both.id, { limit: 5 })).items.length]).toEqual([1, 0]);
    expect((await to.skips({ limit: 5 })).items.map(({ count }) => count)).toEqual([7, 3]);
    const sums = { from: T0, to: T0 + 3 * hour, bucketMs: hour };
    for (const jobNumbers of [undefined, [1, 3, 4, ...others.map(({ jobNumber }) => jobNumber)]]) {
      const totals = await to.endTotals({ ...sums, ...(jobNumbers && { jobNumbers }) });
      expect(totals.map(({ bucket, completed, failed }) => [(bucket - T0) / hour, completed, failed])).toEqual([[0, 1, 0], [2, 41, 1]]);
      expect(totals.at(-1)?.latenessMsMax).toBe(2 * hour + 100);
    }
    await to.apply(aBatch({ term: 3, insertRuns: [aRun({ id: idAt(8_000, 3), jobNumber: 3 })] }));
  });

  it('is read while the view goes on, and no more once it is closed', async () => {
    const from = await open();
    await fill(from);
    const given = await from.snapshots!.give();
    expect(await given.read(given.bytes - 5, 100)).toHaveLength(5);
    await given.close();
    await expect(given.read(0, 10)).rejects.toBeInstanceOf(UnavailableError);
  });

  it('that came damaged or too long is refused, and the view stays as it was', async () => {
    const [from, to] = [await open(), await open()];
    await fill(from);
    await to.apply(aBatch({ insertRuns: [aRun({ id: idAt(9_000) })] }));
    const given = await from.snapshots!.give();
    const taken = await to.snapshots!.take(factsOf(given));
    await carry(given, taken);
    await expect(taken.write(given.bytes - 1, Buffer.from('ab'))).rejects.toBeInstanceOf(BadSnapshotError);
    await taken.write(2_500, Buffer.from('x'));
    await expect(taken.install()).rejects.toThrow(/SHA-256/);
    await taken.discard();
    expect((await to.runs({ limit: 10 })).items).toHaveLength(1);
    await to.apply(aBatch({ insertRuns: [aRun({ id: idAt(9_001) })] }));
    await given.close();
  });
});

describe('a snapshot of a SQLite file', () => {
  async function pair(): Promise<{ from: Awaited<ReturnType<typeof sqlite>>; to: Awaited<ReturnType<typeof sqlite>>; fromFile: string; toFile: string }> {
    const [own, others] = [files(), files()];
    const [from, to] = [await sqlite(own.file), await sqlite(others.file)];
    await fill(from);
    await to.apply(aBatch({ insertRuns: [aRun({ id: idAt(9_000) })], checkpoints: [{ stream: 'natsjob', created: 'then', sequence: 3 }] }));
    return { from, to, fromFile: own.file, toFile: others.file };
  }

  async function take(from: { snapshots: Snapshots }, to: { snapshots: Snapshots }): Promise<void> {
    const given = await from.snapshots.give();
    const taken = await to.snapshots.take(factsOf(given));
    await carry(given, taken);
    await taken.install().finally(() => Promise.all([taken.discard(), given.close()]));
  }

  it('lies in files that only their owner can read and that go when it is closed or taken', async () => {
    const { from, to, fromFile, toFile } = await pair();
    const given = await from.snapshots.give();
    const taken = await to.snapshots.take(factsOf(given));
    for (const file of [fromFile, toFile]) {
      const [name] = beside(file).filter((end) => /^\.(given|taken)/.test(end));
      expect(statSync(file + name!).mode & 0o777).toBe(0o600);
    }
    await taken.discard();
    await given.close();
    expect([beside(fromFile), beside(toFile)]).toEqual([['', '.lock'], ['', '.lock']]);
    const open = await from.snapshots.give();
    await from.close();
    expect(beside(fromFile)).toEqual(['', '.lock']);
    await expect(open.read(0, 1)).rejects.toBeInstanceOf(UnavailableError);
  });

  it('keeps the view it replaced once, whole', async () => {
    const { from, to, toFile } = await pair();
    await take(from, to);
    expect(beside(toFile)).toEqual(['', '.lock', '.replaced']);
    const old = new Database(`${toFile}.replaced`, { readonly: true });
    expect(old.prepare('select count(*) from run').pluck().get()).toBe(1);
    old.close();
    await take(from, to);
    const again = new Database(`${toFile}.replaced`, { readonly: true });
    expect(again.prepare('select count(*) from run').pluck().get()).toBe(400);
    again.close();
    expect(statSync(toFile).mode & 0o777).toBe(0o600);
    await to.close();
    const reopened = await sqlite(toFile);
    expect((await reopened.runs({ limit: 1_000 })).items).toHaveLength(400);
  });

  it('of an older schema is migrated, of a newer one refused before a byte is taken', async () => {
    const { from, to, toFile } = await pair();
    const given = await from.snapshots.give();
    await expect(to.snapshots.take({ ...factsOf(given), schemaVersion: to.snapshots.schemaVersion + 1 })).rejects.toBeInstanceOf(NewerSchemaError);
    const older = join(dirname(toFile), 'older.db');
    writeFileSync(older, await given.read(0, given.bytes));
    const database = new Database(older);
    database.exec('drop table end_pending; alter table run drop column own_options; update meta set value = 1 where key = \'schema\'');
    database.close();
    const bytes = readFileSync(older);
    const facts = { bytes: bytes.length, sha256: sha256(bytes), schemaVersion: 1, checkpoints: given.checkpoints };
    const taken = await to.snapshots.take(facts);
    await taken.write(0, bytes);
    await taken.install();
    expect((await to.runs({ limit: 1_000 })).items).toHaveLength(400);
    await to.apply(aBatch({ term: 9, insertRuns: [aRun({ id: idAt(9_002) })] }));
    await given.close();
  });

  it.each([
    ['no database', (file: string) => writeFileSync(file, 'x'.repeat(9_000))],
    ['a damaged one', (file: string) => {
      const bytes = readFileSync(file);
      bytes.fill(0xff, 8_192, 40_000);
      writeFileSync(file, bytes);
    }],
    ['another program\'s', (file: string) => new Database(file).exec('drop table run; drop table checkpoint').close()],
    ['one with a trigger', (file: string) => new Database(file).exec('create trigger evil after insert on run begin delete from run; end').close()],
    ['one at other checkpoints', (file: string) => new Database(file).exec('update checkpoint set sequence = 999').close()],
    ['one that our statements do not fit', (file: string) => new Database(file).exec('alter table run drop column bad_answer').close()],
  ])('that is %s is refused, and the old view goes on', async (_what, spoil) => {
    const { from, to, toFile } = await pair();
    const given = await from.snapshots.give();
    const spoiled = join(dirname(toFile), 'spoiled');
    writeFileSync(spoiled, await given.read(0, given.bytes));
    spoil(spoiled);
    const bytes = readFileSync(spoiled);
    const taken = await to.snapshots.take({ ...factsOf(given), bytes: bytes.length, sha256: sha256(bytes) });
    await taken.write(0, bytes);
    await expect(taken.install()).rejects.toBeInstanceOf(BadSnapshotError);
    await taken.discard();
    await given.close();
    expect((await to.runs({ limit: 10 })).items.map(({ id }) => id)).toEqual([idAt(9_000)]);
    await to.apply(aBatch({ insertRuns: [aRun({ id: idAt(9_001) })] }));
    await to.close();
    expect((await (await sqlite(toFile)).runs({ limit: 10 })).items).toHaveLength(2);
  });

  it('that was cut short by a death at any moment leaves a whole view at the next start', async () => {
    const { from, to, fromFile, toFile } = await pair();
    await Promise.all([from.close(), to.close()]);
    const [old, next] = [readFileSync(toFile), readFileSync(fromFile)];
    const states: readonly [string, Record<string, Buffer>, number][] = [
      ['half of it came', { '': old, '.taken': next.subarray(0, 9_000) }, 1],
      ['it came and was not linked yet', { '': old, '.taken': next }, 1],
      ['the old one is linked', { '': old, '.replaced': old, '.taken': next }, 1],
      ['without links: the old one was moved away', { '.replaced': old, '.taken': next }, 1],
      ['it is in place', { '': next, '.replaced': old }, 400],
    ];
    for (const [what, left, runs] of states) {
      const own = files();
      for (const [end, bytes] of Object.entries(left)) writeFileSync(own.file + end, bytes);
      writeFileSync(`${own.file}.given-12345678-journal`, 'left over');
      const store = await sqlite(own.file);
      expect((await store.runs({ limit: 1_000 })).items, what).toHaveLength(runs);
      expect(beside(own.file).filter((end) => /given|taken/.test(end)), what).toEqual([]);
    }
  });

  it('is refused while there is no room, and a disk that fills up meanwhile leaves the old view', async () => {
    using disk = mountSmallDisk(80);
    if (disk === undefined) return;
    const source = await sqlite(files().file);
    await fill(source);
    const given = await source.snapshots.give();
    const file = join(disk.dir, 'natsjob.db');
    const to = await sqlite(file);
    await to.apply(aBatch({ insertRuns: [aRun({ id: idAt(9_000) })] }));
    await expect(to.snapshots.take({ ...factsOf(given), bytes: 30 * 2 ** 20 })).rejects.toThrow(/no room for a snapshot beside .*it takes 30 MB/);
    const taken = await to.snapshots.take(factsOf(given));
    disk.fill();
    await expect(carry(given, taken)).rejects.toThrow(/disk is full: the snapshot/);
    await taken.discard();
    await expect(to.snapshots.give()).rejects.toBeInstanceOf(UnavailableError);
    expect((await to.runs({ limit: 10 })).items).toHaveLength(1);
    disk.free();
    await to.apply(aBatch({ insertRuns: [aRun({ id: idAt(9_001) })] }));
    await given.close();
    await to.close();
    expect(existsSync(`${file}.taken`)).toBe(false);
  });

  it('that cannot be made says why, and leaves nothing', async () => {
    const { file } = files();
    const store = await openSqliteStore({ file, log: recordingLog([]), readerEntry: join(dirname(file), 'nowhere.mjs') });
    ends.push(() => store.close());
    const why = await store.snapshots!.give().catch((error: unknown) => error);
    expect(why).toBeInstanceOf(UnavailableError);
    expect(String(why)).toContain('could not be made');
    expect(beside(file)).toEqual(['', '.lock']);
  });

  it('is taken one at a time; a closed store neither gives nor takes', async () => {
    const { from, to } = await pair();
    const given = await from.snapshots.give();
    const [first, second] = await Promise.allSettled([to.snapshots.take(factsOf(given)), to.snapshots.take(factsOf(given))]);
    expect(second).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('already') as string } });
    await expect(to.snapshots.take(factsOf(given))).rejects.toThrow(/already/);
    const taken = (first as PromiseFulfilledResult<TakenSnapshot>).value;
    await carry(given, taken);
    await taken.discard();
    await (await to.snapshots.take(factsOf(given))).discard();
    await to.close();
    await expect(to.snapshots.take(factsOf(given))).rejects.toBeInstanceOf(UnavailableError);
    await expect(to.snapshots.give()).rejects.toBeInstanceOf(UnavailableError);
    await given.close();
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
