import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page, RunResource } from '../../src-core/http/contract.ts';
import { ApiClient } from '../client/api-client.ts';
import { allCells, APP, describeOpen, isDone, jobOf, NAMESPACE, noteReceived, noteRuns, type Cell } from './cells.ts';
import { startChild, type Child } from './child.ts';
import { removeTraces } from './remove-traces.ts';
import { openScreen } from './screen.ts';
import { sparePort } from './spare-port.ts';

/** Why the demo did not come to its end; the message is for the person who started it. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/** For what hangs: it takes some ten seconds. */
const LIMIT_MS = 180_000;
const LOOK_MS = 250;
const STOP_MS = 15_000;
const USER = 'demo';
const WORKER_ID = 'demo-worker-1';

interface Stage {
  readonly programDir: string;
  readonly folder: string;
  readonly cells: readonly Cell[];
  readonly abort: AbortSignal;
  /** Starts a script that must not end by itself. */
  start(script: string, args: readonly string[], env: NodeJS.ProcessEnv, onLine: (line: string) => void): void;
}

/**
 * Starts a scheduler and a worker, lets a job for every cell of the table run until each has succeeded, and ends and
 * removes everything again, however it goes. Rejects with DemoFailed, or with the reason of the signal.
 */
export async function runDemo(programDir: string, interrupted: AbortSignal): Promise<void> {
  const cells = allCells();
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-demo-'));
  const children: Child[] = [];
  const failure = new AbortController();
  const limit = setTimeout(() => failure.abort(new DemoFailed(`The time is up: ${LIMIT_MS / 1000} s.`)), LIMIT_MS);
  const removeAtExit = (): void => removeTraces(folder);
  process.once('exit', removeAtExit);
  const abort = AbortSignal.any([interrupted, failure.signal]);
  try {
    await Promise.race([show({ programDir, folder, cells, abort, start }), whenAborted(abort)]);
  } catch (error) {
    const open = cells.filter((cell) => !isDone(cell));
    if (error !== failure.signal.reason || open.length === 0) throw error;
    throw new DemoFailed([(error as DemoFailed).message, 'Not done:', ...open.map(describeOpen)].join('\n'));
  } finally {
    clearTimeout(limit);
    failure.abort();
    // The worker first: its connection would go with the scheduler's NATS server.
    for (const child of children.toReversed()) await child.stop(STOP_MS);
    process.off('exit', removeAtExit);
    removeTraces(folder);
  }

  function start(script: string, args: readonly string[], env: NodeJS.ProcessEnv, onLine: (line: string) => void): void {
    abort.throwIfAborted();
    const child = startChild(path.join(programDir, script), args, env, folder, onLine);
    children.push(child);
    void child.gone.then((how) => failure.abort(new DemoFailed(`${script} ended by itself (${how}).\n${child.lastLines()}`)));
  }
}

async function show({ folder, cells, abort, start }: Stage): Promise<void> {
  const screen = openScreen(cells, process.stdout);
  const [httpPort, natsPort] = [await sparePort(), await sparePort()];
  const natsUrl = `nats://127.0.0.1:${natsPort}`;
  const password = randomBytes(16).toString('base64url');
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('NATSJOB_') || name === 'NATSJOB_NATS_SERVER');
  start('headless.mjs', ['serve'], {
    ...Object.fromEntries(inherited), NATSJOB_HTTP_PORT: String(httpPort), NATSJOB_NATS_PORT: String(natsPort), NATSJOB_LOGIN_USER: USER, NATSJOB_LOGIN_PWD: password,
    NATSJOB_DATA_DIR: path.join(folder, 'data'), NATSJOB_CONF_DIR: path.join(folder, 'conf'), NATSJOB_LOG_DIR: path.join(folder, 'logs'), NATSJOB_LOG_LEVEL: 'warn',
  }, () => {});
  const api = new ApiClient(`http://127.0.0.1:${httpPort}`, USER, password);
  await poll(abort, async () => (await api.page('/readyz', 5_000).catch(() => undefined))?.status === 200);
  screen.say(`The scheduler is at ${api.url}, its NATS at ${natsUrl}, its data in ${folder}`);

  start('demo-worker.mjs', [natsUrl, NAMESPACE, APP, WORKER_ID], { PATH: process.env['PATH'] }, (line) => {
    const message = readLine(line);
    const cell = message && noteReceived(cells, message);
    if (cell && !cell.keepsRuns) screen.tell(cell);
  });
  await poll(abort, async () => (await api.call<Page<unknown>>('GET', '/workers')).items.length > 0);
  screen.say(`The worker ${WORKER_ID} is there: a process with nothing but a NATS client`);

  await api.call('POST', '/namespaces', { body: { name: NAMESPACE, description: 'Made by npm run demo' } });
  await api.call('POST', `/namespaces/${NAMESPACE}/apps`, { body: { name: APP } });
  for (const [index, cell] of cells.entries()) await api.call('POST', '/jobs', { body: jobOf(cell, index) });
  screen.say(`${cells.length} jobs, one for each cell of category × model, each every two or three seconds`);

  await poll(abort, async () => {
    const { items } = await api.call<Page<RunResource>>('GET', '/runs', { query: { namespace: NAMESPACE, app: APP, limit: '200' } });
    for (const cell of noteRuns(cells, items)) screen.tell(cell);
    screen.draw(false);
    return cells.every(isDone);
  });
  screen.draw(true);
  process.stdout.write(`All ${cells.length} cells have run.\n`);
}

/** Asks until the answer is yes. Rejects with the reason of the signal. */
async function poll(abort: AbortSignal, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    abort.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    abort.throwIfAborted();
  }
}

function whenAborted(abort: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (abort.aborted) reject(abort.reason as Error);
    abort.addEventListener('abort', () => reject(abort.reason as Error), { once: true });
  });
}

/** What the worker prints, if it is about a message. */
function readLine(line: string): { job: string; taskId: string } | undefined {
  try {
    const { job, taskId } = JSON.parse(line) as Record<string, unknown>;
    return typeof job === 'string' && typeof taskId === 'string' ? { job, taskId } : undefined;
  } catch {
    return undefined;
  }
}
