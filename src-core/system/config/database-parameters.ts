import type { DatabaseKind, DatabaseTlsMode } from '../../ports/index.ts';
import { NotAllowed } from './not-allowed.ts';

/** What the parameters of an address come to. */
export interface DatabaseParameters {
  schema?: string;
  tlsMode?: DatabaseTlsMode;
  tlsName?: string;
  ca?: string;
  cert?: string;
  key?: string;
  connectTimeoutMs?: number;
  /** Names of those that are allowed and mean nothing here. */
  readonly unheeded: string[];
}

type Take = (into: DatabaseParameters, value: string, name: string) => void;

/** Reads the parameters of an address, names in any case. Throws NotAllowed, which quotes names and no values. */
export function readParameters(kind: DatabaseKind, pairs: readonly (readonly [string, string])[]): DatabaseParameters {
  const into: DatabaseParameters = { unheeded: [] };
  const known = KNOWN[kind];
  for (const [name, value] of pairs) {
    const take = known.get(name.toLowerCase());
    if (take === undefined) throw new NotAllowed(`must not have ${shown(name)}: known are ${worthNaming(kind)}`);
    take(into, value, name);
  }
  return into;
}

/** Every name that `name=value` pairs may have. */
export function keywords(): readonly string[] {
  return ['host', 'hostaddr', 'port', 'user', 'password', 'dbname', ...KNOWN.postgres.keys()];
}

const unheeded: Take = (into, _value, name) => void into.unheeded.push(name);
const setting = (field: 'ca' | 'cert' | 'key' | 'schema' | 'tlsName'): Take => (into, value) => {
  if (value !== '') into[field] = value;
};
const refused = (why: string): Take => (_into, _value, name) => {
  throw new NotAllowed(`must not have the parameter ${name}: ${why}`);
};
/** Good as long as it says what natsjob does anyway. */
const only = (words: readonly string[], why: string): Take => (into, value, name) => {
  if (!words.includes(value.toLowerCase())) throw new NotAllowed(`must not have another ${name} than ${words[0]}: ${why}`);
  into.unheeded.push(name);
};
const tlsMode = (words: Readonly<Record<string, DatabaseTlsMode>>): Take => (into, value, name) => {
  const mode = Object.hasOwn(words, value.toLowerCase()) ? words[value.toLowerCase()] : undefined;
  if (mode === undefined) throw new NotAllowed(`must have ${Object.keys(words).join(', ')} as the value of ${name}`);
  into.tlsMode = mode;
};
const duration = (unitMs: number): Take => (into, value, name) => {
  const ms = readDuration(value, unitMs);
  if (ms === undefined) throw new NotAllowed(`must have a length of time from 1 ms to 10 minutes as the value of ${name}, as in ${unitMs === 1_000 ? '10' : '10s'}`);
  if (ms > 0) into.connectTimeoutMs = ms;
};
/** libpq: `system` are the authorities the machine trusts, which are asked when none are named. */
const rootCertificate: Take = (into, value) => {
  if (value === 'system') into.tlsMode = 'verify';
  else if (value !== '') into.ca = value;
};

const MYSQL: Readonly<Record<string, Take>> = {
  tls: tlsMode({ true: 'verify', false: 'off', 'skip-verify': 'require', preferred: 'prefer' }),
  'ssl-mode': tlsMode({ disabled: 'off', preferred: 'prefer', required: 'require', verify_ca: 'require', verify_identity: 'verify' }),
  'ssl-ca': setting('ca'), 'ssl-cert': setting('cert'), 'ssl-key': setting('key'),
  timeout: duration(NaN),
  charset: (into, value, name) => {
    if (!value.toLowerCase().split(',').some((each) => each.startsWith('utf8'))) throw new NotAllowed('must not have another charset than utf8mb4: every text is kept in Unicode');
    into.unheeded.push(name);
  },
  ...all(unheeded, 'collation parsetime loc readtimeout writetimeout allownativepasswords allowfallbacktoplaintext maxallowedpacket interpolateparams multistatements checkconnliveness clientfoundrows columnswithalias rejectreadonly connectionattributes timetruncate'),
  allowcleartextpasswords: only(['false'], 'a password is never sent in clear text'),
  allowoldpasswords: only(['false'], 'no server that is still cared for needs it'),
  allowallfiles: only(['false'], 'no files are sent'),
  serverpubkey: refused('the key is asked from the server; use tls=true for one that is sure'),
};

