import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { create, untilAvailable } from '../support/create.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { APP, NAMESPACE, openLoad, readRows, twiceIn } from './outage-load.ts';
import type { Load } from './outage-load.ts';

const LOST = 'the log is new or behind the view: its reading starts from the beginning, the rows stay';

describe.skipIf(!(await canStartProgram()))('what is put back from an old copy', () => {
  test.each(['while it is down', 'while it runs'] as const)('as the store of NATS, %s: one line, the rows stay, the bucket decides which jobs there are, and runs go on', async (when) => {
    using folder = tempFolder();
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
    await using load = await openLoad(program, nats.url);
    await create(program.api, '/jobs', { namespace: NAMESPACE, app: APP, name: 'by-hand', maxRunning: 100, timeoutMs: 600_000 });
    await runByHand(program);
    await nats.stop();
    cpSync(nats.storeDir, folder.dir, { recursive: true });
    await nats.restart();

    await load.untilRunsAgain();
    await create(program.api, '/jobs', { namespace: NAMESPACE, app: APP, name: 'later', schedule: { expression: '* * * * * *' }, maxRunning: 100, timeoutMs: 4_000 });
    await patch(program, 'job-0', { description: 'changed after the copy' });
    const late = await runByHand(program);
    await untilMore(load, 60);
    if (when === 'while it is down') expect(await program.stop()).toBe(0);
    const before = when === 'while it runs' ? await readRows(program) : undefined;
    await nats.stop();
    rmSync(nats.storeDir, { recursive: true });
    cpSync(folder.dir, nats.storeDir, { recursive: true });
    await nats.restart();
    if (when === 'while it is down') await program.restart();

    await until(() => program.output().includes(LOST), { deadlineMs: 60_000, what: () => `the line\n${program.output()}` });
    await load.untilRunsAgain();
    expect(timesSaid(program)).toBe(1);
    await until(() => /"names":\["outage\.load\.later"\].*the definitions bucket is another one/.test(program.output()), { deadlineMs: 60_000, what: () => `the job that is gone\n${program.output()}` });
    await until(async () => (await program.api.get(`/jobs/${NAMESPACE}.${APP}.later`)).status === 404, { deadlineMs: 60_000, what: 'the job to be gone' });
    await until(async () => (await program.api.get(`/jobs/${NAMESPACE}.${APP}.job-0`)).body.description === '', { deadlineMs: 60_000, what: 'the job to be as it was' });
    const again = await runByHand(program);
    expect(Number(again)).toBeGreaterThan(Number(late));
    expect(await program.stop()).toBe(0);
    await program.restart();
    expect(timesSaid(program), 'it is said once').toBe(1);
    const rows = await load.finish();
    expect(twiceIn(rows)).toEqual([]);
    const ids = new Set(rows.map(({ taskId }) => taskId));
    expect([late, again, ...(before ?? []).map(({ taskId }) => taskId)].filter((id) => !ids.has(id))).toEqual([]);
    expect(rows.filter(({ state }) => !['completed', 'expired'].includes(state))).toEqual([]);
    expect(program.output()).not.toMatch(/"level":"error"/);
  });

  test('as the database, under a log that reaches back to it: all that came since is there again', async () => {
    using folder = tempFolder();
    await using program = await startProgram();
    await using load = await openLoad(program);
    expect(await program.stop()).toBe(0);
    copyDatabase(program.dataDir, folder.dir);
    await program.restart();
    await create(program.api, '/jobs', { namespace: NAMESPACE, app: APP, name: 'later', timeoutMs: 4_000 });
    await untilMore(load, 60);
    const wanted = await load.finish();
    expect(await program.stop()).toBe(0);
    copyDatabase(folder.dir, program.dataDir);
    await program.restart();

    // Also ends come a little later than their runs.
    await vi.waitFor(async () => expect(await readRows(program)).toEqual(wanted), { timeout: 60_000 });
    expect((await program.api.get(`/jobs/${NAMESPACE}.${APP}.later`)).status).toBe(200);
    expect(load.seenTwice()).toEqual([]);
    // A machine that stands still for a while is told of, and connections that do not live through it; that is all there may be.
    expect(program.output().split('\n').filter((line) => /"level":"(error|warn)"/.test(line) && !/no longer leading|no tick for a while|NATS connection lost|NATS does not answer|NATS cannot be reached/.test(line))).toEqual([]);
  });
});

/** A reading that breaks off, as when NATS stands still over it, begins from the beginning once more, and says so. */
function timesSaid(program: TestProgram): number {
  const [, ...after] = program.output().split(LOST);
  return after.length - after.slice(0, -1).filter((text) => text.includes('; trying again')).length;
}

function tempFolder(): { readonly dir: string; [Symbol.dispose](): void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'natsjob-test-copy-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

function copyDatabase(from: string, to: string): void {
  const isDatabase = (name: string): boolean => /^natsjob\.sqlite(-wal|-shm)?$/.test(name);
  for (const name of readdirSync(to)) if (isDatabase(name)) rmSync(path.join(to, name));
  for (const name of readdirSync(from)) if (isDatabase(name)) cpSync(path.join(from, name), path.join(to, name));
}

async function runByHand({ api }: TestProgram): Promise<string> {
  const { status, body } = await untilAvailable(() => api.post(`/jobs/${NAMESPACE}.${APP}.by-hand/run`, {}));
  if (status >= 300) throw new Error(`run: ${status} ${JSON.stringify(body)}`);
  await until(async () => (await api.get(`/runs/${body.taskId}`)).body.state === 'completed', { deadlineMs: 60_000, what: 'the run to end' });
  return body.taskId as string;
}

async function patch({ api }: TestProgram, name: string, change: Record<string, unknown>): Promise<void> {
  const { headers } = await api.get(`/jobs/${NAMESPACE}.${APP}.${name}`);
  const { status, body } = await api.patch(`/jobs/${NAMESPACE}.${APP}.${name}`, change, { 'if-match': headers.get('etag') ?? '' });
  if (status !== 200) throw new Error(`patch: ${status} ${JSON.stringify(body)}`);
}

async function untilMore({ witness }: Load, messages: number): Promise<void> {
  const goal = witness.count + messages;
  await until(() => witness.count >= goal, { deadlineMs: 60_000, what: 'more fires' });
}
