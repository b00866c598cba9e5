import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNatsServer } from '../support/nats-server.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** What packing needs of the clone. Packed in a copy, as it changes package.json for a moment. */
const PARTS = ['package.json', 'README.md', 'LICENSE', 'build/npm-manifest.mjs', 'dist/worker', 'dist/scheduler', 'dist/sql-reader.mjs', 'dist/panel'];
const MOST_PACKED_BYTES = 2_500_000;
/** Of the worker's part alone. */
const MOST_BUNDLE_BYTES = 500_000;

/** Each export that a program is likely to begin with, used as its types say. */
const STRICT = `
import { createWorker, cron, every, job, JobQueue, openJobService, openActorPool, openEventBus, openLocks, openStatus, NonRetryableError } from 'natsjob/worker';
import { openScheduler } from 'natsjob/scheduler';
import type { Handler, Run, RunContext } from 'natsjob/worker';

interface Args { readonly pages: number }
const report: Handler<Args, { pages: number }> = async (run: Run<Args>, { lock, checkpoint, status, signal }: RunContext) => {
  const from: number = (await checkpoint.get<number>()) ?? 0;
  await lock.hold('report', { ttl: '30s', signal }, async ({ fence }) => status.set('report', { from, fence }));
  if (run.payload.pages < 0) throw new NonRetryableError('no');
  return { pages: run.payload.pages };
};
const worker = createWorker({ app: 'shop', concurrency: 4 }).handle('report', report);
export const parts: readonly unknown[] = [worker, JobQueue, openActorPool, openEventBus, openLocks, openStatus, openScheduler, openJobService];
export const jobs = [job('report', every('5s'), report, { timeoutMs: 5_000 }), job('nightly', cron('0 0 2 * * *'), () => 1)];
// @ts-expect-error an app is needed
createWorker({});
// @ts-expect-error no such option
worker.handle('other', () => 1, { concurency: 1 });
`;

describe.skipIf(!(await canStartProgram()))('the package natsjob, packed and installed in an empty folder,', () => {
  let folder: string;
  let packed: string;
  let app: string;
  let world: World;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'natsjob-test-npm-')));
    const clone = path.join(folder, 'clone');
    for (const part of PARTS) cpSync(path.join(ROOT, part), path.join(clone, part), { recursive: true });
    npm(clone, 'pack', '--pack-destination', folder);
    packed = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
    expect(readFileSync(path.join(clone, 'package.json'), 'utf8')).toBe(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    app = path.join(folder, 'app');
    mkdirSync(app);
    npm(app, 'init', '-y');
    npm(app, 'install', '--no-audit', '--no-fund', packed);
    world = await openWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('brings the NATS client and nothing else, and is small', () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(app, 'node_modules/natsjob/package.json'), 'utf8')) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies)).toEqual(['@nats-io/jetstream', '@nats-io/transport-node']);
    const installed = readdirSync(path.join(app, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(installed.sort()).toEqual(['@nats-io', 'natsjob', 'tweetnacl']);
    expect(statSync(packed).size).toBeLessThan(MOST_PACKED_BYTES);
    expect(statSync(path.join(app, 'node_modules/natsjob/dist/worker/index.js')).size).toBeLessThan(MOST_BUNDLE_BYTES);
  });

  test('runs a plain JavaScript program', async () => {
    const job = await world.job({ name: 'report' });
    const program = readFileSync(path.join(ROOT, 'examples/worker/worker.mjs'), 'utf8')
      .replace('nats://127.0.0.1:4222', world.program.natsUrl).replace("namespace: 'app'", `namespace: '${NAMESPACE}'`).replace("app: 'shop'", `app: '${job.app}'`);
    writeFileSync(path.join(app, 'worker.mjs'), program);
    const child = spawn(process.execPath, ['worker.mjs'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      await until(() => output.includes('ready'));
      const taskId = await job.start({ args: '{"pages":2}' });
      expect(await world.untilState(taskId, 'completed')).toMatchObject({ reason: '{"pages":2}' });
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      expect((await gone)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('runs a service with the scheduler in it', async () => {
    await using nats = await startNatsServer();
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    npm(app, 'install', '--no-audit', '--no-fund', '--ignore-scripts', `better-sqlite3@${dependencies['better-sqlite3'] ?? ''}`);
    writeFileSync(path.join(app, 'merged.mjs'), readFileSync(path.join(ROOT, 'examples/worker/merged.mjs'), 'utf8').replace('nats://127.0.0.1:4222', nats.url));
    const child = spawn(process.execPath, ['merged.mjs'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      const url = await until(() => /ready (\S+)/.exec(output)?.[1], { deadlineMs: 120_000, what: () => `the service to be ready\n${output}` });
      expect((await fetch(`${url}/`)).status).toBe(200);
      const client = await connect({ servers: nats.url });
      const ends = client.subscribe('$KV.natsjob-job-results.natsjob.job.end.app.shop.beat.*', { max: 1 });
      for await (const end of ends) expect(end.json()).toMatchObject({ status: 'success' });
      await client.close();
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      expect((await gone)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('does nothing when it is imported', () => {
    // Reading files ends when it ends; standard input and output are the process's own.
    const text = "const open = () => process.getActiveResourcesInfo().filter((each) => !/^(Pipe|TTY|FS)/.test(each)).length; const before = open(); await import('natsjob/worker'); console.log(open() - before)";
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', text], { cwd: app, encoding: 'utf8' }).trim()).toBe('0');
  });

  test('has types that a strict program compiles with, and that see its mistakes', () => {
    writeFileSync(path.join(app, 'program.mts'), STRICT);
    const tsc = (...options: string[]): unknown => execFileSync(process.execPath, [
      path.join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--noUncheckedIndexedAccess', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023',
      '--types', 'node', '--typeRoots', path.join(ROOT, 'node_modules/@types'), ...options, 'program.mts',
    ], { cwd: app, stdio: ['ignore', 'inherit', 'inherit'] });
    tsc('--skipLibCheck', 'false');
    // The declarations of the NATS client do not bear this one.
    tsc('--skipLibCheck', '--exactOptionalPropertyTypes');
  });
});

function npm(cwd: string, ...args: string[]): void {
  const npmFile = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npmFile, ['--silent', ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
}
