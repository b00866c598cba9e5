import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RemoteDatabase } from '../../src-core/ports/index.ts';
import { formatDatabaseUrl } from '../../src-core/system/index.ts';
import { runIdFloor } from '../../src-core/wire/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { linesThatCount, startCluster, type Node } from '../support/cluster.ts';
import { PASSWORD, remove, serverFolder, type DatabaseServer } from '../support/database-server.ts';
import { disableAll } from '../support/disable-all.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { PRODUCTS } from '../support/remote-products.ts';
import { until } from '../support/until.ts';
import { startWitness } from '../support/witness.ts';
import { account, gapsIn, readLevel, summed } from './crash-accounts.ts';
import { answerOf, APP as LOAD_APP, makeJobs, NAMESPACE as LOAD } from './crash-load.ts';
import { expectWhole, openLoad, readRows, untilLevel, type Load, type Row } from './outage-load.ts';

describe.skipIf(!(await canStartProgram())).each(PRODUCTS.filter(({ isThere }) => isThere))('with $name', (product) => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await product.start();
  });
  afterAll(() => server.stop());

  test('jobs of every kind run and end as they do with SQLite', async () => {
    await using program = await startProgram({ env: on(await server.fresh()) });
    await using worker = await startPlainWorker({ url: program.natsUrl, namespace: LOAD, app: LOAD_APP, clientId: 'one', answer: answerOf });
    await using witness = await startWitness(program.natsUrl, LOAD, LOAD_APP);
    const numbers = await makeJobs(program.api);
    await witness.more(600, 20_000);
    const lastFire = Math.floor(Date.now() / 1000) * 1000;
    // Fires go out in the order of their moments: all of that one are decided then.
    const later = runIdFloor(lastFire + 1_000);
    await until(() => [...witness.sightings].some(({ taskId, job }) => job === 'max-0' && BigInt(taskId) > later), { what: () => `later fires\n${program.output()}` });
    await disableAll(program.api, LOAD);
    await untilLevel(program, LOAD);
    const { stream, rows } = await readLevel(program);
    const { faults, figures } = account({
      numbers, rows, stream, sightings: [...witness.sightings], monitors: [...witness.monitors], byHand: [], natsKills: [], gaps: gapsIn(program.output()), until: lastFire,
    });
    expect(summed(faults)).toEqual({});
    expect(figures.rows).toMatchObject({ completed: expect.any(Number), failed: expect.any(Number), expired: expect.any(Number) });
    expect(await ends(program)).toEqual(ended(rows));
    expect(worker.answered).toBeGreaterThan(0);
    expect((await program.api.get('/database')).body).toMatchObject({ server: expect.stringContaining(product.name), canBackUp: false, backups: [] });
    expect((await program.api.post('/database/backup')).body).toMatchObject({ status: 409, detail: expect.stringContaining('back it up there') });
  });

  test('two nodes share it: both show the same, and the standby writes nothing', async () => {
    // A leader that stands still for two seconds loses the lead, as it has to; then there is no standby to look at.
    await until(async () => {
      const database = await server.fresh();
      // It may read and nothing else, so whatever else it tries fails.
      const reader = await readerOf(server, database);
      await using cluster = await startCluster({ nodes: 1, env: () => on(database) });
      const first = await cluster.leader();
      reader.grant();
      const termBefore = await termOf(first);
      try {
        await using standby = await startProgram({ env: { NATSJOB_NATS_URL: cluster.nats.url, NATSJOB_NODE_ID: 'reader', ...on(reader.database) } });
        await using load = await openLoad(standby, cluster.nats.url);
        await load.witness.more(80, 20_000);
        const rows = await load.finish(first);
        expectWhole(rows, load);
        expect(await readRows(first)).toEqual(await readRows(standby));
        expect((await standby.api.get('//readyz')).body.role).toBe('standby');
        expect(standby.output()).not.toContain('does not take writes');
        expect(await ends(first)).toEqual(ended(rows));
        return true;
      } catch (error) {
        // A term of its own, or the next one of the first: somebody led in between.
        if ((await termOf(first)) === termBefore) throw error;
        return false;
      }
    }, { deadlineMs: 240_000, what: 'the first to lead all the time' });
  });

  test('the leader is killed: the other one fires on, and the history is whole', async () => {
    const database = await server.fresh();
    await using cluster = await startCluster({ env: () => on(database) });
    const first = await cluster.leader();
    const second = cluster.nodes.find((node) => node !== first)!;
    await using load = await openLoad(second, cluster.nats.url);
    await first.kill('SIGKILL');
    await untilFiresAgain(load, second);
    await load.untilRunsAgain();
    await first.restart();
    await load.untilRunsAgain();
    // Either may lead by then: the second may have stood still.
    const rows = await load.finish(first);
    expectWhole(rows, load);
    expect(await ends(second)).toEqual(ended(rows));
    expect(await readRows(first)).toEqual(await readRows(second));
  });

  test('it is away for a while under load: dispatch goes on, and the view catches up', async () => {
    await using program = await startProgram({ env: on(await server.fresh()) });
    await using load = await openLoad(program);
    await server.kill();
    await untilProblem(program, 'cannot be reached');
    await load.witness.more(150, 60_000);
    expect((await program.api.get('//readyz')).status).toBe(503);
    expect((await program.api.get('/servers')).status).toBe(200);
    await server.restart();
    await program.untilReady();
    await load.untilRunsAgain();
    const rows = await load.finish();
    expectWhole(rows, load);
    expect(await ends(program)).toEqual(ended(rows));
  });

  test('it is away when the leader is killed: the fires go on, and nothing is lost', async () => {
    const database = await server.fresh();
    await using cluster = await startCluster({ env: () => on(database) });
    const first = await cluster.leader();
    const second = cluster.nodes.find((node) => node !== first)!;
    await using load = await openLoad(second, cluster.nats.url);
    await server.kill();
    await load.witness.more(50, 20_000);
    await first.kill('SIGKILL');
    await untilFiresAgain(load, second);
    await server.restart();
    await second.untilReady();
    await load.untilRunsAgain();
    const rows = await load.finish();
    expectWhole(rows, load);
    expect(await ends(second)).toEqual(ended(rows));
  });

  test('it is not there at the start: HTTP says so, and all goes on when it comes', async () => {
    const database = await server.fresh();
    await server.kill();
    await using program = await startProgram({ env: on(database), untilReady: false });
    await untilProblem(program, 'cannot be reached');
    expect((await program.api.get('//healthz')).status).toBe(200);
    expect((await program.api.get('/jobs')).body).toMatchObject({ status: 503 });
    await server.restart();
    await program.untilReady();
    // Once for each reason: a server that comes may say that it starts.
    expect(program.output().split('\n').filter((line) => line.includes('cannot start yet') && line.includes('ECONNREFUSED'))).toHaveLength(1);
  });

  test.each([
    ['a wrong password', (database: RemoteDatabase) => ({ ...database, password: 'hush hush' })],
    ['no such database', (database: RemoteDatabase) => ({ ...database, database: 'test_nowhere' })],
    ['TLS that it does not speak', (database: RemoteDatabase) => ({ ...database, tls: { mode: 'require' as const } })],
  ])('%s is one line that says what to look at', async (_what, change) => {
    const database = change(await server.fresh());
    await using program = await startProgram({ env: on(database), untilReady: false });
    await untilProblem(program, 'does not let natsjob in: check user, password, TLS');
    // Of the database; a NATS server that stands still meanwhile has a line of its own.
    const lines = (): string[] => program.output().split('\n').filter((line) => /"level":"(warn|error)"/.test(line) && !line.includes('NATS'));
    await until(() => lines().length > 0, { what: 'the line in the log' });
    expect(lines()).toHaveLength(1);
    expect(program.output()).not.toContain('hush hush');
    expect(program.output()).not.toContain(PASSWORD);
  });

  test('is checked by the authorities that a setting names', async () => {
    const folder = serverFolder('e2e-tls');
    try {
      const tls = makeCertificates(folder, 'localhost');
      await using secure = await product.start({ tls });
      const { kind, port, user, password, database } = await secure.fresh();
      // Says nothing about TLS itself.
      const settings = { NATSJOB_DB_TYPE: kind, NATSJOB_DB_URL: `${kind}://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}` };
      {
        await using program = await startProgram({ env: { ...settings, NATSJOB_DB_TLS_CA: tls.ca } });
        expect((await program.api.get('/database')).body).toMatchObject({ server: expect.stringContaining(product.name) });
      }
      const other = serverFolder('e2e-other-tls');
      try {
        await using program = await startProgram({ env: { ...settings, NATSJOB_DB_TLS_CA: makeCertificates(other, 'localhost').ca }, untilReady: false });
        await untilProblem(program, 'check user, password, TLS');
      } finally {
        remove(other);
      }
    } finally {
      remove(folder);
    }
  });

  test('one of a newer natsjob ends the program with a line and the exit code of settings', async () => {
    const database = await server.fresh();
    {
      await using program = await startProgram({ env: on(database) });
      expect(await program.stop()).toBe(0);
    }
    server.admin("update natsjob_meta set val = 99 where name = 'schema'", database.database);
    await using program = await startProgram({ env: on(database), untilReady: false });
    await until(() => !program.isRunning, { what: 'the program to end' });
    expect(await program.stop()).toBe(78);
    expect(program.output()).toContain('written by a newer natsjob (schema 99');
  });
});

