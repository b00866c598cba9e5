import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirLockedError, DataDirUnusableError, announcedUrl, lockDataDir, prepareDataDir, readLockHolder, readOrMake } from '../../../src-core/system/index.ts';

const SYSTEM = fileURLToPath(new URL('../../../src-core/system/index.ts', import.meta.url));
/** Takes the lock, says so and stays. */
const HOLDER = `
  const { lockDataDir } = await import(${JSON.stringify(SYSTEM)});
  try {
    await lockDataDir(process.argv[1], { url: 'http://127.0.0.1:7788' });
    console.log('locked');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.name);
  }`;

/** Reads the file as whoever looks does, and lets go of it after it is told to: later than a start has patience for at a time. */
const LOOKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const database = new (require('better-sqlite3'))(workerData);
  database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
  parentPort.once('message', () => setTimeout(() => database.close(), 1_500));
  parentPort.postMessage('looking');`;

describe('the data folder', () => {
  let dir: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'natsjob-data-'));
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map(end));
    rmSync(dir, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', HOLDER, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  }

  async function firstLine(child: ChildProcess): Promise<string> {
    const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
    return chunk.toString().trim();
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('is held by one process; another one is told who and where', async () => {
    const child = start();
    expect(await firstLine(child)).toBe('locked');
    const error = await lockDataDir(dir).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataDirLockedError);
    expect(error).toMatchObject({ pid: child.pid, url: 'http://127.0.0.1:7788' });
    expect(await readLockHolder(dir)).toEqual({ pid: child.pid, url: 'http://127.0.0.1:7788' });
  });

  it('may be looked at by several at once, and a start waits until they have looked', async () => {
    (await lockDataDir(dir)).release();
    const looking = new Worker(LOOKER, { eval: true, workerData: path.join(dir, 'natsjob.lock') });
    await once(looking, 'message');
    expect(await readLockHolder(dir)).toBeUndefined();
    // It has looked a moment after this process has begun to wait, which stands still meanwhile.
    looking.postMessage('soon');
    (await lockDataDir(dir)).release();
    await once(looking, 'exit');
  });

  it('is free again at once when its holder is killed', async () => {
    const child = start();
    await firstLine(child);
    await end(child);
    expect(await readLockHolder(dir)).toBeUndefined();
    (await lockDataDir(dir)).release();
  });

  it('goes to exactly one of many that start at once, even over a dead one', async () => {
    const dead = start();
    await firstLine(dead);
    await end(dead);
    const lines = await Promise.all(Array.from({ length: 5 }, () => firstLine(start())));
    expect(lines.sort()).toEqual(['DataDirLockedError', 'DataDirLockedError', 'DataDirLockedError', 'DataDirLockedError', 'locked']);
  });

  it('is not taken by asking, nor by a text that a dead process left', async () => {
    writeFileSync(path.join(dir, 'natsjob.lock.json'), `{"pid":${process.pid},"url":"http://x"}`);
    expect(await readLockHolder(dir)).toBeUndefined();
    const lock = await lockDataDir(dir, { url: 'http://y' });
    expect(announcedUrl(dir)).toBe('http://y');
    lock.announce('http://z');
    expect(announcedUrl(dir)).toBe('http://z');
    lock.release();
    lock.release();
    expect(announcedUrl(dir)).toBeUndefined();
  });

  it('is made for its owner only', () => {
    const inner = path.join(dir, 'a', 'b');
    prepareDataDir(inner);
    expect(statSync(inner).isDirectory()).toBe(true);
    if (process.platform !== 'win32') expect(statSync(inner).mode & 0o077).toBe(0);
  });

  it('that is a file, or below one, is refused as such', () => {
    writeFileSync(path.join(dir, 'file'), '');
    for (const place of ['file', 'file/below']) {
      expect(() => prepareDataDir(path.join(dir, place))).toThrow(expect.objectContaining({ name: 'DataDirUnusableError', reason: 'not-a-folder' }) as Error);
    }
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('that cannot be written is refused as such', () => {
    const inner = path.join(dir, 'locked');
    mkdirSync(inner);
    chmodSync(inner, 0o500);
    expect(() => prepareDataDir(inner)).toThrow(DataDirUnusableError);
    chmodSync(inner, 0o700);
  });

  it.runIf(process.platform === 'linux')('that a system folder refuses in its own way is refused, not tried for ever', () => {
    expect(() => prepareDataDir('/proc/natsjob/data')).toThrow(DataDirUnusableError);
  });

  it('keeps a value that was made once, for its owner only', () => {
    const file = path.join(dir, 'secret.key');
    const first = readOrMake(file, () => 'one');
    expect([first, readOrMake(file, () => 'two')]).toEqual(['one', 'one']);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, '');
    expect(readOrMake(file, () => 'three')).toBe('three');
    expect(existsSync(`${file}.${process.pid}.new`)).toBe(false);
  });
});
