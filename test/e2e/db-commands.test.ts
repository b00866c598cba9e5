import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatDatabaseUrl } from '../../src-core/system/index.ts';
import type { DatabaseServer } from '../support/database-server.ts';
import { hasMariadb, startMariadb } from '../support/mariadb.ts';
import { hasPostgres, startPostgres } from '../support/postgres.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import { testedCommand, testedEnvironment } from '../support/tested-program.ts';
import { expectWhole, openLoad, readRows } from './outage-load.ts';

describe.skipIf(!(await canStartProgram()) || !hasPostgres() || !hasMariadb())('natsjob db', () => {
  let postgres: DatabaseServer;
  let mariadb: DatabaseServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-db-'));
    [postgres, mariadb] = [await startPostgres(), await startMariadb()];
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), mariadb.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('copy takes a history to one server, to another, and back to a file, and natsjob goes on in each', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    await load.witness.more(100, 30_000);
    const before = await load.finish();
    expectWhole(before, load);
    const file = path.join(program.dataDir, 'natsjob.sqlite');
    const env = { NATSJOB_DATA_DIR: program.dataDir };
    expect(await db(env, 'copy', '--from', 'sqlite:', '--to', `sqlite:${path.join(folder, 'other.sqlite')}`)).toMatchObject({ code: 75, err: expect.stringContaining('is in use by the natsjob with process id') });
    await program.stop();

    const [first, second] = [await postgres.fresh(), await mariadb.fresh()];
    const address = path.join(folder, 'address');
    writeFileSync(address, `${formatDatabaseUrl(first)}\n`);
    const there = await db(env, 'copy', '--from', `sqlite:${file}`, '--to', `postgres:@${address}`, '--json');
    expect(there, there.err).toMatchObject({ code: 0, err: '' });
    const { tables } = JSON.parse(there.out) as { tables: { table: string; from: number; to: number }[] };
    expect(tables.find(({ table }) => table === 'run')).toEqual({ table: 'run', from: before.length, to: before.length });
    for (const each of tables) expect(each.to).toBe(each.from);
    await program.restart({ env: { NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL_FILE: address } });
    expect(await readRows(program)).toEqual(before);
    await program.stop();

    const across = await db(env, 'copy', '--from', `postgres:@${address}`, '--to', formatDatabaseUrl(second));
    expect(across).toMatchObject({ code: 0, err: expect.stringContaining('can be seen by every user of this machine') });
    expect(across.out + across.err).not.toContain(encodeURIComponent(second.password));
    const again = await db(env, 'copy', '--from', `postgres:@${address}`, '--to', formatDatabaseUrl(second));
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('holds data of natsjob already: choose another place, or give --force') });

    const last = path.join(folder, 'last.sqlite');
    expect(await db({ ...env, NATSJOB_DB_TYPE: 'mysql', NATSJOB_DB_URL: formatDatabaseUrl(second) }, 'copy', '--from', 'settings', '--to', `sqlite:${last}`)).toMatchObject({ code: 0 });
    await program.restart({ env: { NATSJOB_DB_TYPE: 'sqlite', NATSJOB_DB_URL: last, NATSJOB_DB_URL_FILE: '' } });
    expect(await readRows(program)).toEqual(before);
    expect((await program.api.get('/overview')).body.ended.completed).toBe(before.filter(({ state }) => state === 'completed').length);

    // It runs: looking at it is fine all the same.
    const checked = await db({ ...env, NATSJOB_DB_URL: last, NATSJOB_NATS_URL: program.natsUrl }, 'check', '--json');
    expect(checked, checked.out + checked.err).toMatchObject({ code: 0 });
    const check = JSON.parse(checked.out);
    expect(check).toMatchObject({ ok: true, server: expect.stringMatching(/^SQLite /), contents: { rows: { run: before.length }, orphans: { runsWithoutJob: 0, subRunsWithoutRun: 0 } } });
    expect(check.streams.map(({ state }: { state: string }) => state)).toEqual(['follows', 'follows', 'follows']);
  });

  test('migrate makes the tables once, check and the doctor say what is there', async () => {
    const database = await mariadb.fresh();
    const env = { ...cleanFolders('migrate'), NATSJOB_DB_TYPE: 'mariadb', NATSJOB_DB_URL: formatDatabaseUrl(database), NATSJOB_NATS_PORT: '1' };
    expect(await db(env, 'check')).toMatchObject({ code: 1, out: expect.stringContaining('there are no tables of natsjob') });
    expect(await db(env, 'migrate')).toMatchObject({ code: 0, out: expect.stringMatching(/the tables were made, schema \d+\.$/) });
    expect(await db(env, 'migrate', '--json')).toMatchObject({ code: 0, out: expect.stringMatching(/"from": (\d+),\s+"to": \1/) });
    const checked = await db(env, 'check');
    expect(checked).toMatchObject({ code: 0, out: expect.stringContaining('The log is not compared: no NATS with JetStream answers') });
    expect(checked.out).toContain('MariaDB');
    const doctor = await natsjob(env, 'doctor', '--json');
    const finding = (JSON.parse(doctor.out) as { findings: { name: string; ok: boolean; detail: string }[] }).findings.find(({ name }) => name === 'database');
    expect(finding).toMatchObject({ ok: true, detail: expect.stringMatching(/^MariaDB [\d.]+ at mysql:\/\/natsjob@127\.0\.0\.1:\d+\/test_\d+, schema \d+$/) });
    mariadb.admin("update natsjob_meta set val = 99 where name = 'schema'", database.database);
    expect(await db(env, 'check')).toMatchObject({ code: 78, err: expect.stringContaining('is of a newer natsjob (schema 99') });
    expect(await db(env, 'migrate')).toMatchObject({ code: 78, err: expect.stringContaining('newer natsjob') });
  });

  test('says what is wrong with a place, and 69 when nobody is there, without a password', async () => {
    const env = { ...cleanFolders('wrong'), NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL: 'postgres://natsjob:hush-hush@127.0.0.1:1/natsjob' };
    const gone = await db(env, 'check');
    expect(gone).toMatchObject({ code: 69, err: expect.stringContaining('at 127.0.0.1:1 cannot be reached') });
    expect(gone.err).not.toContain('hush-hush');
    for (const [from, why] of [
      ['oracle:x', '--from must be settings, sqlite:<file>, or mysql:, postgres: or dm: and an address'], ['mysql:', '--from must be given after mysql:'],
      ['mysql:root:hush-hush@unix(/x)/d', 'Unix sockets are not supported'], ['postgres:@nowhere', 'nowhere cannot be read (ENOENT)'], ['sqlite:nowhere', 'There is no file'],
    ] as const) {
      const { code, err } = await db(env, 'copy', '--from', from, '--to', 'sqlite:new.sqlite');
      expect({ code, err }).toMatchObject({ code: from === 'sqlite:nowhere' ? 1 : 2, err: expect.stringContaining(why) });
      expect(err).not.toContain('hush-hush');
    }
    expect(await db(env, 'copy', '--from', 'settings')).toMatchObject({ code: 2, err: expect.stringContaining('needs --to') });
    expect(await db(env, 'copy', '--from', 'settings', '--to', 'settings')).toMatchObject({ code: 2, err: expect.stringContaining('the same database') });
  });

  test('the settings of Dameng are taken, and everybody is told what they are worth', async () => {
    const { err, code } = await natsjob({ ...cleanFolders('dm'), NATSJOB_DB_TYPE: 'dm', NATSJOB_DB_URL: 'dm://SYSDBA:hush-hush@127.0.0.1:1?schema=natsjob' }, 'config', 'check');
    expect({ err, code }).toEqual({ code: 0, err: 'NATSJOB_DB_TYPE: Dameng support was never run against a live server.' });
  });

  const db = (env: Readonly<Record<string, string>>, ...words: string[]) => natsjob(env, 'db', ...words);

  async function natsjob(env: Readonly<Record<string, string>>, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const { command, args } = testedCommand(...words);
    const child = spawn(command, args, { cwd: folder, env: { ...testedEnvironment(), NATSJOB_CONF_DIR: path.join(folder, 'conf'), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text; });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? 128, out: out.trim(), err: err.trim() };
  }

  function cleanFolders(name: string): Record<string, string> {
    const dir = path.join(folder, name);
    mkdirSync(dir);
    return { NATSJOB_DATA_DIR: path.join(dir, 'data'), NATSJOB_CONF_DIR: path.join(dir, 'conf'), NATSJOB_LOG_DIR: path.join(dir, 'logs') };
  }
});
