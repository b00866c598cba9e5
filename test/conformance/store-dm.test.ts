import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/index.ts';
import { StaleTermError, type RemoteDatabase, type ViewBatch } from '../../src-core/ports/index.ts';
import { dmDialect } from '../../src-core/sql/dm/dialect.ts';
import { loadDmDriver } from '../../src-core/sql/dm/driver.ts';
import { DM_MIGRATIONS } from '../../src-core/sql/dm/migrations/index.ts';
import { remoteStore, type RemoteStore } from '../../src-core/sql/remote/store.ts';
import { openRemoteStore } from '../../src-core/sql/servers.ts';
import { fakeDm, type FakeDm } from '../support/fake-dm.ts';
import { aBatch, aJob, aRun, aSkip, aSubRun, aWorker, ended, idAt, T0 } from '../support/store-rows.ts';
import { recordingLog } from '../support/store-sqlite.ts';

const DATABASE: RemoteDatabase = {
  kind: 'dm', host: 'dm.test', port: 5236, user: 'NATSJOB', password: 'a secret', database: '', schema: 'JOBS', tls: { mode: 'off' }, connectTimeoutMs: 5_000, parameters: {},
};

/** Dameng's statements as text, and what the adapter does with its driver. Nothing here was run by a server of Dameng. */
describe('Dameng store', () => {
  const open = (fake: FakeDm): RemoteStore => remoteStore(dmDialect(() => fake.driver), { database: DATABASE, log: recordingLog([]), maxConnections: 4 });
  const ready = (onAsked: (text: string) => void = () => {}): FakeDm => fakeDm((text) => {
    onAsked(text);
    if (text.includes('from all_tables')) return ['RUN', 'JOB_REF', 'SUB_RUN', 'SKIP_COUNT', 'END_COUNT', 'WORKER', 'NAMESPACE', 'APP', 'JOB', 'CHECKPOINT', 'META'].map((name) => [`NATSJOB_${name}`]);
    if (text.includes('name = \'schema\'')) return [[3]];
    return text.includes('for update') ? [[1, 7]] : [];
  });

  it('makes the tables of its schema text', async () => {
    const text = DM_MIGRATIONS.flatMap(({ number, statements }) => [`-- ${number}`, ...statements.map((statement) => `${statement};`)]).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot('../golden/schema-dm.sql');
    const fake = fakeDm((asked) => (asked.includes('for update') ? [[0, 0]] : []));
    const store = open(fake);
    await store.apply(aBatch({}));
    await store.close();
    const asked = fake.calls.map(({ text: statement }) => statement);
    for (const statement of DM_MIGRATIONS[0]!.statements) expect(asked).toContain(statement);
    expect(asked.indexOf('lock table natsjob_lock in exclusive mode')).toBeLessThan(asked.indexOf(DM_MIGRATIONS[0]!.statements[0]!));
    expect(fake.open).toBe(0);
  });

  it('asks what its statement text says, for every kind there is', async () => {
    const fake = ready();
    const store = open(fake);
    const said: string[] = [];
    const note = async (title: string, work: () => Promise<unknown>): Promise<void> => {
      const from = fake.calls.length;
      await work();
      said.push(`-- ${title}`, ...fake.calls.slice(from).filter(({ text }) => !/banner|all_tables|'schema'/.test(text)).map(({ text, rows }) => `${text};${rows === undefined ? '' : ` -- rows: ${rows.length}`}`), '');
    };
    const run = aRun({ id: idAt(1) });
    await note('a batch', () => store.apply(wholeBatch()));
    await note('checkpoints', () => store.checkpoints());
    await note('resetCheckpoints', () => store.resetCheckpoints());
    await note('openRuns', () => store.openRuns());
    await note('highestRunId', () => store.highestRunId());
    await note('definitions', () => store.definitions());
    await note('workers', () => store.workers());
    await note('run', () => store.run(run.id));
    await note('runs', () => store.runs({ limit: 50 }));
    await note('runs by names that nobody has', () => store.runs({ namespace: 'n', app: 'a', job: 'j', limit: 50 }));
    await note('runs by text', () => store.runs({ reason: 'x', args: 'a.b:1', minDurationMs: 5, before: run.id, from: T0, to: T0 + 1, limit: 50 }));
    await note('runs by what is indexed', () => store.runs({ states: ['failed', 'expired'], triggers: ['manual'], workerId: 'w', monitorStatus: 'red', limit: 50 }));
    await note('runs of one chain', () => store.runs({ rootId: run.id, limit: 50 }));
    await note('countRuns', () => store.countRuns({ limit: 10_000 }));
    await note('briefs', () => store.briefs({ limit: 50 }));
    await note('recentRuns', () => store.recentRuns([1, 2], 5));
    await note('lastRuns', () => store.lastRuns([1, 2]));
    await note('subRuns', () => store.subRuns(run.id, { status: 'fail', reason: 'x', limit: 20 }));
    await note('skips', () => store.skips({ jobNumbers: [1], namespace: 'n', reasons: ['overlap'], from: T0, to: T0 + 1, before: `${T0}:1:0`, limit: 20 }));
    await note('endTotals', () => store.endTotals({ jobNumbers: [1], from: T0, to: T0 + 60_000, bucketMs: 60_000 }));
    await note('workerEnds', () => store.workerEnds({ workers: [{ namespace: 'n', app: 'a', id: 'w' }], from: T0, limit: 100 }));
    await note('lateJobs', () => store.lateJobs({ from: T0, averageMs: 1_000, limit: 5 }));
    await note('hasRunsOf', () => store.hasRunsOf(1));
    await note('deleteRunsBefore', () => store.deleteRunsBefore(run.id, 500));
    await note('deleteCountersBefore', () => store.deleteCountersBefore(T0));
    await note('size', () => store.size());
    await note('facts', () => store.facts());
    await store.close();
    await expect(`${said.join('\n').replace(/(probe.*val = |batch = )\d+/g, '$1…')}`).toMatchFileSnapshot('../golden/statements-dm.sql');
  });

  it('binds long ids as text, cuts what its columns do not hold, and commits once', async () => {
    const fake = ready();
    const store = open(fake);
    const run = aRun({ id: '9223372036854775807', workerId: '😀'.repeat(300), reason: 'x'.repeat(5_000) });
    await store.apply(aBatch({ insertRuns: [run] }));
    const merge = fake.calls.find(({ text }) => text.startsWith('merge into natsjob_run'))!;
    const [row] = merge.rows!;
    expect(row).toContain('9223372036854775807');
    expect(row).toContain('😀'.repeat(256));
    expect(row).toContain('x'.repeat(5_000));
    expect(merge.types![row!.indexOf('9223372036854775807')]).toBe(fake.driver.STRING);
    expect(fake.calls.filter(({ text }) => text === 'commit')).toHaveLength(1);
    expect(fake.attributes).toMatchObject({ connectString: 'dm.test:5236', user: 'NATSJOB', password: 'a secret', schema: 'JOBS', autoCommit: false });
    await store.close();
  });

  it('refuses an older term without writing, and tells what its driver says in a sentence', async () => {
    const fake = ready();
    const store = open(fake);
    await expect(store.apply(aBatch({ term: 0, insertRuns: [aRun({ id: idAt(1) })] }))).rejects.toBeInstanceOf(StaleTermError);
    expect(fake.calls.map(({ text }) => text).filter((text) => text.startsWith('merge') || text === 'commit')).toEqual([]);
    expect(fake.calls.at(-1)?.text).toBe('rollback');
    for (const [errCode, sentence] of [[6001, /cannot be reached/], [-2501, /does not let natsjob in/], [-523, /is full/]] as const) {
      fake.failNext(Object.assign(new Error('[code] no a secret'), { errCode }));
      const error = await store.probe().catch((thrown: Error) => thrown) as Error;
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toMatch(sentence);
      expect(error.message).not.toContain('a secret');
    }
    await store.close();
  });

  it('refuses an older term also when its session was ended before it could let go of the lock', async () => {
    const fake: FakeDm = ready((text) => {
      if (text.includes('from natsjob_checkpoint')) fake.failNext(Object.assign(new Error('the session is gone'), { errCode: 6001 }));
    });
    const store = open(fake);
    await expect(store.apply(aBatch({ term: 0 }))).rejects.toBeInstanceOf(StaleTermError);
    await store.close();
  });

  it('says how to get the driver, which does not come along', async () => {
    expect(() => loadDmDriver()).toThrow(/licence does not let natsjob bring it along: run "npm install dmdb"/);
    const store = openRemoteStore({ database: DATABASE, log: recordingLog([]), maxConnections: 2 });
    await expect(store.probe()).rejects.toBeInstanceOf(UnavailableError);
    await store.close();
  });
});

function wholeBatch(): ViewBatch {
  const run = aRun({ id: idAt(1) });
  return aBatch({
    insertRuns: [run], updateRuns: [ended(run)], putSubRuns: [aSubRun({ runId: run.id, number: 1 })], addSkips: [aSkip({})], putWorkers: [aWorker({ id: 'w' })],
    definitions: [
      { kind: 'job', namespace: 'app', app: 'biz', name: 'j', value: { definition: aJob('j', 1), version: 1 } }, { kind: 'job', namespace: 'app', app: 'biz', name: 'old', value: null },
    ],
    checkpoints: [{ stream: 'natsjob', created: 'c', sequence: 5 }],
  });
}
