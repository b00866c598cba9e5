import { UnavailableError } from '../../src-core/domain/index.ts';
import type { RemoteDatabase } from '../../src-core/ports/index.ts';
import type { RemoteStore } from '../../src-core/sql/index.ts';
import { openRemoteStore } from '../../src-core/sql/servers.ts';
import { mysqlDialect } from '../../src-core/sql/mysql/dialect.ts';
import { postgresDialect } from '../../src-core/sql/postgres/dialect.ts';
import type { Dialect } from '../../src-core/sql/remote/dialect.ts';
import type { DatabaseServer, ServerOptions } from './database-server.ts';
import { dumpMariadb, hasMariadb, startMariadb } from './mariadb.ts';
import { dumpPostgres, hasPostgres, startPostgres } from './postgres.ts';
import { patiently } from './patiently.ts';
import { recordingLog } from './store-sqlite.ts';

export interface Product {
  readonly name: string;
  readonly isThere: boolean;
  start(options?: ServerOptions): Promise<DatabaseServer>;
  dump(server: DatabaseServer, database: string): string;
  dialect(): Dialect;
  /** What the question for a commit holds, and nothing before it, and what the server's answer. */
  readonly commit: { readonly asked: string; readonly answered: string };
  /** What a session's first questions hold: for its settings, and which server it is. */
  readonly first: { readonly settings: string; readonly facts: string };
}

/** The database servers that tests can start. */
export const PRODUCTS: readonly Product[] = [
  {
    name: 'PostgreSQL', isThere: hasPostgres(), start: startPostgres, dump: dumpPostgres, dialect: postgresDialect,
    commit: { asked: 'commit\0', answered: 'COMMIT' }, first: { settings: 'set_config', facts: 'server_encoding' },
  },
  {
    name: 'MariaDB', isThere: hasMariadb(), start: startMariadb, dump: dumpMariadb, dialect: mysqlDialect,
    commit: { asked: ';\ncommit', answered: '' }, first: { settings: 'sql_mode', facts: 'max_allowed_packet' },
  },
];

export function openRemote(database: RemoteDatabase, options: { logged?: string[]; maxConnections?: number; answerMs?: number } = {}): RemoteStore {
  const { logged = [], maxConnections = 4, ...rest } = options;
  return openRemoteStore({ database, log: recordingLog(logged), maxConnections, ...rest });
}

/**
 * The same, asked again as whoever uses it does: a server ends the transaction of a process that stood still in its midst. Whatever it is
 * asked may be asked twice.
 */
export function openPatientRemote(database: RemoteDatabase): RemoteStore {
  const store = openRemote(database);
  return new Proxy(store, {
    get(_target, name) {
      const member: unknown = Reflect.get(store, name, store);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => name === 'close' ? store.close() : patiently(() => (member.apply(store, args) as Promise<unknown>).catch(told));
    },
  });
}

/** What is closed stays so. */
function told(error: unknown): never {
  throw error instanceof UnavailableError && /is closed/.test(error.message) ? new Error(error.message) : error;
}
