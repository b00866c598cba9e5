import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilAvailable } from '../support/create.ts';
import type { ApiAnswer } from '../support/program-api.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const SECRET = 'a secret key of this test, long enough';

describe.skipIf(!(await canStartProgram()))('the program says of itself', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ env: { NATSJOB_SECRET_KEY: SECRET } });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const get = async (at: string): Promise<Json> => {
    const { status, body } = await world.program.api.get(at);
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };
  const backupDir = (): string => path.join(world.program.dataDir, 'backups');

  test('every setting in force, where it comes from, and no secret', async () => {
    const { items } = await get('/settings');
    const by = Object.fromEntries(items.map((item: Json) => [item.name, item]));
    expect(by.NATSJOB_TIMEZONE).toMatchObject({ value: 'Asia/Shanghai', source: 'environment NATSJOB_TIMEZONE', secret: false });
    expect(by.NATSJOB_DATA_DIR.value).toBe(world.program.dataDir);
    expect(by.NATSJOB_NODE_ID.value).not.toBe('');
    expect(by.NATSJOB_SECRET_KEY).toMatchObject({ value: '******', secret: true });
    expect(by.NATSJOB_LOG_LEVEL.description).not.toBe('');
    expect(JSON.stringify(items)).not.toContain(SECRET);
    expect(JSON.stringify(items)).not.toContain('a password of this test');
  });

  test('what a doctor would find, without a secret', async () => {
    // Where the machine stands still for longer than the lease, that is a problem for a moment.
    let problems: Json[] = [];
    const { checks, version, node } = await until(async () => {
      const found = await get('/diagnostics');
      problems = found.checks.filter(({ state }: Json) => state === 'problem');
      return problems.length === 0 && found;
    }, { what: () => `no problem to be found: ${JSON.stringify(problems)}` });
    expect([version, node]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/), expect.stringMatching(/^\d+\./)]);
    const names = checks.map(({ name }: Json) => name);
    for (const name of ['settings', 'running', 'disk', 'permissions', 'HTTP', 'JetStream', 'database', 'clock']) expect(names).toContain(name);
    expect(JSON.stringify(checks)).not.toContain(SECRET);
  });

  test('its database, and a copy of it that holds what was saved, made while it writes', async () => {
    const job = await world.job({ maxRunning: 1000, timeoutMs: 600_000 });
    const taskId = await job.start();
    await world.settled();
    const { status, body: backup } = await world.program.api.post('/database/backup');
    expect(status).toBe(201);
    const file = path.join(backupDir(), backup.name);
    expect(backup).toMatchObject({ name: expect.stringMatching(/^natsjob-\d{8}T\d{6}\.\d{3}Z\.sqlite$/), bytes: statSync(file).size });
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    const copy = new Database(file, { readonly: true });
    expect(copy.prepare('select count(*) from run where id = cast(? as integer)').pluck().get(taskId)).toBe(1);
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    copy.close();
    expect(await get('/database')).toMatchObject({
      kind: 'sqlite', path: path.join(world.program.dataDir, 'natsjob.sqlite'), bytes: expect.any(Number), schemaVersion: expect.any(Number), retentionMs: 24 * 3_600_000,
      oldestRunAt: expect.any(String), backups: [backup],
    });
  });

  test('that one copy is made at a time, the newest ten stay, and nothing half done', async () => {
    writeFileSync(path.join(backupDir(), 'natsjob-20200101T000000.000Z.sqlite.new'), 'half');
    writeFileSync(path.join(backupDir(), 'notes.txt'), 'of the owner');
    // The second may come when the first is through: then nothing is to be refused.
    await until(async () => {
      const both = await Promise.all([world.program.api.post('/database/backup'), world.program.api.post('/database/backup')]);
      const statuses = both.map(({ status }) => status).toSorted();
      expect(statuses[0]).toBe(201);
      return statuses[1] === 409;
    }, { deadlineMs: 60_000, what: 'a copy to be refused while another one is made' });
    for (let made = 0; made < 10; made++) expect((await world.program.api.post('/database/backup')).status).toBe(201);
    const files = readdirSync(backupDir());
    expect(files.filter((name) => name.endsWith('.sqlite'))).toHaveLength(10);
    expect(files.filter((name) => !name.endsWith('.sqlite'))).toEqual(['notes.txt']);
    const { backups } = await get('/database');
    expect(backups.map(({ name }: Json) => name)).toEqual(files.filter((name) => name.endsWith('.sqlite')).toSorted().toReversed());
  });

  test('how far away NATS is', async () => {
    expect((await untilAvailable(() => world.program.api.post('/nats/ping'))).body).toEqual({ roundTripMs: expect.any(Number) });
  });

  test('how loaded it and its machine are', async () => {
    // It does not lead for a moment when the machine stood still for longer than its lease.
    const server = await until(async () => ((await get('/servers')).items as Json[]).find(({ role }) => role === 'leader'), { deadlineMs: 60_000, what: 'it to lead' });
    expect(server).toMatchObject({ role: 'leader', pid: world.program.pid, cpuCount: expect.any(Number), tickAgeMs: expect.any(Number), pendingWrites: expect.any(Number), openSubRuns: 0 });
    expect(server.machineMemoryFreeBytes).toBeLessThan(server.machineMemoryBytes);
    expect(server.openRuns).toBeGreaterThan(0);
  });
});

describe.skipIf(!(await canStartProgram()))('the password', () => {
  const login = (program: TestProgram, password: string): Promise<ApiAnswer> => program.api.raw('POST', '//natsjob/api/login', JSON.stringify({ user: 'natsjob', password }), { 'content-type': 'application/json' });
  const change = async (program: TestProgram, token: string, current: string, password: string): Promise<ApiAnswer> =>
    program.api.raw('POST', '//natsjob/api/me/password', JSON.stringify({ current, password }), { 'content-type': 'application/json', authorization: `Bearer ${token}` });

  test('that no setting gives is changed while it runs, and is the one after a restart', async () => {
    await using program = await startProgram({ env: { NATSJOB_LOGIN_USER: '', NATSJOB_LOGIN_PWD: '' } });
    const { token } = (await login(program, 'natsjob')).body;
    expect((await change(program, token, 'natsjob', 'quite another one')).status).toBe(204);
    expect([(await login(program, 'natsjob')).status, (await login(program, 'quite another one')).status]).toEqual([401, 200]);
    await program.restart();
    expect([(await login(program, 'natsjob')).status, (await login(program, 'quite another one')).status]).toEqual([401, 200]);
    const file = path.join(program.dataDir, 'login.json');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    const settings = (await program.api.raw('GET', '//natsjob/api/settings', undefined as never, { authorization: `Bearer ${token}` })).body;
    expect(settings.items.find(({ name }: Json) => name === 'NATSJOB_LOGIN_PWD')).toMatchObject({ value: '******', source: 'login.json in the data folder' });
    expect((await program.api.raw('GET', '//natsjob/api/diagnostics', undefined as never, { authorization: `Bearer ${token}` })).body.checks).toContainEqual({ name: 'password', state: 'ok', detail: 'set by you, while it ran' });
  });

  test('that a setting gives is changed there', async () => {
    await using program = await startProgram();
    const answer = await program.api.post('/me/password', { current: 'a password of this test', password: 'quite another one' });
    expect(answer.body).toMatchObject({ status: 409, detail: 'The password is given by environment NATSJOB_LOGIN_PWD: change it there and restart.' });
  });
});
