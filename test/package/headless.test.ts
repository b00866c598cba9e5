import { spawnSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endProcess } from '../support/end-process.ts';
import { completedRuns, filesIn, makeTickingJob, packedFile, processesOf, startPacked, type PackedProgram } from '../support/packed-program.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import { until } from '../support/until.ts';

/** No account has this number. */
const NOBODY_KNOWN = 54_321;
const packed = process.platform === 'linux' ? packedFile(`linux-${process.arch}`) : undefined;

describe.skipIf(packed === undefined)('the packed program, alone in a folder', () => {
  let root = '';
  let folder = '';
  let program = '';

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'natsjob-test-packed-'));
    folder = path.join(root, 'app');
    program = path.join(folder, 'natsjob');
    mkdirSync(folder);
    copyFileSync(packed!.file, program);
  });

  afterEach(() => {
    for (const { pid } of processesOf(folder)) endProcess(pid);
    rmSync(root, { recursive: true, force: true, maxRetries: 20 });
  });

  test('with no environment at all it starts, fires, shows the panel and stops, and leaves no process', async () => {
    await using served = await startPacked({ command: program, cwd: folder, env: {} });
    await using worker = await startPlainWorker({ url: served.natsUrl, namespace: 'packed', app: 'plain', answer: () => ({ status: 'success' }) });
    await makeTickingJob(served.api, 'plain');
    await until(async () => (await completedRuns(served.api)) >= 2, { what: () => `two runs to be completed\n${served.output()}` });
    await until(() => worker.answered >= 2, { what: 'the worker to hear that its answers are stored' });
    await showsPanel(served);
    expect(processesOf(folder)).toHaveLength(2);
    expect(await served.stop()).toBe(0);
    expect(processesOf(folder)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['conf', 'data', 'logs', 'natsjob']);
  });

  test('killed without warning it goes on where it was, with its NATS server taken over', async () => {
    await using served = await startPacked({ command: program, cwd: folder, env: {} });
    await using worker = await startPlainWorker({ url: served.natsUrl, namespace: 'packed', app: 'plain', answer: () => ({ status: 'success' }) });
    await makeTickingJob(served.api, 'plain');
    await until(async () => (await completedRuns(served.api)) >= 1, { what: 'a run to be completed' });
    const unpacked = runtimeFiles(folder);
    const nats = processesOf(folder).find(({ pid }) => pid !== served.pid)!.pid;
    await served.kill();
    const before = worker.answered;
    await served.start();
    expect(processesOf(folder).map(({ pid }) => pid).sort()).toEqual([nats, served.pid].sort());
    await until(() => worker.answered > before + 1, { what: 'runs after the restart' });
    expect(runtimeFiles(folder)).toEqual(unpacked);
    expect(await served.stop()).toBe(0);
    expect(processesOf(folder)).toEqual([]);
  });

  test('writes into its data, conf and logs folders and nowhere else', async () => {
    const elsewhere = path.join(root, 'elsewhere');
    mkdirSync(elsewhere);
    const env = { HOME: elsewhere, TMPDIR: elsewhere, XDG_CACHE_HOME: elsewhere, XDG_CONFIG_HOME: elsewhere, XDG_DATA_HOME: elsewhere, XDG_RUNTIME_DIR: elsewhere };
    const before = statSync(program);
    await using served = await startPacked({ command: program, cwd: folder, env });
    await showsPanel(served);
    expect((await served.api.post('/database/backup', {})).status).toBeLessThan(300);
    expect(await served.stop()).toBe(0);
    expect(filesIn(elsewhere)).toEqual([]);
    expect(filesIn(folder).filter((file) => !/^(data|conf|logs)\//.test(file))).toEqual(['natsjob']);
    expect([statSync(program).mtimeMs, statSync(program).size]).toEqual([before.mtimeMs, before.size]);
  });

  test('unpacks the files of its manifest, and only once', async () => {
    const served = await startPacked({ command: program, cwd: folder, env: {} });
    const first = runtimeFiles(folder);
    expect(Object.keys(first).map((file) => path.basename(file)).sort()).toEqual(['better_sqlite3.node', 'nats-server', 'unpacked.json']);
    expect(await served.stop()).toBe(0);
    await served.start();
    expect(runtimeFiles(folder)).toEqual(first);
    expect(await served.stop()).toBe(0);
    expect(filesIn(path.join(folder, 'data', 'runtime')).filter((file) => file.includes('/code/')), 'compiled code, kept for the next start').not.toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)('runs as a user who has neither an account nor a home', async () => {
    for (const made of [root, folder]) chownSync(made, NOBODY_KNOWN, NOBODY_KNOWN);
    const words = ['--reuid', String(NOBODY_KNOWN), '--regid', String(NOBODY_KNOWN), '--clear-groups', program];
    await using served = await startPacked({ command: 'setpriv', args: words, cwd: folder, env: { PATH: process.env['PATH'] ?? '' } });
    await showsPanel(served);
    expect(await served.stop()).toBe(0);
    expect(statSync(path.join(folder, 'data')).uid).toBe(NOBODY_KNOWN);
  });

  test('looks and helps without making anything', () => {
    for (const words of [['--help'], ['version'], ['doctor'], ['config', 'show']]) {
      const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, env: {}, encoding: 'utf8' });
      expect(status, `${words.join(' ')}: ${stdout}${stderr}`).toBe(words[0] === 'doctor' ? status : 0);
      expect(stderr).toBe('');
    }
    expect(readdirSync(folder)).toEqual(['natsjob']);
    expect(spawnSync(program, ['version'], { env: {}, encoding: 'utf8' }).stdout).toContain(`Node ${process.versions.node}, linux-${process.arch}`);
  });
});

/** The page and everything it names, as a browser fetches it. */
async function showsPanel({ url }: PackedProgram): Promise<void> {
  const page = await fetch(`${url}/`, { headers: { accept: 'text/html' } });
  const html = await page.text();
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const names = [...html.matchAll(/(?:src|href)="(\.?\/?assets\/[^"]+)"/g)].map((found) => found[1]!);
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) {
    for (const encoding of ['br', 'gzip', 'identity']) {
      const file = await fetch(new URL(name, `${url}/`), { headers: { 'accept-encoding': encoding } });
      expect([name, file.status, file.headers.get('content-encoding')]).toEqual([name, 200, encoding === 'identity' ? null : encoding]);
      expect((await file.text()).length).toBeGreaterThan(100);
    }
  }
}

/** Path → when and where it was written; without what V8 keeps. */
function runtimeFiles(folder: string): Record<string, string> {
  const runtime = path.join(folder, 'data', 'runtime');
  return Object.fromEntries(filesIn(runtime).filter((file) => !file.includes('/code/')).map((file) => {
    const { ino, mtimeMs } = statSync(path.join(runtime, file));
    return [file, `${ino} ${mtimeMs}`];
  }));
}
