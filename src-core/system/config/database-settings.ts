import path from 'node:path';
import type { RemoteDatabase } from '../../ports/index.ts';
import type { DatabaseType } from './database-types.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { NotAllowed } from './not-allowed.ts';

/** Where the view is kept. */
export type DatabaseSettings = { readonly kind: 'sqlite'; /** Absolute. */ readonly file: string } | RemoteDatabase;

const DAMENG = 'NATSJOB_DB_TYPE: Dameng support was never run against a live server';

export interface DatabaseValues {
  readonly dbType: DatabaseType;
  /** For sqlite an absolute path or ''. */
  readonly dbUrl: string;
  /** Absolute, or ''. */
  readonly dbTlsCa: string;
  readonly dbTlsCert: string;
  readonly dbTlsKey: string;
  readonly dataDir: string;
}

/**
 * What the settings of the database come to together, and sentences worth saying. Files named in an address are looked for from `cwd`.
 * Throws NotAllowed when they contradict each other, with the setting's name.
 */
export function databaseSettings(values: DatabaseValues, cwd: string): { readonly database: DatabaseSettings; readonly notes: readonly string[] } {
  const { dbType, dbUrl, dbTlsCa, dbTlsCert, dbTlsKey, dataDir } = values;
  const tlsSettings = [['NATSJOB_DB_TLS_CA', dbTlsCa], ['NATSJOB_DB_TLS_CERT', dbTlsCert], ['NATSJOB_DB_TLS_KEY', dbTlsKey]] as const;
  const [given] = tlsSettings.filter(([, file]) => file !== '').map(([name]) => name);
  if (dbType === 'sqlite') {
    const notes = given === undefined ? [] : [`${given}: has no effect while NATSJOB_DB_TYPE is sqlite.`];
    return { database: { kind: 'sqlite', file: dbUrl || path.join(dataDir, 'natsjob.sqlite') }, notes };
  }
  const { database, unheeded, saysTls } = parseDatabaseUrl(dbType, dbUrl);
  const { tls } = database;
  if (given !== undefined && dbType === 'dm') throw new NotAllowed(`${given}: natsjob has no TLS for Dameng; take it away`);
  if (given !== undefined && saysTls && tls.mode === 'off') throw new NotAllowed(`${given}: NATSJOB_DB_URL turns TLS off; take one of the two away`);
  if (dbTlsCa !== '' && saysTls && tls.mode === 'prefer') throw new NotAllowed(`NATSJOB_DB_TLS_CA: NATSJOB_DB_URL lets go unchecked who answers; ask for ${dbType === 'mysql' ? 'tls=true' : 'sslmode=verify-full'} there, or say nothing`);
  const cert = dbTlsCert || absolute(tls.cert, cwd);
  const key = dbTlsKey || absolute(tls.key, cwd);
  if ((cert === undefined) !== (key === undefined)) throw new NotAllowed('NATSJOB_DB_TLS_CERT and NATSJOB_DB_TLS_KEY: both are needed, or neither');
  const ca = dbTlsCa || absolute(tls.ca, cwd);
  const mode = saysTls ? tls.mode : dbTlsCa !== '' ? 'verify' : cert !== undefined && tls.mode === 'off' && dbType !== 'dm' ? 'require' : tls.mode;
  const notes = dbType === 'dm' ? [`${DAMENG}.`] : [];
  if (unheeded.length > 0) notes.push(`NATSJOB_DB_URL: ${unheeded.join(', ')} ${unheeded.length === 1 ? 'has' : 'have'} no meaning here and ${unheeded.length === 1 ? 'is' : 'are'} not heeded; texts are Unicode and times exact in any case.`);
  return {
    database: { ...database, tls: { mode, ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }), ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }) } },
    notes,
  };
}

/** Where it is, for people; no password. */
export function databaseName(database: DatabaseSettings): string {
  if (database.kind === 'sqlite') return database.file;
  const { kind, user, host, port, database: name, schema } = database;
  return `${kind}://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${name}${schema === undefined ? '' : `?schema=${schema}`}`;
}

function absolute(file: string | undefined, cwd: string): string | undefined {
  return file === undefined ? undefined : path.resolve(cwd, file);
}