function on(database: RemoteDatabase): Record<string, string> {
  return { NATSJOB_DB_TYPE: database.kind, NATSJOB_DB_URL: formatDatabaseUrl(database) };
}

/** A fire that was due after this call: the one that leads now sends it. How soon it leads is the promise of cluster-takeover.test.ts. */
async function untilFiresAgain({ witness }: Load, node: Node): Promise<void> {
  const from = runIdFloor(Date.now());
  await until(() => [...witness.sightings].some(({ taskId }) => BigInt(taskId) > from), { what: () => `fires again\n${linesThatCount(node)}` });
}

/** A user that may read; `grant` is to be called once the tables are there. */
async function readerOf(server: DatabaseServer, database: RemoteDatabase): Promise<{ database: RemoteDatabase; grant: () => void }> {
  const user = `reader_${database.database}`;
  if (database.kind === 'postgres') {
    server.admin(`create role ${user} login password 'reads'`);
    return { database: { ...database, user, password: 'reads' }, grant: () => void server.admin(`grant select on all tables in schema public to ${user}`, database.database) };
  }
  server.admin(`create user '${user}'@'%' identified by 'reads'`);
  return { database: { ...database, user, password: 'reads' }, grant: () => void server.admin(`grant select on \`${database.database}\`.* to '${user}'@'%'`) };
}

async function untilProblem(program: TestProgram, problem: string): Promise<void> {
  let last = '';
  await until(async () => {
    last = JSON.stringify((await program.api.get('//readyz').catch(() => undefined))?.body);
    return last?.includes(problem) === true;
  }, { what: () => `/readyz to say "${problem}", it says ${last}\n${program.output()}` });
}

async function termOf({ api }: TestProgram): Promise<number> {
  return (await api.get('/servers')).body.items[0].term;
}

/** From the roll-ups. */
async function ends({ api }: TestProgram): Promise<Record<string, number>> {
  const { body } = await api.get('/overview');
  return body.ended;
}

function ended(rows: readonly Pick<Row, 'state'>[]): Record<string, number> {
  const count = (state: string): number => rows.filter((row) => row.state === state).length;
  return { completed: count('completed'), failed: count('failed'), expired: count('expired'), cancelled: count('cancelled') };
}
