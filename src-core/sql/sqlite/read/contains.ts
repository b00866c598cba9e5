import { sql, type SQL } from 'drizzle-orm';
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core';
import { argsMatcher } from '../../../domain/index.ts';
import type { Connection } from '../connection.ts';

/** What `contains` and `argsMatch` need of the connection. */
export function addTextFunctions(connection: Connection): void {
  connection.function('contains_text', { deterministic: true }, (text: unknown, part: string) => (typeof text === 'string' && text.toLowerCase().includes(part) ? 1 : 0));
  let asked = '';
  let matches = argsMatcher(asked);
  connection.function('args_match', { deterministic: true }, (args: unknown, text: string) => {
    if (text !== asked) matches = argsMatcher((asked = text));
    return typeof args === 'string' && matches(args) ? 1 : 0;
  });
}

/** Any case: SQLite folds ASCII; for other letters the connection has a function of ours. */
export function contains(column: AnySQLiteColumn, text: string): SQL {
  if (text.length > 1_000 || !/^[\x01-\x7f]*$/.test(text)) return sql`contains_text(${column}, ${text.toLowerCase()})`;
  return sql`${column} like ${`%${text.replace(/[\\%_]/g, '\\$&')}%`} escape '\\'`;
}

/** See argsMatcher. */
export function argsMatch(column: AnySQLiteColumn, text: string): SQL {
  return text.includes(':') ? sql`args_match(${column}, ${text})` : contains(column, text);
}
