import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NotAllowed, databaseName, databaseTypeNamed, parseDatabaseUrl, type DatabaseSettings } from '../../src-core/system/index.ts';
import { UsageError, type CommandContext } from '../cli/command.ts';

/** A place that a copy comes from or goes to. */
export interface DatabasePlace {
  readonly database: DatabaseSettings;
  /** For people; no password. */
  readonly name: string;
  /** Stands on the command line, where every user of the machine can read it. */
  readonly showsPassword: boolean;
}

/**
 * Reads `settings`, `sqlite:file`, `sqlite:` (the file of the data folder), `mysql:address`, `postgres:address`, `dm:address`, or a plain URL;
 * `mysql:@file` and the like take the address from a file. Throws UsageError, without a password.
 */
export function readPlace(flag: '--from' | '--to', text: string, { load, cwd }: Pick<CommandContext, 'load' | 'cwd'>): DatabasePlace {
  const { database: settings, dataDir } = load().config;
  if (text === 'settings') return { database: settings, name: databaseName(settings), showsPassword: false };
  const at = text.indexOf(':');
  const type = databaseTypeNamed(at < 0 ? text : text.slice(0, at));
  if (type === undefined) throw new UsageError(`${flag} must be settings, sqlite:<file>, or mysql:, postgres: or dm: and an address, as in postgres://user:password@host:5432/database or mysql:@/run/secrets/db-url.`, 'db copy');
  const rest = at < 0 ? '' : text.slice(at + 1);
  if (type === 'sqlite') {
    const file = rest === '' ? path.join(dataDir, 'natsjob.sqlite') : path.resolve(cwd, rest);
    return { database: { kind: 'sqlite', file }, name: file, showsPassword: false };
  }
  const isFile = rest.startsWith('@');
  const address = isFile ? readAddress(flag, path.resolve(cwd, rest.slice(1))) : rest.startsWith('//') ? text : rest;
  try {
    const { database } = parseDatabaseUrl(type, address);
    return { database, name: databaseName(database), showsPassword: !isFile && database.password !== '' };
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    throw new UsageError(`${flag} ${error.message.replaceAll(`while NATSJOB_DB_TYPE is ${type}`, `after ${type}:`).replaceAll(`NATSJOB_DB_TYPE ${type}`, type)}.`, 'db copy');
  }
}

function readAddress(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`${flag}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'db copy');
  }
}
