import type { Param } from '../remote/dialect.ts';

const SPECIAL = /[\0\b\t\n\r\x1a"'\\]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '\0': '\\0', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\x1a': '\\Z', '"': '\\"', '\'': '\\\'', '\\': '\\\\',
};

/**
 * A value as part of a statement. Safe only with the settings every session of ours has: UTF-8, whose bytes beyond ASCII are never
 * one of these, and a sql_mode with backslashes. Throws RangeError for a number that is none.
 */
export function literal(value: Param): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `'${value.replace(SPECIAL, (character) => ESCAPED[character]!)}'`;
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is no number a database keeps.`);
  return String(value);
}

/** Puts the values where the question marks are; a text of ours has no others. */
export function fill(text: string, params: readonly Param[]): string {
  let index = 0;
  const filled = text.replaceAll('?', () => literal(params[index++] as Param));
  if (index !== params.length) throw new RangeError(`${params.length} values for ${index} places.`);
  return filled;
}
