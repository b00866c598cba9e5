import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askedSubject, encodeAsked, encodeReport, type Report, reportSubject } from '../../src-core/wire/index.ts';
import { connectAnyNode } from '../support/any-node.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { sparePort } from '../support/spare-port.ts';
import { testedCommand, testedEnvironment } from '../support/tested-program.ts';
import { until } from '../support/until.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function launch(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): ChildProcess {
  const { command, args: words } = testedCommand(...args);
  return spawn(command, words, { cwd, env: { ...testedEnvironment(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

async function outcome(child: ChildProcess, input = ''): Promise<Outcome> {
  let [out, err] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => { out += text; });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { err += text; });
  child.stdin!.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 128, out: out.trim(), err: err.trim() };
}

describe.skipIf(!(await canStartProgram()))('the commands, with a running scheduler', () => {
  let program: TestProgram;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-cli-'));
    program = await startProgram();
  });
  afterAll(async () => {
    await program[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Finds the scheduler by its data folder, as on a machine of one's own. */
  const env = (): Record<string, string> => ({ NATSJOB_DATA_DIR: program.dataDir, NATSJOB_LOGIN_USER: 'tester', NATSJOB_LOGIN_PWD: 'a password of this test' });
  const run = (line: string, input?: string): Promise<Outcome> => outcome(launch(line.split(' '), env(), folder), input);

  it('apply creates, then changes, then has nothing to do; and takes what get gives', async () => {
    const file = path.join(folder, 'jobs.yaml');
    const text = 'app: biz\nname: one\nschedule: {expression: "0 0 3 * * *"}\ncategory: standalone\nmodel: max\n---\n- {app: biz, name: two, schedule: {expression: "@every 1h"}, category: standalone, model: lite}\n';
    writeFileSync(file, text);
    expect(await run('job apply -f jobs.yaml')).toEqual({ code: 0, out: 'app.biz.one created\napp.biz.two created', err: 'App app.biz created' });
    expect(await run('job apply -f jobs.yaml')).toMatchObject({ code: 0, out: 'app.biz.one unchanged\napp.biz.two unchanged' });
    writeFileSync(file, text.replace('0 0 3', '0 0 4'));
    expect(await run('job apply -f jobs.yaml')).toMatchObject({ code: 0, out: 'app.biz.one updated\napp.biz.two unchanged' });
    const { out: yaml } = await run('job get app.biz.one');
    expect(yaml).toContain('expression: 0 0 4 * * *');
    expect(await run('job apply -f -', yaml)).toMatchObject({ code: 0, out: 'app.biz.one unchanged' });
    expect(await run('job apply -f -', '{"app":"biz","name":"one","model":"mxa"}')).toMatchObject({ code: 1, out: 'app.biz.one failed', err: expect.stringContaining('model') as string });
  });

  it('job ls and get tell what is there, as text and as JSON', async () => {
    expect((await run('job ls')).out).toMatch(/^JOB .*\napp\.biz\.one +0 0 4 \* \* \* +standalone max +enabled/);
    const { items } = JSON.parse((await run('job ls --namespace app --json')).out) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(JSON.parse((await run('job get app.biz.two --json')).out)).toMatchObject({ namespace: 'app', app: 'biz', name: 'two', model: 'lite' });
    expect(await run('job get app.biz.none')).toMatchObject({ code: 1, out: '', err: 'natsjob: There is no job "app.biz.none".' });
  });

  it('disable and enable change the state, and say when it is so already', async () => {
    expect(await run('job disable app.biz.one app.biz.none app.biz.two')).toMatchObject({ code: 1, out: 'app.biz.one disabled\napp.biz.two disabled', err: 'natsjob: app.biz.none: There is no job "app.biz.none".' });
    expect((await run('job enable app.biz.one app.biz.two')).out).toBe('app.biz.one enabled\napp.biz.two enabled');
    expect((await run('job enable app.biz.one')).out).toBe('app.biz.one is enabled already');
  });

  it('a run is started, followed, listed, shown and cancelled; a second one is refused with the reason', async () => {
    const tail = launch(['runs', 'tail', '--job', 'app.biz.one', '--json'], env(), folder);
    let followed = '';
    tail.stdout!.setEncoding('utf8').on('data', (text: string) => { followed += text; });
    const gone = once(tail, 'close');
    // The feed tells only what happens after it is subscribed to, and the subscription itself is not shown.
    await until(async () => {
      const { body } = await program.api.post('/jobs/app.biz.one/run');
      await program.api.post(`/runs/${body.taskId}/cancel`);
      return followed.includes('"cancelled"') && followed.endsWith('\n');
    }, { what: 'the feed to tell of a run' });

    const started = await run('job run app.biz.one --priority high --args-json {"x":1}');
    const taskId = started.out.split(' ')[0] ?? '';
    expect(started).toMatchObject({ code: 0, out: expect.stringMatching(/^\d{15,19} active$/) as string });
    expect(await run('job run app.biz.one')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('overlap') as string });
    await until(async () => (await run('runs ls --job app.biz.one')).out.includes(taskId), { what: 'the run in the list' });
    expect(JSON.parse((await run(`runs get ${taskId} --json`)).out)).toMatchObject({ taskId, state: 'active', priority: 10, args: '{"x":1}', events: expect.any(Array) as unknown });
    expect(await run(`runs cancel ${taskId} 1`)).toMatchObject({ code: 1, out: `${taskId} cancelled` });
    expect((await run(`runs get ${taskId}`)).out).toMatch(/^state +cancelled$/m);

    const told = (): { taskId: string; state: string }[] => followed.slice(0, followed.lastIndexOf('\n')).split('\n').map((line) => JSON.parse(line) as { taskId: string; state: string });
    await until(() => told().some((one) => one.taskId === taskId && one.state === 'cancelled'), { what: () => `the cancelled run in the feed: ${followed}` });
    tail.kill('SIGINT');
    expect((await gone)[0]).toBe(0);
  });

  it('what a run has of its own, and how many runs a worker takes at once, is shown', async () => {
    await using any = await connectAnyNode(program.natsUrl);
    any.publish(askedSubject('app', 'biz', 'one'), encodeAsked({ at: Date.now(), runs: [{ args: 'mine', delayMs: 3_600_000, timeoutMs: 90_000, backoff: { type: 'fixed', delayMs: 250 } }] }));
    let found = '';
    await until(async () => (found = (await run('runs ls --job app.biz.one --state delayed')).out.split('\n')[1]?.split(' ')[0] ?? '') !== '', { what: 'the run that was asked for' });
    expect((await run(`runs get ${found}`)).out).toMatch(/^own +\{"timeoutMs":90000,"retry":\{"backoff":"fixed","delayMs":250\}\}$/m);
    await run(`runs cancel ${found}`);
    let shown = '';
    await until(async () => {
      // One heartbeat lasts for fifteen seconds, and each command is a process that has to start.
      any.publish('$KV.natsjob-heartbeat.natsjob.heartbeat.client.app.biz.w1', JSON.stringify({ id: 'w1', namespace: 'app', appName: 'biz', capacity: 32, comment: 'rack 7' }));
      return (shown = (await run('workers --app biz')).out).includes(' live ');
    }, { what: () => `the worker to live: ${shown}` });
    expect(shown).toMatch(/^WORKER +APP .*\nw1 +app\.biz +live +100 +32 +0 +- +\S+ +rack 7$/);
    expect(JSON.parse((await run('workers --namespace app --json')).out)).toMatchObject({ items: [{ id: 'w1', capacity: 32 }] });
  });

  it('what a worker reports of a run is shown, and followed until the run has ended', async () => {
    await using any = await connectAnyNode(program.natsUrl);
    const taskId = (await run('job run app.biz.one')).out.split(' ')[0] ?? '';
    const tell = (report: Report): void => any.publish(reportSubject('app', 'biz', 'one', taskId), encodeReport(report)!);
    tell({ kind: 'log', at: Date.UTC(2026, 0, 1), level: 'warn', text: 'disk 90 %' });
    tell({ kind: 'progress', at: Date.UTC(2026, 0, 1), progress: 40 });
    await until(async () => (await run(`runs log ${taskId}`)).out.includes('progress 40 %'), { what: 'both reports' });
    const follow = launch(['runs', 'log', taskId, '--follow', '--json'], env(), folder);
    const followed = outcome(follow);
    tell({ kind: 'result', at: Date.UTC(2026, 0, 1), value: [1] });
    // Reports and ends are two streams without an order between them.
    await until(async () => (await run(`runs log ${taskId}`)).out.includes('result [1]'), { what: 'the result' });
    await any.ask('run.cancel', { taskId });
    const { code, out } = await followed;
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => JSON.parse(line) as object)).toMatchObject([{ kind: 'log', level: 'warn', text: 'disk 90 %' }, { progress: 40 }, { value: [1] }]);
    expect(await run('runs log 437500000000000001')).toMatchObject({ code: 1, out: '' });
  });

  it('status, doctor and healthcheck agree that it runs', async () => {
    expect(await run('status')).toMatchObject({ code: 0, out: expect.stringMatching(/: ready\njobs 2 /) as string });
    expect(JSON.parse((await run('status --json')).out)).toMatchObject({ url: program.url, ready: { status: 'ready' }, servers: [{ role: 'leader', pid: program.pid }] });
    expect(await run('healthcheck --ready')).toEqual({ code: 0, out: '', err: '' });
    const { findings } = JSON.parse((await run('doctor --json')).out) as { findings: { name: string; ok: boolean; detail: string }[] };
    expect(findings.find(({ name }) => name === 'running')?.detail).toContain(`process id ${program.pid} at ${program.url}`);
    expect(findings.find(({ name }) => name === 'HTTP')).toMatchObject({ ok: true });
  });

  it('a wrong password is a line, and never shown', async () => {
    const { code, err } = await outcome(launch(['job', 'ls', '--url', program.url], { ...env(), NATSJOB_LOGIN_PWD: 'hush-hush' }, folder));
    expect(code).toBe(1);
    expect(err).toContain('NATSJOB_LOGIN_PWD');
    expect(err).not.toContain('hush-hush');
  });

  it('rm deletes', async () => {
    expect(await run('job rm app.biz.one app.biz.two')).toMatchObject({ code: 0, out: 'app.biz.one deleted\napp.biz.two deleted' });
    expect((await run('job ls')).out).not.toContain('app.biz');
  });

  it('a second one in the same data folder is told who is there, with 75', async () => {
    const { code, err } = await outcome(launch(['serve', '--http-port', '0', '--conf', 'c2', '--logs', 'l2'], env(), folder));
    expect([code, err]).toEqual([75, `natsjob: The data folder ${program.dataDir} is in use by the natsjob with process id ${program.pid} at ${program.url}; stop it or choose another folder with --data.`]);
  });
});

