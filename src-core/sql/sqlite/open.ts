import { UnavailableError } from '../../domain/index.ts';
import { NewerSchemaError, type Log } from '../../ports/index.ts';
import { ById } from './by-id.ts';
import { Checkpointer } from './checkpointer.ts';
import { openWriter, type ConnectionOptions } from './connection.ts';
import { copyOnThread } from './copy.ts';
import { explain } from './errors.ts';
import { lockFile } from './lock.ts';
import { migrate } from './migrate.ts';
import { Reader } from './reader.ts';
import { Retention } from './retention.ts';
import { replaceableStore } from './snapshot-store.ts';
import { sqliteStore, type SqliteStore } from './store.ts';
import { Writer } from './writer.ts';

export interface SqliteOptions {
  /** The database file; its folder must exist. */
  readonly file: string;
  readonly log: Log;
  /** Script of the reader thread: `reader-thread.ts` or what it was bundled to. */
  readonly readerEntry: string | URL;
  /** Every commit reaches the disk before apply() resolves. Otherwise a power loss may take the last ones, which the log then gives back. */
  readonly fullSync?: boolean;
  /** Where the native part of better-sqlite3 lies, when a packed program keeps it elsewhere. */
  readonly nativeBinding?: string;
}

/**
 * Opens the file, makes or migrates it, and keeps every other scheduler off it until close(). Rejects with
 * UnavailableError (locked, full, read-only, damaged, another program's file) or NewerSchemaError.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { log } = options;
  const files: ConnectionOptions = { file: options.file, fullSync: options.fullSync, nativeBinding: options.nativeBinding };
  let unlock: (() => void) | undefined;
  try {
    unlock = lockFile(files);
    return await replaceableStore({ files, readerEntry: options.readerEntry, log, unlock, open: () => openFile(options, files) });
  } catch (error) {
    unlock?.();
    throw openingError(error, options.file);
  }
}

/** Without the lock, which outlives an exchange of the file. */
async function openFile(options: SqliteOptions, files: ConnectionOptions): Promise<SqliteStore> {
  const { log } = options;
  const connection = openWriter(files);
  try {
    await migrate(connection, log, Date.now);
    const byId = new ById(connection);
    const writer = new Writer(connection);
    const reader = new Reader(options.readerEntry, files, log);
    return sqliteStore({
      connection, writer, byId, reader,
      retention: new Retention(connection, writer),
      checkpointer: new Checkpointer(reader, log),
      copy: (copyTo) => copyOnThread(options.readerEntry, { file: options.file, copyTo, nativeBinding: options.nativeBinding }),
    });
  } catch (error) {
    connection.close();
    throw error;
  }
}

function openingError(thrown: unknown, file: string): unknown {
  const error = explain(thrown, file);
  if (error instanceof UnavailableError || error instanceof NewerSchemaError) return error;
  return new UnavailableError(`The database ${file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
