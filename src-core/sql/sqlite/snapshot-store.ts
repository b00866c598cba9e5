import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { UnavailableError } from '../../domain/index.ts';
import { BadSnapshotError, NewerSchemaError, type GivenSnapshot, type Log, type Snapshots, type TakenSnapshot } from '../../ports/index.ts';
import type { ConnectionOptions } from './connection.ts';
import { explain } from './errors.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { ensureRoom, fileTrouble, settleFiles, swapBack, swapIn } from './snapshot-files.ts';
import { giveSnapshot } from './snapshot-given.ts';
import { takeSnapshot } from './snapshot-taken.ts';
import type { SqliteStore } from './store.ts';

export interface ReplaceableParts {
  readonly files: ConnectionOptions;
  readonly readerEntry: string | URL;
  readonly log: Log;
  /** Opens the file that is there, migrating it. */
  readonly open: () => Promise<SqliteStore>;
  readonly unlock: () => void;
}

/** A store whose file can be exchanged under it: all calls go to whatever is open right now. */
export async function replaceableStore(parts: ReplaceableParts): Promise<SqliteStore> {
  const { files, readerEntry } = parts;
  const { file } = files;
  settleFiles(file);
  let current: SqliteStore | undefined = await parts.open();
  let why = '';
  let closing: Promise<void> | undefined;
  let replacing: Promise<void> = Promise.resolve();
  const given = new Set<GivenSnapshot>();
  const working = new Set<Promise<unknown>>();
  let taken: TakenSnapshot | undefined;
  let isTaking = false;

  function present(): SqliteStore {
    if (current === undefined) throw new UnavailableError(why);
    return current;
  }

  function throwIfClosed(): void {
    if (closing !== undefined) throw new UnavailableError('The database is closed.');
    present();
  }

  const snapshots: Snapshots = {
    schemaVersion: MIGRATIONS.length,
    async give() {
      throwIfClosed();
      ensureRoom(file, sizeOf(file) + sizeOf(`${file}-wal`));
      const snapshot = await tracked(giveSnapshot(readerEntry, files, () => given.delete(snapshot)));
      if (closing === undefined) given.add(snapshot);
      else await snapshot.close();
      return snapshot;
    },
    async take(facts) {
      throwIfClosed();
      if (isTaking) throw new UnavailableError('A snapshot is being taken already.');
      if (facts.schemaVersion > MIGRATIONS.length) throw new NewerSchemaError(`The snapshot was made by a newer natsjob (schema ${facts.schemaVersion}, this program knows up to ${MIGRATIONS.length}).`);
      if (!Number.isSafeInteger(facts.bytes) || facts.bytes <= 0) throw new BadSnapshotError('The snapshot has no length.');
      ensureRoom(file, facts.bytes);
      // From here on, not from when its file is open: another one would grow in the same file.
      isTaking = true;
      const over = (): void => {
        isTaking = false;
        taken = undefined;
      };
      const begun = await tracked(takeSnapshot(readerEntry, files, facts, () => (replacing = replace()), over)).catch((error: unknown) => {
        over();
        throw error;
      });
      taken = begun;
      return { ...begun, install: () => tracked(begun.install()) };
    },
  };

  function tracked<T>(work: Promise<T>): Promise<T> {
    const settled = work.catch(() => undefined).finally(() => working.delete(settled));
    working.add(settled);
    return work;
  }

  /** The old view is whole until the very rename, and comes back should the new one not open. */
  async function replace(): Promise<void> {
    throwIfClosed();
    why = 'The view is just being replaced by a snapshot of another server: try again in a moment.';
    const old = present();
    current = undefined;
    await old.close();
    let isSwapped = false;
    try {
      foldLog(files);
      swapIn(file);
      isSwapped = true;
      current = await parts.open();
    } catch (error) {
      if (isSwapped) swapBack(file);
      why = 'The view could not be opened again.';
      current = await parts.open();
      throw isSwapped ? new BadSnapshotError(`The snapshot cannot be opened: ${error instanceof Error ? error.message : String(error)}`, { cause: error }) : fileTrouble(explain(error, file), file);
    }
  }

  async function close(): Promise<void> {
    await Promise.all([...working]);
    await taken?.discard();
    for (const snapshot of given) await snapshot.close();
    await replacing.catch(() => undefined);
    await current?.close();
    parts.unlock();
  }

  const own: Partial<SqliteStore> = { isShared: false, file, snapshots, close: () => (closing ??= close()) };
  const methods: object = current;
  return new Proxy({} as SqliteStore, {
    // Whoever has a store of some kind asks by that what it can.
    has: (_nothing, name) => name in own || name in methods,
    get: (_nothing, name) => {
      if (name in own) return own[name as keyof SqliteStore];
      // A store is not a promise, though somebody returns it from an async function.
      if (name === 'then') return undefined;
      return async (...args: unknown[]) => (present()[name as keyof SqliteStore] as (...args: unknown[]) => unknown)(...args);
    },
  });
}

/** Moves the write-ahead log into the file and does without one, so that a rename takes all of it along. Throws what SQLite throws: disk full. */
function foldLog(files: ConnectionOptions): void {
  const database = new Database(files.file, { fileMustExist: true, timeout: 1_000, ...(files.nativeBinding === undefined ? {} : { nativeBinding: files.nativeBinding }) });
  try {
    database.pragma('journal_mode = delete');
  } finally {
    database.close();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
