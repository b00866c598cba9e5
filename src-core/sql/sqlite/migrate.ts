import { chmodSync } from 'node:fs';
import { UnavailableError } from '../../domain/index.ts';
import { NewerSchemaError, type Log } from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';

/**
 * Brings the database to the schema of this program, one transaction a migration, so a crash between two leaves
 * the older one. A database with something in it is copied beside itself first. Throws NewerSchemaError,
 * UnavailableError (another program's file, no room for the copy) or what SQLite throws.
 */
export async function migrate(connection: Connection, log: Log, now: () => number, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const found = schemaVersion(connection);
  const wanted = migrations.length;
  if (found > wanted) {
    throw new NewerSchemaError(`The database ${connection.name} was written by a newer natsjob (schema ${found}, this program knows up to ${wanted}): start the newer version, or restore a backup of schema ${wanted}.`);
  }
  if (found === wanted) return;
  if (found > 0) await backUp(connection, found, log, now);
  for (const migration of migrations.slice(found)) {
    connection.transaction(() => {
      if (migration.number === 1) connection.exec('create table meta (key text primary key, value integer not null)');
      connection.exec(migration.sql);
      connection.prepare('insert into meta (key, value) values (\'schema\', ?) on conflict (key) do update set value = excluded.value').run(migration.number);
    }).immediate();
  }
  if (found > 0) log.info({ from: found, to: wanted }, 'The database was migrated.');
}

export function schemaVersion(connection: Connection): number {
  const tables = connection.prepare('select name from sqlite_master where type = \'table\'').pluck().all() as string[];
  if (tables.length === 0) return 0;
  const version = tables.includes('meta') && tables.includes('run')
    ? connection.prepare('select value from meta where key = \'schema\'').pluck().get()
    : undefined;
  if (typeof version !== 'number') throw new UnavailableError(`The file ${connection.name} is a database of another program: choose another file.`);
  return version;
}

async function backUp(connection: Connection, version: number, log: Log, now: () => number): Promise<void> {
  const stamp = new Date(now()).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  const copy = `${connection.name}.backup-v${version}-${stamp}`;
  try {
    await connection.backup(copy);
    if (process.platform !== 'win32') chmodSync(copy, 0o600);
  } catch (error) {
    throw new UnavailableError(`The database ${connection.name} needs a migration and could not be copied to ${copy} first: make room beside it.`, { cause: error });
  }
  log.info({ copy }, 'The database was backed up before its migration.');
}
