import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOneRun } from '../../build/package/smoke-worker.mjs';
import { probeNats } from '../../src-core/nats/index.ts';
import { endProcess } from '../support/end-process.ts';
import { programApi } from '../support/program-api.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';
import { missingForWine, startWine, windowsPath, type Wine, type WineProcess } from '../support/wine.ts';

/*
 * The packed program for Windows under wine 8, which shows less than Windows does. Not seen here:
 * - Node's own pipes to programs outside and its fetch, which fail under wine: so no `status` or `healthcheck`;
 * - Ctrl-Break, which wine does not have (Ctrl-C stands in for it), and with it natsjob-helper's ctrl-c;
 * - who may use which folder, the account, delayed start, and whether recovery actions are carried out: wine knows none of them.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
const PROGRAM = path.join(ROOT, 'dist', 'release', `natsjob-${version}-win-x64.exe`);
const JOB = { namespace: 'app', app: 'smoke', name: 'tick', schedule: { expression: '@every 1s' }, category: 'standalone', model: 'max', args: 'hello' };
const START_MS = 90_000;

const missing = [...missingForWine(), ...(existsSync(PROGRAM) ? [] : [`${path.relative(ROOT, PROGRAM)} (npm run package -- headless --target=win-x64)`])];
if (missing.length > 0) {
  if (process.env['CI']) throw new Error(`missing: ${missing.join(', ')}`);
  process.stderr.write(`SKIPPED test/package/wine.test.ts, as there is no ${missing.join(', ')}\n`);
}

describe.skipIf(missing.length > 0)('the packed program for Windows, under wine', () => {
  let wine: Wine;
  let helper: string;
  let ports: { http: number; nats: number };

  beforeAll(async () => {
    wine = await startWine();
    ports = { http: await sparePort(), nats: await sparePort() };
    const { out, err, code } = await wine.run(PROGRAM, 'service', 'status');
    expect({ out, err, code }).toEqual({ out: 'natsjob: not installed', err: '', code: 4 });
    helper = find(path.join(wine.localAppData, 'natsjob'), 'natsjob-helper.exe');
  });
  afterAll(() => wine?.[Symbol.asyncDispose]());

  const api = () => programApi(`http://127.0.0.1:${ports.http}`, 'natsjob', 'natsjob');
  const natsUrl = () => `nats://127.0.0.1:${ports.nats}`;
  const isReady = async (): Promise<boolean> => (await api().get('//readyz').catch(() => undefined))?.status === 200;
  const settings = (): string[] => ['--http-port', String(ports.http), '--nats-port', String(ports.nats)];

  /** Under the helper, which presses Ctrl-C when its own input closes: as natsjob runs its NATS server. */
  async function startProgram(folder: string): Promise<WineProcess> {
    const place = ['data', 'conf', 'logs'].flatMap((name) => [`--${name}`, windowsPath(path.join(folder, name))]);
    const running = wine.start(helper, 'run', '--', windowsPath(PROGRAM), 'serve', ...settings(), ...place);
    await until(isReady, { deadlineMs: START_MS, what: () => `it to be ready\n${running.output()}` });
    return running;
  }

  it('starts, serves the panel, fires, takes an answer, and knows it after a stop and after kill -9', async () => {
    const folder = path.join(wine.drive, 'natsjob with blanks');
    mkdirSync(folder);
    const natsLog = (): string => readFileSync(path.join(folder, 'data', 'nats', 'nats-server.log'), 'utf8');
    const ends = (): number => natsLog().split('Server Exiting').length - 1;

    let running = await startProgram(folder);
    expect((await api().get('//')).body).toContain('<script');
    await api().post('/namespaces/app/apps', { name: JOB.app });
    const id = await answerOneRun({ port: ports.nats, job: JOB, deadlineMs: START_MS, onListening: async () => void (await api().post('/jobs', JOB)) });
    await until(async () => (await api().get(`/runs/${id}`)).body.state === 'completed', { deadlineMs: START_MS, what: 'the run to be completed' });
    expect(await running.closeInput()).toBe(0);
    expect(readFileSync(path.join(folder, 'logs', 'natsjob.log'), 'utf8')).toContain('"msg":"Stopped"');
    expect(ends()).toBe(1);
    expect(await probeNats(natsUrl())).toBe('nothing');

    running = await startProgram(folder);
    expect((await api().get(`/runs/${id}`)).body).toMatchObject({ state: 'completed', reason: 'from the smoke test' });
    for (const pid of wine.pidsOf(`${windowsPath(PROGRAM)} serve`).filter((one) => !wine.pidsOf('natsjob-helper').includes(one))) endProcess(pid);
    await running.gone;
    // Nobody asked it: it sees that natsjob is gone.
    await until(() => ends() === 2, { what: 'the NATS server to end in order' });

    running = await startProgram(folder);
    expect((await api().get(`/runs/${id}`)).body.state).toBe('completed');
    expect(await running.closeInput()).toBe(0);
    expect(ends()).toBe(3);
  });

  it('is installed as a service, which starts, stops in order, and goes', async () => {
    const logs = path.join(wine.drive, 'ProgramData', 'natsjob', 'logs', 'natsjob.log');
    const status = async (): Promise<Record<string, unknown>> => JSON.parse((await wine.run(PROGRAM, 'service', 'status', '--json')).out) as Record<string, unknown>;
    expect(await wine.run(PROGRAM, 'service', 'install', '--no-start', ...settings())).toMatchObject({ code: 0, out: expect.stringContaining('not started') as string });
    expect(await status()).toMatchObject({ installed: true, running: false, enabled: true });

    expect(await wine.run(PROGRAM, 'service', 'start')).toMatchObject({ code: 0, out: 'Service natsjob is started.' });
    expect(await status()).toMatchObject({ running: true });
    await until(isReady, { deadlineMs: START_MS, what: 'the service to be ready' });
    expect(readFileSync(find(path.join(wine.drive, 'ProgramData', 'natsjob-service'), 'natsjob-helper.exe')).length).toBe(readFileSync(helper).length);

    expect(await wine.run(PROGRAM, 'service', 'stop')).toMatchObject({ code: 0, out: 'Service natsjob is stopped.' });
    expect(await status()).toMatchObject({ running: false });
    expect(readFileSync(logs, 'utf8')).toContain('"msg":"Stopped"');
    expect(await probeNats(natsUrl())).toBe('nothing');

    expect(await wine.run(PROGRAM, 'service', 'uninstall')).toMatchObject({ code: 0 });
    expect(await wine.run(PROGRAM, 'service', 'start')).toMatchObject({ code: 4 });
    expect(existsSync(logs)).toBe(true);
    expect(existsSync(path.join(wine.drive, 'ProgramData', 'natsjob-service', 'natsjob'))).toBe(false);
  });

  it('is a service that says with which exit code it did not start', async () => {
    const words = ['--data', 'C:\\broken\\data', '--conf', 'C:\\broken\\conf', '--logs', 'C:\\broken\\logs', '--http-host', 'not a host'];
    expect(await wine.run(helper, 'service', 'install', '--name', 'broken', '--dir', 'C:\\broken', '--', windowsPath(PROGRAM), 'serve', '--stop-with-stdin', ...words)).toMatchObject({ code: 0 });
    expect(await wine.run(helper, 'service', 'start', '--name', 'broken')).toMatchObject({ code: 1, err: expect.stringContaining('has stopped again with exit code 78') as string });
    expect(JSON.parse((await wine.run(helper, 'service', 'status', '--name', 'broken')).out)).toMatchObject({ installed: true, state: 'stopped', exitCode: 78 });
    expect(await wine.run(helper, 'service', 'uninstall', '--name', 'broken')).toMatchObject({ code: 0 });
  });
});

/** The one file of this name below the folder. Throws when there is none. */
function find(folder: string, name: string): string {
  const [found] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) === name);
  if (found === undefined) throw new Error(`no ${name} below ${folder}`);
  return path.join(folder, found);
}
