import { nearest } from './nearest.ts';
import { NotAllowed } from './not-allowed.ts';

/** The parts of a database's address before anybody has judged them. */
export interface DatabaseAddress {
  /** Undefined where the form lets it be left out. */
  readonly user: string | undefined;
  readonly password: string;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly database: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const SPECIAL_HINT = 'special characters of user and password must be percent-encoded, @ as %40, / as %2F';
/** None of these is part of a name or a password that somebody chose; they come from broken quoting or from files. */
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * `scheme://user:password@host:port/database?name=value`. User, password and values are percent-encoded.
 * Throws NotAllowed; nothing of the text is quoted.
 */
export function readUrlForm(text: string): DatabaseAddress {
  const [, rest = ''] = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(text) ?? [];
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const tail = end < 0 ? '' : rest.slice(end);
  // A raw / or ? in the password would end the authority early; what follows must not be taken for names that can be shown.
  if (tail.includes('@') || tail.includes('#')) throw new NotAllowed(`must be like scheme://user:password@host:port/database, where ${SPECIAL_HINT}`);
  const at = authority.lastIndexOf('@');
  const [user, password] = at < 0 ? [undefined, ''] : splitAt(authority.slice(0, at), ':');
  const { host, port } = readHostAndPort(authority.slice(at + 1));
  const [path, query = ''] = splitAt(tail, '?');
  return {
    user: user === undefined ? undefined : decode(user), password: decode(password), host, port,
    database: decode(path.replace(/^\//, '').replace(/\/$/, '')), parameters: readQuery(query),
  };
}

/**
 * What go-sql-driver/mysql reads: `user:password@tcp(host:port)/database?name=value`. User and password stand there as they are,
 * whatever they hold. Throws NotAllowed; nothing of the text is quoted.
 */
export function readGoForm(text: string): DatabaseAddress {
  const form = 'must be like user:password@tcp(host:3306)/database or mysql://user:password@host:3306/database';
  // The last one counts: the password may look like one.
  const found = /^(.*)@([a-z0-9]*)(?:\(([^()]*)\))?\/([^/?]*)(?:\?(.*))?$/is.exec(text);
  if (!found) throw new NotAllowed(form);
  const [, login = '', protocol = '', address = '', database = '', query = ''] = found;
  if (protocol === 'unix') throw new NotAllowed('must name a host, as in user:password@tcp(127.0.0.1:3306)/database: Unix sockets are not supported');
  if (!['', 'tcp', 'tcp4', 'tcp6'].includes(protocol)) throw new NotAllowed(form);
  const [user, password] = splitAt(login, ':');
  return { user, password, ...readHostAndPort(address), database: decode(database), parameters: readQuery(query) };
}

/**
 * What libpq, lib/pq and gorm read: `host=… user=… password='with \' and spaces'`. Throws NotAllowed; of the text nothing is quoted
 * but names that are known.
 */
export function readKeywordForm(text: string, known: readonly string[]): DatabaseAddress {
  const found = new Map<string, string>();
  const pair = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?(?=\s|$))\s*/gsuy;
  let last = 'the beginning';
  for (let at = 0; at < text.length; at = pair.lastIndex) {
    pair.lastIndex = at;
    const match = pair.exec(text);
    const name = match?.[1]?.toLowerCase() ?? '';
    // What is not known may be the rest of a password with a space in it.
    if (match === null || !known.includes(name)) {
      const meant = match === null ? undefined : nearest(name, known);
      throw new NotAllowed(`must be name=value pairs, as in host=127.0.0.1 port=5432 user=… password=… dbname=…; after ${last} comes something else${meant === undefined ? '' : `, perhaps ${meant}`} (a value with spaces stands in single quotes, a quote in it after a backslash)`);
    }
    found.set(name, (match[2] ?? match[3] ?? '').replace(/\\(.)/gs, '$1'));
    last = name;
  }
  const { host, hostaddr, port, user, password = '', dbname = '', ...others } = Object.fromEntries(found);
  const place = hostaddr || host;
  if (place?.startsWith('/') || place?.startsWith('@')) throw new NotAllowed('must name a host, as in host=127.0.0.1: Unix sockets are not supported');
  if (place?.includes(',') || port?.includes(',')) throw new NotAllowed('must name one host: several with commas between are not supported');
  return { user, password, host: place || undefined, port: port || undefined, database: dbname, parameters: Object.entries(others) };
}

function readHostAndPort(text: string): { host: string | undefined; port: string | undefined } {
  if (text.includes(',')) throw new NotAllowed('must name one host: several with commas between are not supported');
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(text) ?? [];
  if (bracketed === undefined && plain === undefined) throw new NotAllowed('must have a host, then a colon and a port; an IPv6 address stands in brackets, as in [::1]:5432');
  return { host: (bracketed ?? plain) || undefined, port: port || undefined };
}

function readQuery(query: string): [string, string][] {
  return query.split('&').filter((each) => each !== '').map((each) => {
    const [name, value] = splitAt(each, '=');
    return [decode(name), decode(value)];
  });
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new NotAllowed(`must be percent-encoded as addresses are: a % itself as %25; ${SPECIAL_HINT}`);
  }
  if (CONTROL.test(decoded)) throw new NotAllowed('must not hold control characters');
  return decoded;
}
