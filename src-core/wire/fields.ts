/** Reading JSON that anybody may have written. Nothing here throws. */

import { hasFewTokens } from './json-scan.ts';

export type JsonObject = Record<string, unknown>;

const ALWAYS_PARSED = 16_384;
const MAX_TOKENS = 4096;

/** The JSON object in `text`; undefined for anything else, and unread if longer than `maxLength` UTF-16 units. */
export function objectOf(text: string, maxLength = 1_048_576): JsonObject | undefined {
  if (text.length > maxLength) return undefined;
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/**
 * What a stranger's JSON holds; undefined for bad JSON, and for long text with so many values that parsing it would
 * hold up the caller's thread (an honest long text is one long string).
 */
export function parseForeign(text: string): unknown {
  return text.length <= ALWAYS_PARSED || hasFewTokens(text, MAX_TOKENS) ? parseJson(text) : undefined;
}

/** JSON.parse without the exception; undefined for bad JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text field: empty when missing or null, undefined when it is something else. */
export function textField(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : undefined;
}

/** A whole number ≥ 0: `missing` when it is missing or null, undefined when it is something else. */
export function wholeField(fields: JsonObject, name: string, missing: number): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return missing;
  return isWhole(value) ? value : undefined;
}

export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * The known fields of an object, found without regard to case; the exact spelling wins, then the last one written.
 * `names` maps lower case → the exact name. Unknown fields are left out.
 */
export function knownFields(object: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const known: JsonObject = {};
  for (const key of Object.keys(object)) {
    const name = names.get(key.toLowerCase());
    if (name !== undefined && (key === name || !Object.hasOwn(object, name))) known[name] = object[key];
  }
  return known;
}

/** The map that knownFields wants. */
export function fieldNames(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name.toLowerCase(), name]));
}
