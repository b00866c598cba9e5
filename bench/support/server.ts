import type { RemoteDatabase } from '../../src-core/ports/index.ts';
import type { DatabaseServer } from '../../test/support/database-server.ts';
import { startMariadb } from '../../test/support/mariadb.ts';
import { startPostgres } from '../../test/support/postgres.ts';

/** A product whose server a case starts for itself. */
export interface BenchServer {
  readonly name: string;
  start(): Promise<DatabaseServer>;
}

/** Their commits reach the disk. */
export const POSTGRES: BenchServer = { name: 'postgres', start: () => startPostgres({ isDurable: true }) };
export const MARIADB: BenchServer = { name: 'mariadb', start: () => startMariadb({ isDurable: true }) };

/** Environment of a program whose view lies there. */
export function settingsOf({ kind, user, password, host, port, database }: RemoteDatabase): Record<string, string> {
  return { NATSJOB_DB_TYPE: kind, NATSJOB_DB_URL: `${kind}://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}` };
}
