import { loadServers, openSqliteStore } from '../../src-core/sql/index.ts';
import { databaseName } from '../../src-core/system/index.ts';
import type { CommandContext } from '../cli/command.ts';
import { openProgramFiles } from '../program-files.ts';
import { asCommandError } from './as-command-error.ts';
import { QUIET, sqliteBinding } from './db-parts.ts';

/** Makes the tables, or brings them to this program's schema: what a start does, too, but at a time of one's own choice. */
export async function dbMigrate(context: CommandContext): Promise<number> {
  const { config } = context.load();
  try {
    const { from, to } = await migrate(context);
    const name = databaseName(config.database);
    if (context.options.has('json')) context.print(JSON.stringify({ database: name, from, to }, null, 2));
    else if (from === to) context.print(`${name} has schema ${to} already.`);
    else context.print(from === 0 ? `${name}: the tables were made, schema ${to}.` : `${name}: schema ${from} → ${to}.`);
    return 0;
  } catch (error) {
    throw asCommandError(error);
  }
}

async function migrate(context: CommandContext): Promise<{ from: number; to: number }> {
  const { config } = context.load();
  const { database } = config;
  const { lookAtFile, openRemoteStore } = await loadServers();
  if (database.kind !== 'sqlite') {
    const store = openRemoteStore({ database, log: QUIET, maxConnections: 2 });
    return store.migrate().finally(() => store.close());
  }
  const binding = await sqliteBinding(context, config);
  const before = await lookAtFile({ file: database.file, ...binding }, false);
  const { readerEntry } = await openProgramFiles(context.programDir, config.dataDir);
  const store = await openSqliteStore({ file: database.file, log: QUIET, readerEntry, ...binding });
  const { schemaVersion } = await store.facts().finally(() => store.close());
  return { from: before?.schemaVersion ?? 0, to: schemaVersion };
}
