import { NewerSchemaError, type Log } from '../../ports/index.ts';
import { plain, type Dialect, type Role, type SqlConnection } from './dialect.ts';
import { look } from './look.ts';
import { META, TABLES } from './tables.ts';

/**
 * Brings the tables to the schema of this program. One node does it while others wait: a lock of the server is held by a
 * session of its own. Statements can be run again, as not every product undoes a changed schema with its transaction; so a
 * crash half-way is mended by the next start. Rejects with NewerSchemaError, UnavailableError or what the driver throws.
 */
export async function migrateRemote(dialect: Dialect, open: (role: Role) => Promise<SqlConnection>, log: Log): Promise<{ from: number; to: number }> {
  const wanted = dialect.migrations.length;
  // Mostly there is nothing to do, and whoever looks has not the patience of a migration.
  const seen = await look(open, (connection) => remoteSchemaVersion(dialect, connection));
  refuseNewer(seen, wanted);
  if (seen === wanted) return { from: seen, to: wanted };
  const connection = await open('migrate');
  try {
    const lock = await open('migrate');
    try {
      await lock.run(dialect.migrationLock);
      const from = await remoteSchemaVersion(dialect, connection);
      refuseNewer(from, wanted);
      for (const migration of dialect.migrations.slice(from)) {
        for (const statement of migration.statements) await connection.run([plain(statement)]);
        await connection.run([...dialect.begin, plain(`update natsjob_meta set val = ${migration.number} where name = 'schema'`), dialect.commit]);
      }
      if (from > 0 && from < wanted) log.info({ from, to: wanted }, 'The database was migrated.');
      return { from, to: wanted };
    } finally {
      await lock.close();
    }
  } finally {
    await connection.close();
  }
}

/** 0 = tables are missing: a start died half-way, or somebody dropped them. */
export async function remoteSchemaVersion(dialect: Dialect, connection: SqlConnection): Promise<number> {
  const [tables] = await connection.run([dialect.tables]);
  const there = new Set(tables?.rows.map(([name]) => String(name).toLowerCase()));
  if (!there.has(META.name)) return 0;
  const [found] = await connection.run([plain('select val from natsjob_meta where name = \'schema\'')]);
  const version = Number(found?.rows[0]?.[0] ?? 0);
  return version > dialect.migrations.length || TABLES.every(({ name }) => there.has(name)) ? version : 0;
}

function refuseNewer(found: number, wanted: number): void {
  if (found <= wanted) return;
  throw new NewerSchemaError(`The database was written by a newer natsjob (schema ${found}, this program knows up to ${wanted}): start the newer version, or restore a backup of schema ${wanted}.`);
}
