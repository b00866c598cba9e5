// node build/package/smoke.mjs <program> [argument …]: does a packed natsjob work on this machine? Needs Node ≥ 20 and nothing else.
// In an empty folder and with next to no environment: start, panel, login, a job that fires, a worker that answers it over plain
// NATS, the end in the view, stop in order; then a second start that still knows the run, kill -9, and a third.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { answerOneRun } from './smoke-worker.mjs';

const START_MS = 120_000;
const STOP_MS = 60_000;
const FIRE_MS = 60_000;
const POLL_MS = 20;
const IS_WINDOWS = process.platform === 'win32';
const JOB = { namespace: 'app', app: 'smoke', name: 'tick', schedule: { expression: '@every 1s' }, category: 'standalone', model: 'max', args: 'hello' };

const [program, ...first] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);

if (program === undefined) {
  process.stderr.write('usage: node build/package/smoke.mjs <program> [argument …]\n');
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob smoke ')); // with blanks, as many folders have on Windows
  let running;
  try {
    await smoke();
    say('The program works.');
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`FAILED ${error.stack}\n${running?.output() ?? ''}\n`);
  } finally {
    running?.child.kill('SIGKILL');
    await endNatsServer();
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    } catch (error) {
      process.stderr.write(`${folder} could not be removed: ${error.message}\n`);
    }
  }

  async function smoke() {
    // Given where others take ports beside it: both are free for a while when the program is started again.
    const [http, nats] = (process.env.NATSJOB_SMOKE_PORTS ?? '').split(',');
    const ports = { http: Number(http) || await sparePort(), nats: Number(nats) || await sparePort() };
    running = await start(ports, 'first start');
    const page = await fetch(running.url, { headers: { connection: 'close' } });
    require((await page.text()).includes('<script') && page.headers.get('content-type')?.startsWith('text/html'), 'the panel is served');
    await call('POST', '/namespaces/app/apps', { name: JOB.app });
    const taskId = await answerOneRun({ port: ports.nats, job: JOB, deadlineMs: FIRE_MS, onListening: () => call('POST', '/jobs', JOB) });
    await until(async () => (await call('GET', `/runs/${taskId}`)).state === 'completed', FIRE_MS, `run ${taskId} to be completed`);
    say(`run ${taskId} fired, answered, completed`);
    await stop('stop');
    running = await start(ports, 'second start');
    require((await call('GET', `/runs/${taskId}`)).state === 'completed', 'the run is still known after a restart');
    running.child.kill('SIGKILL');
    await running.gone;
    running = await start(ports, 'start after kill -9');
    require((await call('GET', `/runs/${taskId}`)).reason === 'from the smoke test', 'the run is still known after kill -9');
    await stop('last stop');
    const left = readdirSync(folder).filter((name) => !['data', 'conf', 'logs'].includes(name));
    require(left.length === 0, `nothing is written beside data, conf and logs (${left.join(', ')})`);
  }

  async function start(ports, what) {
    const started = performance.now();
    // On Windows there are no signals: there it ends when its input does.
    const words = [...first, 'serve', '--http-port', String(ports.http), '--nats-port', String(ports.nats), ...(IS_WINDOWS ? ['--stop-with-stdin'] : [])];
    const child = spawn(path.resolve(program), words, { cwd: folder, env: bareEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output = (output + text).slice(-20_000); });
    const gone = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code ?? signal));
    });
    const one = { child, gone, natsPort: ports.nats, url: `http://127.0.0.1:${ports.http}/`, output: () => output };
    running = one;
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    await until(async () => {
      if (isOver() || child.pid === undefined) throw new Error(`it ended with ${await gone}`);
      return (await fetch(`${one.url}readyz`, { headers: { connection: 'close' } }).catch(() => undefined))?.status === 200;
    }, START_MS, 'it to be ready');
    say(`${what}: ready after ${Math.round(performance.now() - started)} ms`);
    return one;
  }

  async function stop(what) {
    const started = performance.now();
    if (IS_WINDOWS) running.child.stdin.end();
    else running.child.kill('SIGTERM');
    const code = await within(running.gone, STOP_MS, 'it to stop');
    require(code === 0, `it stops with exit code 0 (${code})`);
    require(!(await answers(running.natsPort)), 'its NATS server is gone, too');
    say(`${what}: ended after ${Math.round(performance.now() - started)} ms`);
  }

  async function call(method, at, body) {
    running.token ??= await fetch(`${running.url}natsjob/api/login`, json('POST', { user: 'natsjob', password: 'natsjob' })).then(async (answer) => (await answer.json()).token);
    const answer = await fetch(`${running.url}natsjob/api${at}`, json(method, body, { authorization: `Bearer ${running.token}` }));
    const text = await answer.text();
    require(answer.ok, `${method} ${at} is done (${answer.status} ${text.slice(0, 300)})`);
    return text === '' ? undefined : JSON.parse(text);
  }

  function bareEnvironment() {
    const kept = IS_WINDOWS ? ['SystemRoot', 'TEMP', 'TMP'] : [];
    return { ...Object.fromEntries(kept.map((name) => [name, process.env[name] ?? ''])), HOME: folder, LOCALAPPDATA: folder };
  }

  /** Only when something is amiss does it still live; without an answer on its port the number may be another process's by now. */
  async function endNatsServer() {
    if (running === undefined || !(await answers(running.natsPort))) return;
    process.kill(Number(readFileSync(path.join(folder, 'data', 'nats', 'nats-server.pid'), 'utf8')), 'SIGKILL');
  }
}

function json(method, body, headers = {}) {
  // A connection that is kept may be closed by the other side just as a request goes out on it.
  return { method, headers: { connection: 'close', ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
}

function require(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
}

async function until(isSo, limitMs, what) {
  for (const end = Date.now() + limitMs; !(await isSo()); await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
  }
}

function within(work, limitMs, what) {
  let timer;
  const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`waited ${limitMs / 1000} s for ${what}`)), limitMs); });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** Whether somebody listens on the port. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1').once('error', () => resolve(false)).once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function sparePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