describe.skipIf(!(await canStartProgram()))('serve', () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-serve-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  async function serve(...args: string[]): Promise<ChildProcess> {
    const child = launch(['serve', '--http-port', String(await sparePort()), '--nats-port', String(await sparePort()), ...args], {}, folder);
    children.push(child);
    return child;
  }

  async function banner(child: ChildProcess): Promise<string[]> {
    let out = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => { out += text; });
    await until(() => out.split('\n').length > 6, { what: () => `the banner: ${out}` });
    return out.trim().split('\n');
  }

  it('starts from nothing: settings file, key and node of its own, six lines, and ends with 0', async () => {
    const child = await serve();
    const lines = await banner(child);
    expect(lines.map((line) => line.split(/ +/)[0])).toEqual(['URL', 'Data', 'Config', 'NATS', 'Role', 'Version']);
    // It waits for its start for some seconds only before it tells where it is.
    expect(lines[4]).toMatch(/^Role +(leader|starting) \(/);
    const ready = `${lines[0]!.split(/ +/)[1]}readyz`;
    await until(async () => ((await (await fetch(ready)).json()) as { role: string }).role === 'leader', { what: 'it to lead' });
    expect(readFileSync(path.join(folder, 'conf', 'config.yaml'), 'utf8')).toContain('NATSJOB_HTTP_PORT: "7788"');
    for (const file of ['conf/config.yaml', 'data/secret.key', 'data/natsjob.sqlite']) expect(statSync(path.join(folder, file)).mode & 0o077).toBe(0);
    expect(readFileSync(path.join(folder, 'data', 'secret.key'), 'utf8')).toMatch(/^[\w-]{43}\n$/);
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(readFileSync(path.join(folder, 'logs', 'natsjob.log'), 'utf8').trim().split('\n').at(-1)).toContain('"Stopped"');
  });

  it('waits for a NATS server that is named and away, with HTTP up and a reason, and stops all the same', async () => {
    const port = await sparePort();
    const child = await serve('--nats-url', `nats://user:hush@127.0.0.1:${port}`);
    const lines = await banner(child);
    expect(lines[3]).toBe(`NATS     nats://127.0.0.1:${port} (away, trying on)`);
    const ready = await fetch(`${lines[0]!.split(/ +/)[1]}readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not-ready', problems: expect.arrayContaining(['NATS is not connected']) as unknown });
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(readFileSync(path.join(folder, 'logs', 'natsjob.log'), 'utf8')).not.toContain('hush');
  });

  it.each([
    ['a NATS server that is required and away', ['--nats-url', 'nats://127.0.0.1:9', '--require-nats'], 69, 'must be there'],
    ['settings that cannot be used', ['--log-env', 'xml'], 78, 'Flag --log-env: must be console or json'],
    ['a data folder that is a file', ['--data', 'file'], 78, 'is not a folder'],
    ['a flag that is none', ['--nonsense-flag'], 2, 'has no flag --nonsense-flag'],
    ['an address that is not of this machine', ['--http-host', '192.0.2.1'], 78, 'Cannot listen on 192.0.2.1'],
  ])('refuses %s', async (_name, args, code, sentence) => {
    writeFileSync(path.join(folder, 'file'), '');
    const refused = await outcome(await serve(...args));
    expect(refused.code).toBe(code);
    expect(refused.err).toContain(sentence);
  });

  it('refuses a port that is taken, and leaves nothing running or locked', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const refused = await outcome(await serve('--http-port', String(port)));
    other.close();
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`Port ${port} on 127.0.0.1 is taken`);
    await banner(await serve());
  });

  it.skipIf(process.platform === 'win32')('reads the settings anew on SIGHUP, and keeps the old ones when they are broken', async () => {
    const child = await serve();
    const log = (): string => readFileSync(path.join(folder, 'logs', 'natsjob.log'), 'utf8');
    const file = path.join(folder, 'conf', 'config.yaml');
    await banner(child);
    writeFileSync(file, 'NATSJOB_LOG_LEVEL: loud\n');
    child.kill('SIGHUP');
    await until(() => log().includes('config.yaml:1 NATSJOB_LOG_LEVEL: must be debug'), { what: 'the mistake in the log' });
    writeFileSync(file, 'NATSJOB_LOG_LEVEL: debug\nNATSJOB_LOGIN_USER: me\n');
    child.kill('SIGHUP');
    await until(() => log().includes('"needRestart":["NATSJOB_LOGIN_USER"]'), { what: 'the new settings in the log' });
  });

  it('goes on without a settings file where none can be written', async () => {
    mkdirSync(path.join(folder, 'conf'));
    writeFileSync(path.join(folder, 'conf', 'in-the-way'), '');
    const lines = await banner(await serve('--conf', 'conf/in-the-way/below'));
    expect(lines[2]).toContain('no file');
  });
});
