import path from 'node:path';
import { isIP } from 'node:net';
import { parseDatabaseUrl } from './database-url.ts';
import { databaseTypeNamed, type DatabaseType } from './database-types.ts';
import { isFeedUrl } from './feed-url.ts';
import { NotAllowed } from './not-allowed.ts';

/** What a parser may know besides the text. */
export interface ParseContext {
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** IANA name of the machine's zone. */
  readonly systemTimezone: string;
  /** What NATSJOB_DB_TYPE says, right or wrong: it decides how NATSJOB_DB_URL reads. */
  readonly databaseType: string;
}

/** Text to value; throws NotAllowed when it breaks the setting's rule. */
export type Parser<T> = (text: string, context: ParseContext) => T;

export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return (text) => {
    const word = text.trim().toLowerCase();
    for (const allowed of words) if (allowed === word) return allowed;
    throw new NotAllowed(`must be ${words.join(' or ')}`);
  };
}

export function wholeNumber(least: number, most: number): Parser<number> {
  return (text) => {
    const value = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new NotAllowed(`must be a whole number from ${least} to ${most}`);
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes, with K, M, G or T for powers of 1024. */
export function byteCount(least: number, most: number): Parser<number> {
  return (text) => {
    const match = /^\s*(\d{1,15})\s*([kmgt]?)(?:i?b)?\s*$/i.exec(text);
    const value = match ? Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? NaN) : NaN;
    if (value >= least && value <= most) return value;
    throw new NotAllowed(`must be a number of bytes from ${least} to ${most}, as in 8589934592 or 8G`);
  };
}

export function yesOrNo(): Parser<boolean> {
  return (text) => {
    const word = text.trim().toLowerCase();
    if (['true', 'yes', 'on', '1'].includes(word)) return true;
    if (['false', 'no', 'off', '0'].includes(word)) return false;
    throw new NotAllowed('must be true or false');
  };
}

/** Any one-line text within the lengths. */
export function plainText(least: number, most: number): Parser<string> {
  return (text) => {
    if (text.length >= least && text.length <= most && !/[\u0000-\u001f\u007f]/.test(text)) return text;
    throw new NotAllowed(`must be ${least} to ${most} characters on one line`);
  };
}

/** A folder or file; made absolute. */
export function filePath(): Parser<string> {
  return (text, { cwd }) => {
    if (text === '' || text.includes('\0')) throw new NotAllowed('must be a path');
    return path.resolve(cwd, text);
  };
}

/** Like filePath, and empty means none. */
export function optionalPath(): Parser<string> {
  const parse = filePath();
  return (text, context) => (text === '' ? '' : parse(text, context));
}

/** SQLite's file, empty = the one in the data folder; or the address of a server, as NATSJOB_DB_TYPE wants it. */
export function databaseUrl(): Parser<string> {
  const parse = optionalPath();
  return (text, context) => {
    const type = databaseTypeNamed(context.databaseType);
    // A type that is wrong is told by its own setting.
    if (type === undefined) return text;
    if (type !== 'sqlite') {
      parseDatabaseUrl(type, text);
      return text;
    }
    if (/:\/\/|@tcp\(|\bhost=/i.test(text)) throw new NotAllowed('must be the path of a file while NATSJOB_DB_TYPE is sqlite; for a server set NATSJOB_DB_TYPE to mysql, postgres or dm');
    return parse(text, context);
  };
}

export function hostName(): Parser<string> {
  return (text) => {
    const host = text.trim().replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) || /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(host)) return host;
    throw new NotAllowed('must be an address or a host name, as in 127.0.0.1 or 0.0.0.0');
  };
}

/** One or more server addresses with commas between; empty = the embedded default. */
export function natsUrls(): Parser<string> {
  return (text) => {
    const urls = text.split(',').map((url) => url.trim()).filter((url) => url !== '');
    for (const url of urls) if (!isNatsUrl(url)) throw new NotAllowed('must be like nats://user:password@host:4222 (nats or tls), several with commas between, or empty for the embedded server');
    return urls.join(',');
  };
}

function isNatsUrl(url: string): boolean {
  const withScheme = /^[a-z]+:\/\//i.test(url) ? url : `nats://${url}`;
  if (!/^(nats|tls):\/\//i.test(withScheme) || /\s/.test(url)) return false;
  try {
    const { hostname, pathname } = new URL(withScheme.replace(/^[a-z]+/i, 'http'));
    return hostname !== '' && (pathname === '' || pathname === '/');
  } catch {
    return false;
  }
}

/** An IANA zone; empty = the machine's. */
export function timezone(): Parser<string> {
  return (text, { systemTimezone }) => {
    const zone = text.trim() || systemTimezone;
    // Known to be good, and the first zone that is looked up costs some 10 ms of the start.
    if (zone === systemTimezone) return zone;
    try {
      // Throws on unknown names. The name as given is kept: it is what people recognise.
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return zone;
    } catch {
      throw new NotAllowed('must be the name of a time zone, as in Asia/Shanghai or UTC');
    }
  };
}

/** By one of its names. */
export function databaseType(): Parser<DatabaseType> {
  return (text) => {
    const type = databaseTypeNamed(text);
    if (type !== undefined) return type;
    throw new NotAllowed('must be sqlite, mysql (or mariadb), postgres (or postgresql, kingbase) or dm (or dameng)');
  };
}

/** Address of latest.json; empty = none is asked. */
export function feedUrl(): Parser<string> {
  return (text) => {
    const url = text.trim();
    if (url === '' || isFeedUrl(url)) return url;
    throw new NotAllowed('must be like https://host/path/latest.json, without user and password; http only for this machine');
  };
}

/** A name safe in subjects; empty = one is made up and kept in the data folder. */
export function nodeName(): Parser<string> {
  return (text) => {
    if (/^[A-Za-z0-9_-]{0,64}$/.test(text)) return text;
    throw new NotAllowed('must be letters, digits, "_" and "-", at most 64 characters');
  };
}
