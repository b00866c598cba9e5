import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import { UnavailableError } from '../../domain/index.ts';
import type { ConnectionOptions } from './connection.ts';

/**
 * Keeps a second scheduler off the file: an exclusive lock on an empty database beside it. The operating system lets
 * go of such a lock when the process dies in whatever way, on every platform, so there is never a stale one.
 * Returns what gives it up. Throws UnavailableError when somebody else holds it.
 */
export function lockFile(options: ConnectionOptions): () => void {
  const name = `${options.file}.lock`;
  const lock = new Database(name, { timeout: 0, ...(options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding }) });
  try {
    if (process.platform !== 'win32') chmodSync(name, 0o600);
    // No journal file beside it: nothing is ever written.
    lock.pragma('journal_mode = memory');
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new UnavailableError(`The database ${options.file} is in use by another natsjob: stop that one, or give this one a data folder of its own.`, { cause: error });
    }
    throw error;
  }
  return () => lock.close();
}
