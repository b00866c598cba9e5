import type { DatabaseKind, DatabaseTlsMode, RemoteDatabase } from '../../ports/index.ts';
import { readGoForm, readKeywordForm, readUrlForm, type DatabaseAddress } from './database-forms.ts';
import { keywords, readParameters } from './database-parameters.ts';
import { DEFAULT_PORTS } from './database-types.ts';
import { NotAllowed } from './not-allowed.ts';

export interface ParsedDatabaseUrl {
  readonly database: RemoteDatabase;
  /** Names of parameters that are allowed and mean nothing to natsjob. */
  readonly unheeded: readonly string[];
  /** The address says itself whether TLS is wanted. */
  readonly saysTls: boolean;
}

const SCHEMES: Readonly<Record<DatabaseKind, readonly string[]>> = { mysql: ['mysql', 'mariadb'], postgres: ['postgres', 'postgresql', 'kingbase'], dm: ['dm', 'dameng'] };
const FORMS: Readonly<Record<DatabaseKind, string>> = {
  mysql: 'user:password@tcp(host:3306)/database or mysql://user:password@host:3306/database',
  postgres: 'host=… port=5432 user=… password=… dbname=… or postgres://user:password@host:5432/database',
  dm: 'dm://user:password@host:5236?schema=…',
};
const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST = 4_096;

/**
 * Reads the address of a database server in any of its forms. Throws NotAllowed, with what is wrong as the end of a sentence and
 * nothing of the password in it.
 */
export function parseDatabaseUrl(kind: DatabaseKind, text: string): ParsedDatabaseUrl {
  const url = text.trim();
  if (url === '') throw new NotAllowed(`must be given while NATSJOB_DB_TYPE is ${kind}, as in ${FORMS[kind]}`);
  if (url.length > LONGEST) throw new NotAllowed(`must be at most ${LONGEST} characters`);
  if (/[\u0000-\u001f\u007f]/.test(url)) throw new NotAllowed('must be on one line, without control characters');
  const address = readAddress(kind, url);
  const { unheeded, ...parameters } = readParameters(kind, address.parameters);
  const host = hostOf(address);
  const { user, password, database } = address;
  if (user === undefined || user === '') throw new NotAllowed(`must name a user, as in ${FORMS[kind]}`);
  if (database === '' && kind !== 'dm') throw new NotAllowed(`must name a database, as in ${FORMS[kind]}`);
  if (database !== '' && kind === 'dm') throw new NotAllowed('must name the schema as ?schema=…, not as a path');
  if (kind === 'dm' && parameters.tlsMode !== undefined) throw new NotAllowed('must not ask for TLS, which natsjob does not have for Dameng');
  const { tlsMode, tlsName, ca, cert, key } = parameters;
  if ((cert === undefined) !== (key === undefined)) throw new NotAllowed('must name both a certificate and its key, or neither');
  return {
    database: {
      kind, host, port: portOf(address, kind), user, password, database,
      ...(parameters.schema === undefined ? {} : { schema: parameters.schema }),
      tls: { mode: tlsMode ?? usualTls(kind, host, ca), ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }), ...(tlsName === undefined ? {} : { serverName: tlsName }) },
      connectTimeoutMs: parameters.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, parameters: {},
    },
    unheeded, saysTls: tlsMode !== undefined,
  };
}

/** The address as a plain URL, the password as it is: a secret. What `parseDatabaseUrl` makes of it is the same again. */
export function formatDatabaseUrl({ kind, host, port, user, password, database, schema, tls, connectTimeoutMs, parameters }: RemoteDatabase): string {
  const query = new URLSearchParams(parameters);
  const add = (name: string, value: string | undefined): void => void (value !== undefined && query.set(name, value));
  if (kind === 'postgres') {
    add('search_path', schema);
    add('sslmode', { off: 'disable', prefer: 'prefer', require: 'require', verify: 'verify-full' }[tls.mode]);
    add('sslrootcert', tls.ca);
    add('sslcert', tls.cert);
    add('sslkey', tls.key);
    add('connect_timeout', String(connectTimeoutMs / 1_000));
  } else if (kind === 'mysql') {
    add('tls', { off: 'false', prefer: 'preferred', require: 'skip-verify', verify: 'true' }[tls.mode]);
    add('ssl-ca', tls.ca);
    add('ssl-cert', tls.cert);
    add('ssl-key', tls.key);
    add('timeout', `${connectTimeoutMs}ms`);
  } else {
    add('schema', schema);
    add('connectTimeout', String(connectTimeoutMs));
  }
  const words = [...query].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  return `${kind}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host.includes(':') ? `[${host}]` : host}:${port}/${encodeURIComponent(database)}?${words}`;
}

function readAddress(kind: DatabaseKind, url: string): DatabaseAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && SCHEMES[kind].includes(scheme)) return readUrlForm(url);
  if (/^jdbc:/i.test(url)) throw new NotAllowed(`must be ${FORMS[kind]}: addresses of Java's drivers are not read`);
  const other = (Object.keys(SCHEMES) as DatabaseKind[]).find((each) => scheme !== undefined && SCHEMES[each].includes(scheme));
  if (other !== undefined) throw new NotAllowed(`must be an address for NATSJOB_DB_TYPE ${kind}, as in ${FORMS[kind]}; this one is for ${other}`);
  if (kind === 'postgres' && /^\s*\w+\s*=/.test(url)) return readKeywordForm(url, keywords());
  // A password that begins with // makes the user look like a scheme.
  if (kind === 'mysql' && (scheme === undefined || /@tcp[46]?\(/.test(url))) return readGoForm(url);
  throw new NotAllowed(`must be like ${FORMS[kind]}`);
}

/** Docker's names may have underscores, so this is wider than what we listen on. */
function hostOf({ host = '127.0.0.1' }: DatabaseAddress): string {
  if (/^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/.test(host) || /^(?=.*:.*:)[0-9a-f:.]{2,45}$/i.test(host)) return host;
  throw new NotAllowed('must have an address or a host name as its host; special characters of a password in a URL must be percent-encoded, @ as %40, / as %2F');
}

function portOf({ port }: DatabaseAddress, kind: DatabaseKind): number {
  if (port === undefined) return DEFAULT_PORTS[kind];
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= 65_535) return number;
  throw new NotAllowed('must have a port from 1 to 65535; special characters of a password in a URL must be percent-encoded, @ as %40, / as %2F');
}

/** Where nothing is said: what goes over a network is encrypted if the server can. Who names authorities wants them asked. */
function usualTls(kind: DatabaseKind, host: string, ca: string | undefined): DatabaseTlsMode {
  if (kind === 'dm') return 'off';
  if (ca !== undefined) return 'verify';
  return host === 'localhost' || host === '::1' || host.startsWith('127.') ? 'off' : 'prefer';
}
