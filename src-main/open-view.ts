import path from 'node:path';
import { loadServers, openSqliteStore, type RemoteStore, type SqliteStore } from '../src-core/sql/index.ts';
import { makeFolders, type Config, type Log } from '../src-core/system/index.ts';
import type { ProgramFiles } from './program-files.ts';

export type View = SqliteStore | RemoteStore;

/**
 * Opens what the settings name. A file is open when it resolves, and rejects when it cannot be; a server is reached when it is first
 * asked, and may be away until then.
 */
export async function openView({ database, dbSync, dbChanCount }: Config, files: Pick<ProgramFiles, 'readerEntry' | 'nativeBinding'>, log: Log): Promise<View> {
  if (database.kind !== 'sqlite') return (await loadServers()).openRemoteStore({ database, log, maxConnections: dbChanCount });
  makeFolders(path.dirname(database.file));
  return openSqliteStore({
    file: database.file, log, readerEntry: files.readerEntry, fullSync: dbSync === 'full', ...(files.nativeBinding === undefined ? {} : { nativeBinding: files.nativeBinding }),
  });
}
