import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/errors.ts';
import { lockKey, WORKER_PREFIX, WORKER_STREAM } from '../../src-core/wire/index.ts';
import { BadOptionError, LockHeldError, LockLostError, openConnection, openLocks, openStatus } from '../../src-core/worker/index.ts';
import type { Lock, OpenLocks, WorkerConnection } from '../../src-core/worker/index.ts';
import { awakeMs } from '../support/awake-time.ts';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';

/** Whoever holds it may stand still for three seconds and has it still. */
const TTL_MS = 6_000;
const HOLDER = fileURLToPath(new URL('../support/lock-holder.ts', import.meta.url));

describe.skipIf(!(await natsServerPath()))('a lock', () => {
  let server: TestNatsServer;
  let one: OpenLocks;
  let two: OpenLocks;
  let connection: WorkerConnection;
  const holders: Holder[] = [];

  beforeAll(async () => {
    server = await startNatsServer();
    connection = await openConnection({ url: server.url });
    [one, two] = await Promise.all([openLocks({ url: server.url, holder: 'one' }), openLocks({ url: server.url, holder: 'two' })]);
  });
  afterEach(() => Promise.all(holders.splice(0).map((holder) => holder.kill())));
  afterAll(async () => {
    await one.close();
    await two.close();
    await connection.close();
    await server[Symbol.asyncDispose]();
  });

  function holder(key: string, ttlMs: number, waitMs = 60_000): Holder {
    const started = new Holder(server.url, key, ttlMs, waitMs);
    holders.push(started);
    return started;
  }

  /** The lock, or undefined when another one has it; asked again where this process stood still for longer than it waits for an answer. */
  function tried(locks: OpenLocks, key: string): Promise<Lock | undefined> {
    return patiently(() => locks.tryAcquire(key));
  }

  /** When the revision of a lock was stored, by the server's clock; the newest one if none is given. */
  async function storedAt(key: string, revision?: number): Promise<number> {
    const message = await until(() => connection.manager.streams.getMessage(WORKER_STREAM, revision === undefined ? { last_by_subj: WORKER_PREFIX + lockKey(key) } : { seq: revision }).catch(() => undefined));
    return message.time.getTime();
  }

  it('is held by one, who is named to the others', async () => {
    const lock = await one.acquire('job:sync user/ä', { wait: '60s' });
    await expect(patiently(() => two.acquire('job:sync user/ä'))).rejects.toThrow('The lock "job:sync user/ä" is held by one.');
    expect(await tried(two, 'job:sync user/ä')).toBeUndefined();
    expect(lock.isHeld).toBe(true);
    await lock.release();
    expect(lock.isHeld).toBe(false);
    expect(lock.signal.aborted).toBe(false);
    const next = await two.acquire('job:sync user/ä', { wait: '60s' });
    expect(next.fence).toBeGreaterThan(lock.fence);
    await lock.release();
    expect(await tried(one, 'job:sync user/ä')).toBeUndefined();
    await next.release();
  });

  it('goes to one of many who want it at once, then to the next, with growing numbers', async () => {
    const fences: number[] = [];
    let inside = 0;
    const took = await awakeMs(Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).hold('many', { wait: '60s' }, async ({ fence }) => {
      expect(++inside).toBe(1);
      fences.push(fence);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    }))));
    expect(fences).toHaveLength(20);
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    // Whoever waits hears of a release; by looking once a second it would be 19 s.
    expect(took).toBeLessThan(10_000);
  });

  it('is renewed for as long as it is held', async () => {
    const lock = await one.acquire('long', { ttl: TTL_MS, wait: '60s' });
    await expect(patiently(() => two.acquire('long', { wait: 2.5 * TTL_MS }))).rejects.toThrow(LockHeldError);
    expect(lock.isHeld).toBe(true);
    await lock.release();
  });

  it('is released when the work has failed', async () => {
    await expect(one.hold('work', { wait: '60s' }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await (await two.acquire('work', { wait: '60s' })).release();
  });

  it('is not waited for any longer once nobody wants it', async () => {
    const lock = await one.acquire('given up', { wait: '60s' });
    const controller = new AbortController();
    const waiting = two.acquire('given up', { wait: Number.POSITIVE_INFINITY, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await lock.release();
  });

  it('of a process that was killed goes to another after its ttl, not before', async () => {
    const first = holder('killed', TTL_MS);
    const { fence } = await first.acquired();
    const waiting = two.acquire('killed', { wait: '60s' });
    await first.kill();
    const renewedAt = await storedAt('killed');
    const lock = await waiting;
    // Between two clocks of one machine, of which one may be set right a little.
    expect((await storedAt('killed', lock.fence)) - renewedAt).toBeGreaterThan(TTL_MS - 100);
    expect(lock.fence).toBeGreaterThan(fence);
    await lock.release();
  });

  it('of a process that was stopped goes to another; when it wakes, it is told before it does more', async () => {
    const first = holder('stopped', TTL_MS);
    const { fence } = await first.acquired();
    await until(() => first.lines.includes(`write ${fence}`));
    first.child.kill('SIGSTOP');
    const lock = await two.acquire('stopped', { wait: '60s' });
    expect(lock.fence).toBeGreaterThan(fence);
    const before = first.lines.length;
    first.child.kill('SIGCONT');
    await until(() => first.lines.includes('lost LockLostError'));
    // What it had written before it was stopped may still have been on its way; after waking it writes no more.
    expect(first.lines.slice(before).filter((line) => line.startsWith('write')).length).toBeLessThanOrEqual(1);
    expect(lock.isHeld).toBe(true);
    expect(await tried(one, 'stopped')).toBeUndefined();
    await lock.release();
  });

  it('is not freed by a holder that wakes too late and wants to release it', async () => {
    const first = holder('late release', TTL_MS);
    const { fence } = await first.acquired();
    first.child.kill('SIGSTOP');
    const lock = await two.acquire('late release', { wait: '60s' });
    expect(lock.fence).toBeGreaterThan(fence);
    // It reads this before any of its timers can tell it that the lock is lost.
    first.child.stdin?.write('\n');
    first.child.kill('SIGCONT');
    await until(() => first.lines.includes('released') || first.lines.includes('lost LockLostError'));
    await first.gone;
    expect(lock.isHeld).toBe(true);
    expect(await tried(one, 'late release')).toBeUndefined();
    await lock.release();
    await (await one.acquire('late release', { wait: '60s' })).release();
  });

  it('never has two who may write at the same moment, while holders are killed', async () => {
    const seen: number[] = [];
    for (let round = 0; round < 2; round++) {
      const both = [holder('fought', TTL_MS, 120_000), holder('fought', TTL_MS, 120_000)];
      const winner = await until(() => both.find((each) => each.fence !== undefined));
      seen.push(winner.fence as number);
      expect(both.filter((each) => each.fence !== undefined)).toHaveLength(1);
      await winner.kill();
      const loser = both.find((each) => each !== winner) as Holder;
      seen.push((await loser.acquired()).fence);
      await loser.release();
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  it('is lost when NATS is away for longer than its ttl, and kept when for less', async () => {
    await using own = await startNatsServer();
    const locks = await openLocks({ url: own.url });
    const short = await locks.acquire('short', { wait: '60s', ttl: '1s' });
    const long = await locks.acquire('long', { wait: '60s', ttl: '120s' });
    await own.stop();
    await until(() => short.signal.aborted);
    expect(short.signal.reason).toBeInstanceOf(LockLostError);
    expect(short.isHeld).toBe(false);
    expect(long.isHeld).toBe(true);
    await expect(locks.acquire('another')).rejects.toThrow(UnavailableError);
    const waiting = locks.acquire('another', { wait: '60s' });
    await own.restart();
    await (await waiting).release();
    expect(long.isHeld).toBe(true);
    await long.release();
    const again = await locks.acquire('short', { wait: '60s', ttl: '5s' });
    expect(again.fence).toBeGreaterThan(short.fence);
    await locks.close();
    expect(again.isHeld).toBe(false);
  });

  it('needs the permissions of the docs', async () => {
    const mayUse = ['$KV.natsjob-worker.>', '$JS.API.STREAM.INFO.KV_natsjob-worker', '$JS.API.STREAM.MSG.GET.KV_natsjob-worker', '$JS.API.STREAM.PURGE.KV_natsjob-worker'];
    const mayMake = ['$JS.API.STREAM.CREATE.KV_natsjob-worker', '$JS.API.STREAM.INFO.natsjob'];
    const docs = readFileSync(new URL('../../docs/worker/locks.md', import.meta.url), 'utf8');
    for (const subject of [...mayUse, ...mayMake]) expect(docs).toContain(`\`${subject}\``);
    const permissions = (publish: string[]): string => `{ publish: ${JSON.stringify(publish)}, subscribe: ["$KV.natsjob-worker.>", "_INBOX.>"] }`;
    await using own = await startNatsServer({ config: `authorization { users: [
      { user: maker, password: p, permissions: ${permissions([...mayUse, ...mayMake])} }, { user: user, password: p, permissions: ${permissions(mayUse)} } ] }` });
    for (const user of ['maker', 'user']) {
      const url = own.url.replace('//', `//${user}:p@`);
      const locks = await openLocks({ url });
      const lock = await locks.acquire('allowed', { wait: '60s' });
      const waiting = locks.acquire('allowed', { wait: '60s' });
      await lock.release();
      await (await waiting).release();
      await locks.close();
      const status = await openStatus({ url });
      await patiently(() => status.set('allowed', 1));
      expect(await patiently(() => status.get('allowed'))).toBe(1);
      await patiently(() => status.delete('allowed'));
      await status.close();
    }
  });

  it('says which option is wrong, and what is allowed', async () => {
    await expect(one.acquire('')).rejects.toThrow('key of a lock must be text of 1 to 128 characters, not "".');
    await expect(one.acquire('x', { ttl: 10 })).rejects.toThrow('ttl must be a duration from 1 s to 1 d');
    await expect(one.acquire('x', { ttl: 'soon' })).rejects.toThrow(BadOptionError);
    await expect(one.acquire('x', { wait: -1 })).rejects.toThrow('wait must be a duration from 0 ms to for ever');
  });
});

class Holder {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  fence: number | undefined;
  readonly gone: Promise<unknown>;

  constructor(url: string, key: string, ttlMs: number, waitMs: number) {
    this.child = spawn(process.execPath, ['--no-warnings', HOLDER, url, key, String(ttlMs), String(waitMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.gone = once(this.child, 'close');
    // It may be gone when it is written to.
    this.child.stdin?.on('error', () => undefined);
    let rest = '';
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
      const acquired = lines.find((line) => line.startsWith('acquired '));
      if (acquired !== undefined) this.fence = Number(acquired.slice('acquired '.length));
    });
  }

  async acquired(): Promise<{ fence: number }> {
    return { fence: await until(() => this.fence, { what: 'the other process to acquire the lock' }) };
  }

  async release(): Promise<void> {
    this.child.stdin?.write('\n');
    await this.gone;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }
}
