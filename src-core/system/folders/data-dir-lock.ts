import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DataDirUnusableError } from './prepare-data-dir.ts';

/** Who has the folder, as far as it is known: the file is written a moment after the lock is taken. */
export interface LockHolder {
  readonly pid: number | undefined;
  readonly url: string | undefined;
}

/** Another natsjob works in this data folder. */
export class DataDirLockedError extends Error {
  override readonly name = 'DataDirLockedError';
  readonly pid: number | undefined;
  readonly url: string | undefined;
  constructor(dir: string, holder: LockHolder) {
    const who = holder.pid === undefined ? 'another natsjob' : `the natsjob with process id ${holder.pid}`;
    super(`The data folder ${dir} is in use by ${who}${holder.url === undefined ? '' : ` at ${holder.url}`}; stop it or choose another folder with --data.`);
    this.pid = holder.pid;
    this.url = holder.url;
  }
}

export interface DataDirLock {
  /** A name of this process that no other has. */
  readonly processId: string;
  /** That of the last process in the folder, which is dead as its lock is gone; '' when it is not known. */
  readonly processBefore: string;
  /** Tells others where this instance is found, once that is known. */
  announce(url: string): void;
  release(): void;
}

export interface LockOptions {
  readonly url?: string;
  /** Where better-sqlite3's native part lies when it is not in node_modules. */
  readonly nativeBinding?: string;
}

const LOCK_FILE = 'natsjob.lock';
const HOLDER_FILE = 'natsjob.lock.json';
/** Whoever looks is there for less than a moment, */
const LOOKERS_MS = 1_000;
/** or for so many of them, where the machine has no time for it. */
const MOST_TRIES = 60;

/**
 * Makes this process the only natsjob in the folder until release() or its death, however sudden. Throws DataDirLockedError.
 *
 * The lock is one of the operating system's, by way of an exclusive transaction on an empty SQLite file. The system drops it
 * with the process, so there is nothing stale to take over, no process id that somebody else may have by now, and
 * it holds between containers that share the folder, where process ids mean nothing.
 */
export async function lockDataDir(dir: string, options: LockOptions = {}): Promise<DataDirLock> {
  const database = await openLockFile(dir, options.nativeBinding, LOOKERS_MS);
  for (let left = MOST_TRIES; ; left--) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      break;
    } catch (error) {
      // Beside those who only look one may look; beside a holder not.
      if (isBusy(error) && left > 1 && (await readLockHolder(dir, options)) === undefined) continue;
      database.close();
      if (isBusy(error)) throw new DataDirLockedError(dir, readHolderFile(dir));
      throw unusable(dir, error);
    }
  }
  const holderFile = path.join(dir, HOLDER_FILE);
  const processId = randomBytes(8).toString('hex');
  const { processId: processBefore } = readHolderFile(dir);
  announce(options.url);
  return { processId, processBefore, announce, release };

  function announce(url: string | undefined): void {
    try {
      // Readers see the old text or the new one, never half.
      writeFileSync(`${holderFile}.new`, JSON.stringify({ pid: process.pid, processId, url, startedAt: new Date().toISOString() }), { mode: 0o600 });
      renameSync(`${holderFile}.new`, holderFile);
    } catch {
      // The lock holds without it. Whoever asks learns less, and a restart after a crash waits for the lease to run out.
    }
  }

  function release(): void {
    if (!database.open) return;
    rmSync(holderFile, { force: true });
    database.close();
  }
}

/** Who works in the folder right now, or undefined when nobody does. Changes nothing, and several may look at once. */
export async function readLockHolder(dir: string, options: LockOptions = {}): Promise<LockHolder | undefined> {
  if (!statSync(path.join(dir, LOCK_FILE), { throwIfNoEntry: false })) return undefined;
  try {
    const database = await openLockFile(dir, options.nativeBinding, 0);
    try {
      database.exec('BEGIN; SELECT count(*) FROM sqlite_schema; ROLLBACK');
      return undefined;
    } finally {
      database.close();
    }
  } catch (error) {
    if (!isBusy(error)) throw error;
    const { pid, url } = readHolderFile(dir);
    return { pid, url };
  }
}

/** The address the last instance in the folder told, running or not. Cheap: asks nobody. */
export function announcedUrl(dir: string): string | undefined {
  return readHolderFile(dir).url;
}

async function openLockFile(dir: string, nativeBinding: string | undefined, waitMs: number) {
  const { default: Database } = await import('better-sqlite3');
  try {
    return new Database(path.join(dir, LOCK_FILE), { timeout: waitMs, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
  } catch (error) {
    throw unusable(dir, error);
  }
}

function readHolderFile(dir: string): LockHolder & { readonly processId: string } {
  try {
    const { pid, url, processId } = JSON.parse(readFileSync(path.join(dir, HOLDER_FILE), 'utf8')) as Record<string, unknown>;
    return { pid: typeof pid === 'number' ? pid : undefined, url: typeof url === 'string' ? url : undefined, processId: typeof processId === 'string' ? processId : '' };
  } catch {
    return { pid: undefined, url: undefined, processId: '' };
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'SQLITE_BUSY' || error.code === 'SQLITE_LOCKED');
}

const SQLITE_AS_ERRNO: Readonly<Record<string, string>> = { SQLITE_FULL: 'ENOSPC', SQLITE_READONLY: 'EACCES', SQLITE_CANTOPEN: 'EACCES', SQLITE_PERM: 'EACCES' };

function unusable(dir: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? SQLITE_AS_ERRNO[String(error.code).split('_').slice(0, 2).join('_')] : undefined;
  return code === undefined ? error : new DataDirUnusableError(dir, Object.assign(new Error(code, { cause: error }), { code }));
}
