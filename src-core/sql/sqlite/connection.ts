import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

export type Connection = Database.Database;

export interface ConnectionOptions {
  readonly file: string;
  readonly fullSync?: boolean | undefined;
  /** Where the native part of better-sqlite3 lies, when a packed program keeps it elsewhere. */
  readonly nativeBinding?: string | undefined;
}

/** How long a write waits for another program's lock. Short: it is waited for on the thread of the ticks. */
const WRITER_BUSY_MS = 100;
/** Only should the checkpoints of the reader thread fail: pages of 2 kB, 128 MB in all. */
const FALLBACK_CHECKPOINT_PAGES = 64_000;

/** The one connection that writes. Makes the file, readable by its owner only, if there is none. Throws what SQLite and the file system throw. */
export function openWriter(options: ConnectionOptions): Connection {
  closeSync(openSync(options.file, 'a', 0o600));
  if (process.platform !== 'win32') chmodSync(options.file, 0o600);
  const connection = new Database(options.file, { timeout: WRITER_BUSY_MS, ...binding(options) });
  try {
    // Half of the default: each run dirties a page of its own in the index by job, so pages half as large halve the
    // cost of a commit (measured: 5.5 µs instead of 10 µs a run). Has an effect on a new file only.
    connection.pragma('page_size = 2048');
    connection.pragma('journal_mode = wal');
    connection.pragma(`synchronous = ${options.fullSync === true ? 'full' : 'normal'}`);
    connection.pragma(`wal_autocheckpoint = ${FALLBACK_CHECKPOINT_PAGES}`);
    // What a burst has left of the log is given back to the disk at its next start from the beginning.
    connection.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
    connection.pragma('cache_size = -16000');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A connection that reads and never waits for the writer nor holds it up. */
export function openReader(options: ConnectionOptions): Connection {
  const connection = new Database(options.file, { readonly: true, fileMustExist: true, timeout: 1_000, ...binding(options) });
  connection.pragma('cache_size = -16000');
  return connection;
}

/** For checkpoints beside the writer. */
export function openKeeper(options: ConnectionOptions): Connection {
  const connection = new Database(options.file, { fileMustExist: true, timeout: 0, ...binding(options) });
  connection.pragma('synchronous = normal');
  connection.pragma('wal_autocheckpoint = 0');
  return connection;
}

function binding(options: ConnectionOptions): { nativeBinding?: string } {
  return options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding };
}