const POSTGRES: Readonly<Record<string, Take>> = {
  sslmode: tlsMode({ disable: 'off', allow: 'prefer', prefer: 'prefer', require: 'require', 'verify-ca': 'require', 'verify-full': 'verify' }),
  sslrootcert: rootCertificate, sslcert: setting('cert'), sslkey: setting('key'),
  search_path: setting('schema'), schema: setting('schema'),
  connect_timeout: duration(1_000),
  ...all(unheeded, 'timezone application_name fallback_application_name prefer_simple_protocol default_query_exec_mode statement_cache_capacity description_cache_capacity binary_parameters disable_prepared_binary_result pool_max_conns pool_min_conns keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout sslsni sslcompression'),
  client_encoding: only(['utf8', 'utf-8', 'unicode', 'auto'], 'every text is kept in Unicode'),
  target_session_attrs: only(['any', 'read-write', 'primary'], 'rows are written'),
  gssencmode: only(['disable', 'prefer'], 'Kerberos is not supported'), krbsrvname: refused('Kerberos is not supported'),
  channel_binding: only(['prefer', 'disable'], 'it is used when the server offers it'),
  sslcrl: refused('lists of revoked certificates are not supported'), sslpassword: refused('the file of the key must be without a password'),
  service: refused('files of services are not read'), servicefile: refused('files of services are not read'), passfile: refused('use NATSJOB_DB_URL_FILE to keep the password out of sight'),
  options: refused('settings of a session are natsjob\'s own'),
};

const DM: Readonly<Record<string, Take>> = {
  schema: setting('schema'),
  connecttimeout: duration(1),
  ...all(unheeded, 'appname autocommit compatiblemode charset columnnameuppercase columnnamecase socketloglevel sockettimeout sessiontimeout stmtpoolsize pstmtpoolsize rwseparate loglevel logdir language timezone dmsvcconf'),
};

const KNOWN: Readonly<Record<DatabaseKind, ReadonlyMap<string, Take>>> = { mysql: table(MYSQL), postgres: table(POSTGRES), dm: table(DM) };

/** Those that do something, for sentences. */
function worthNaming(kind: DatabaseKind): string {
  return { mysql: 'tls, ssl-mode, ssl-ca, ssl-cert, ssl-key, timeout, charset, parseTime and loc', postgres: 'sslmode, sslrootcert, sslcert, sslkey, search_path, connect_timeout and TimeZone', dm: 'schema and connectTimeout' }[kind];
}

/** A name that is none is not repeated: it may be a part of something else. */
function shown(name: string): string {
  return /^[A-Za-z_][\w.-]{0,40}$/.test(name) ? `the parameter ${name}` : 'a parameter without a proper name';
}

/** Plain numbers are of `unitMs`; with units as Go writes them. 0 = the default. */
function readDuration(text: string, unitMs: number): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = match[2] === undefined ? (Number(match[1]) === 0 ? 1 : unitMs) : { ms: 1, s: 1_000, m: 60_000 }[match[2]];
  const ms = Math.round(Number(match[1]) * (unit ?? NaN));
  return ms >= 0 && ms <= 600_000 ? ms : undefined;
}

function all(take: Take, names: string): Record<string, Take> {
  return Object.fromEntries(names.split(' ').map((name) => [name, take]));
}

function table(takes: Readonly<Record<string, Take>>): ReadonlyMap<string, Take> {
  return new Map(Object.entries(takes));
}
