import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectBus, findNatsServer, probeNats, startEmbeddedNats } from '../../src-core/nats/index.ts';
import type { EmbeddedNats, EmbeddedNatsOptions } from '../../src-core/nats/index.ts';
import type { Clock } from '../../src-core/ports/clock.ts';
import { CONTROL_BUCKET } from '../../src-core/wire/index.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { sparePort } from '../support/spare-port.ts';
import { tick, until } from './bus-stage.ts';

const binary = await natsServerPath();
/** How long whoever looks at a port waits for a greeting. */
const GREETING_MS = 5_000;
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  soon: (action) => void setImmediate(action),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

describe.skipIf(binary === undefined)('the nats-server we run ourselves', () => {
  let folder: string;
  let port: number;
  let recorded = recordingLog();
  const running: EmbeddedNats[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-embedded-'));
    port = await sparePort();
    recorded = recordingLog();
  });
  afterEach(async () => {
    while (running.length > 0) await running.pop()?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As after kill -9 of its owner: the server runs, and nobody mends it when it ends. */
  async function startAndLeave(): Promise<EmbeddedNats> {
    let isOwnerThere = true;
    const left = await start({ clock: { ...clock, after: (delayMs, action) => clock.after(delayMs, () => isOwnerThere && action()) } });
    isOwnerThere = false;
    running.pop();
    return left;
  }

  async function start(more: Partial<EmbeddedNatsOptions> = {}): Promise<EmbeddedNats> {
    const server = await startEmbeddedNats({ binary: async () => binary ?? '', port, storeDir: path.join(folder, 'nats'), log: recorded.log, clock, ...more });
    running.push(server);
    return server;
  }

  it('starts, keeps what is stored, and is gone when stop returns', async () => {
    const server = await start();
    expect(server).toMatchObject({ kind: 'started', url: `nats://127.0.0.1:${port}` });
    const bus = await connectBus({ url: server.url, log: recorded.log, name: 'test', answerMs: PATIENT_MS });
    await patiently(() => bus.ensureObjects({ replicas: 1, maxBytes: 1e8 }));
    await bus.bucket(CONTROL_BUCKET).compareAndSet('key', 'kept', 0);
    await bus.close();
    await server.stop();
    expect(await probeNats(server.url)).toBe('nothing');
    const again = await connectBus({ url: (await start()).url, log: recorded.log, name: 'test', answerMs: PATIENT_MS });
    expect((await again.bucket(CONTROL_BUCKET).get('key'))?.text).toBe('kept');
    await again.close();
  });

  it('is started again after a fifth of a second when it dies', async () => {
    const states: string[] = [];
    const waits: number[] = [];
    const noted: Clock = { ...clock, after: (delayMs, action) => {
      waits.push(delayMs);
      return clock.after(delayMs, action);
    } };
    const server = await start({ clock: noted, onState: (state) => {
      states.push(state);
      if (state === 'restarting') waits.length = 0;
    } });
    const first = server.pid!;
    process.kill(first, 'SIGKILL');
    await until(() => states.includes('running'));
    // What it waits of its own: how long the server takes to start is the machine's affair.
    expect(waits[0]).toBe(200);
    expect(server.pid).not.toBe(first);
    expect(await probeNats(server.url)).toBe('jetstream');
  });

  it('stops while it is being started again', async () => {
    const server = await start();
    process.kill(server.pid!, 'SIGKILL');
    await until(() => server.pid === undefined);
    await server.stop();
    expect(await probeNats(server.url)).toBe('nothing');
  });

  it('is adopted when a killed scheduler left it, mended, and stopped in the end', async () => {
    const left = await startAndLeave();
    const heir = await start({ binary: async () => binary ?? '' });
    expect(heir).toMatchObject({ kind: 'adopted', pid: left.pid });
    await heir.stop();
    expect(await probeNats(heir.url)).toBe('nothing');
  });

  it('is waited for while it listens and has no time to speak, and adopted in the end', async () => {
    const left = await startAndLeave();
    process.kill(left.pid!, 'SIGSTOP');
    try {
      const adopting = start();
      adopting.catch(() => undefined);
      // It was looked at once in vain by then.
      await tick(GREETING_MS + 500);
      process.kill(left.pid!, 'SIGCONT');
      expect(await adopting).toMatchObject({ kind: 'adopted', pid: left.pid });
    } finally {
      process.kill(left.pid!, 'SIGCONT');
    }
  });

  it('is started anew where the one of an earlier start ends at the moment it is looked at', async () => {
    const store = path.join(folder, 'nats');
    mkdirSync(store);
    // Takes a connection as it ends: that is closed without a word.
    const ending = spawn(process.execPath, ['-e', `require('node:net').createServer((socket) => process.exit()).listen(${port}, '127.0.0.1', () => console.log('listens'))`, path.join(realpathSync(store), 'nats-server.conf')]);
    await once(ending.stdout, 'data');
    writeFileSync(path.join(store, 'nats-server.pid'), String(ending.pid));
    expect(await start()).toMatchObject({ kind: 'started' });
  });

  it('is waited for when it begins to listen long before it speaks', async () => {
    const slow = path.join(folder, 'slow.mjs');
    // Silent until whoever looks goes away; then it becomes the server.
    writeFileSync(slow, `#!${process.execPath}
      import { spawn } from 'node:child_process';
      import { createServer } from 'node:net';
      const silent = createServer((socket) => socket.resume().on('close', () => silent.listening && silent.close(() => {
        const child = spawn(${JSON.stringify(binary)}, process.argv.slice(2), { stdio: 'ignore' });
        child.on('exit', (code) => process.exit(code ?? 1));
        process.on('SIGTERM', () => child.kill('SIGTERM'));
      })).on('error', () => undefined)).listen(${port}, '127.0.0.1');`, { mode: 0o755 });
    const server = await start({ binary: async () => slow });
    expect(server.kind).toBe('started');
    expect(await probeNats(server.url)).toBe('jetstream');
  });

  it('outlives the kill -9 of the process that started it', async () => {
    const script = `
      import { startEmbeddedNats } from ${JSON.stringify(new URL('../../src-core/nats/index.ts', import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const clock = { now: Date.now, monotonic: () => performance.now(), soon: setImmediate, after: (ms, f) => { const t = setTimeout(f, ms); return () => clearTimeout(t); } };
      const server = await startEmbeddedNats({ binary: async () => ${JSON.stringify(binary)}, port: ${port}, storeDir: ${JSON.stringify(path.join(folder, 'nats'))}, log, clock });
      console.log(server.pid);
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(String((await once(owner.stdout, 'data'))[0]));
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const heir = await start();
    expect(heir).toMatchObject({ kind: 'adopted', pid });
  });

  describe('under a helper, as on Windows', () => {
    /** Does what natsjob-helper.exe does, and writes down what it was asked. */
    function fakeHelper(): string {
      const file = path.join(folder, 'helper.mjs');
      writeFileSync(file, `#!${process.execPath}
        import { spawn } from 'node:child_process';
        import { appendFileSync } from 'node:fs';
        const [what, ...words] = process.argv.slice(2);
        const note = (text) => appendFileSync(${JSON.stringify(path.join(folder, 'asked'))}, text + '\\n');
        if (what === 'ctrl-c') { note('ctrl-c'); process.kill(Number(words[0]), 'SIGTERM'); }
        else {
          const child = spawn(words[1], words.slice(2), { stdio: 'ignore' });
          child.on('exit', (code) => process.exit(code ?? 1));
          process.stdin.on('end', () => { note('input closed'); child.kill('SIGTERM'); }).resume();
        }`, { mode: 0o755 });
      return file;
    }
    const asked = (): string => readFileSync(path.join(folder, 'asked'), 'utf8').trim();

    it('is asked to stop by closing the helper\'s input', async () => {
      const server = await start({ helper: fakeHelper() });
      expect(Number(readFileSync(path.join(folder, 'nats', 'nats-server.pid'), 'utf8'))).not.toBe(server.pid);
      await server.stop();
      expect(asked()).toBe('input closed');
      expect(await probeNats(server.url)).toBe('nothing');
      expect(readFileSync(path.join(folder, 'nats', 'nats-server.log'), 'utf8')).toContain('Server Exiting');
    });

    it('is asked by its process id when it was adopted', async () => {
      await startAndLeave();
      const heir = await start({ helper: fakeHelper() });
      expect(heir.kind).toBe('adopted');
      await heir.stop();
      expect(asked()).toBe('ctrl-c');
      expect(await probeNats(heir.url)).toBe('nothing');
    });

    it('is run without one that cannot be started, and says so', async () => {
      const server = await start({ helper: path.join(folder, 'nothing-here') });
      await server.stop();
      expect(await probeNats(server.url)).toBe('nothing');
      expect(recorded.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    });
  });

  it('uses somebody else\'s JetStream server and leaves it running', async () => {
    const other = await startNatsServer();
    const server = await start({ port: other.port, binary: () => Promise.reject(new Error('must not be asked')) });
    expect(server).toMatchObject({ kind: 'external', pid: undefined });
    await server.stop();
    expect(await probeNats(other.url)).toBe('jetstream');
    await other[Symbol.asyncDispose]();
  });

  it('is known by its greeting though it comes late, or is looked at late', async () => {
    const late = createServer((socket) => void setTimeout(() => socket.write('INFO {"jetstream":true}\r\n'), 1_300)).listen(port, '127.0.0.1');
    await once(late, 'listening');
    expect(await probeNats(`nats://127.0.0.1:${port}`)).toBe('jetstream');
    const closed = once(late, 'close');
    late.close();
    await closed;
    const other = await startNatsServer();
    const answer = probeNats(other.url);
    // This process stands still for longer than the limits.
    for (const began = performance.now(); performance.now() - began < 6_000; ) continue;
    expect(await answer).toBe('jetstream');
    await other[Symbol.asyncDispose]();
  });

  it('names the port that something else holds', async () => {
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    web.listen(port, '127.0.0.1');
    await once(web, 'listening');
    await expect(start()).rejects.toMatchObject({ name: 'PortTakenError', port, message: expect.stringContaining(String(port)) as string });
    web.close();
  });

  it('refuses a server without JetStream', async () => {
    const other = await startNatsServer({ jetstream: false });
    await expect(start({ port: other.port })).rejects.toMatchObject({ name: 'JetStreamOffError' });
    await other[Symbol.asyncDispose]();
  });

  it.each([['that does not exist', '/nowhere/nats-server'], ['that ends at once', '/bin/false']])('says why a server %s does not start', async (_what, file) => {
    await expect(start({ binary: async () => file })).rejects.toMatchObject({ name: 'NatsServerFailedError' });
  });

  it('is found beside the app, in the cache, or on PATH, and its absence is named', async () => {
    const beside = path.dirname(binary ?? '');
    expect(await findNatsServer({ beside: [beside], environment: {} })).toMatchObject({ path: binary, source: 'beside the app' });
    expect(await findNatsServer({ beside: [], environment: { XDG_CACHE_HOME: folder, LOCALAPPDATA: folder, PATH: beside } })).toMatchObject({ source: expect.stringMatching(/PATH|cache/) as string });
    await expect(findNatsServer({ beside: [], environment: { XDG_CACHE_HOME: folder, LOCALAPPDATA: folder, PATH: folder } })).rejects.toMatchObject({ name: 'NatsServerMissingError' });
  });
});
