import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { NatsServerMissingError } from './errors.ts';

export interface FoundNatsServer {
  readonly path: string;
  readonly version: string;
  readonly source: 'beside the app' | 'cache' | 'PATH';
}

export interface FindNatsServerOptions {
  /** Folders of the app, looked into first. */
  readonly beside: readonly string[];
  /** The process's environment: PATH, and where the system keeps caches. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The version that set-up puts into the cache; build/nats-server/pin.mjs pins the same. */
export const CACHED_VERSION = '2.15.2';
const OLDEST_MAJOR = 2;
const OLDEST_MINOR = 10;
const BINARY = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/**
 * Finds a nats-server that runs and is new enough: beside the app, in the user's cache, on PATH. Fetches nothing.
 * Rejects with NatsServerMissingError.
 */
export async function findNatsServer({ beside, environment }: FindNatsServerOptions): Promise<FoundNatsServer> {
  const cached = cachedNatsServer(environment);
  for (const folder of beside) {
    const found = await check(path.join(folder, BINARY), 'beside the app');
    if (found !== undefined) return found;
  }
  if (cached !== undefined) {
    const kept = (await checkNoted(cached)) ?? (await check(cached, 'cache'));
    if (kept !== undefined) return kept;
  }
  for (const folder of (environment['PATH'] ?? environment['Path'] ?? '').split(path.delimiter)) {
    if (folder === '') continue;
    const found = await check(path.join(folder, BINARY), 'PATH');
    if (found !== undefined) return found;
  }
  throw new NatsServerMissingError([...beside, ...(cached === undefined ? [] : [cached]), 'PATH']);
}

/** Where set-up keeps the server for this user, by the custom of the operating system; undefined for a user without a home. */
export function cachedNatsServer(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const folder = cacheFolder(environment);
  return folder === undefined ? undefined : path.join(folder, 'nats-server', `v${CACHED_VERSION}`, `${process.platform}-${process.arch}`, BINARY);
}

function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const set = environment[process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CACHE_HOME'];
  if (process.platform === 'win32' && set) return path.join(set, 'natsjob', 'cache');
  if (process.platform !== 'win32' && process.platform !== 'darwin' && set !== undefined && path.isAbsolute(set)) return path.join(set, 'natsjob');
  const home = homeFolder();
  if (home === undefined) return undefined;
  if (process.platform === 'win32') return path.join(home, 'AppData', 'Local', 'natsjob', 'cache');
  return process.platform === 'darwin' ? path.join(home, 'Library', 'Caches', 'natsjob') : path.join(home, '.cache', 'natsjob');
}

/** Containers may run as a user who has neither an account nor HOME. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Set-up notes version, size and time of what it put there; while they fit, starting it just to ask can be spared. */
async function checkNoted(file: string): Promise<FoundNatsServer | undefined> {
  try {
    const note = JSON.parse(await readFile(`${file}.json`, 'utf8')) as { version?: unknown; size?: unknown; mtimeMs?: unknown };
    const { size, mtimeMs } = await stat(file);
    if (typeof note.version !== 'string' || note.size !== size || note.mtimeMs !== mtimeMs) return undefined;
    return { path: file, version: note.version, source: 'cache' };
  } catch {
    return undefined;
  }
}

async function check(file: string, source: FoundNatsServer['source']): Promise<FoundNatsServer | undefined> {
  const there = await stat(file).catch(() => undefined);
  if (there === undefined || !there.isFile()) return undefined;
  const version = await versionOf(file);
  return version !== undefined && isNewEnough(version) ? { path: file, version, source } : undefined;
}

function versionOf(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, ['--version'], { timeout: 10_000, windowsHide: true }, (error, stdout, stderr) => {
      resolve(error === null ? /nats-server:\s*v?(\d+\.\d+\.\d+\S*)/.exec(`${stdout}${stderr}`)?.[1] : undefined);
    });
  });
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR);
}
