import { ProblemError } from '../errors.ts';
import { invalidInput } from '../problem.ts';
import { findJsonError } from './find-json-error.ts';

/** The value of a JSON body; undefined for an empty one. Throws the 400 problem that says where it stops being JSON. */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = findJsonError(text);
    throw badJson(`The body is not JSON: ${position === undefined ? (error as Error).message : `${position.message} at position ${position.index} (line ${position.line}, column ${position.column})`}.`);
  }
  checkShape(value);
  if (LONG_NUMBER.test(text)) checkNumbers(text);
  return value;
}

const MAX_DEPTH = 64;
const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw badJson('The body is not valid UTF-8.');
  }
}

/** Without recursion: it is the depth that is in question. */
function checkShape(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw badJson(`The body is nested deeper than ${MAX_DEPTH} levels.`);
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (!Array.isArray(item) && Object.hasOwn(item, '__proto__')) {
        throw invalidInput([{ field: '__proto__', message: 'is not allowed as a name' }]);
      }
      for (const child of Object.values(item)) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
}

/** Cheap to look for; most bodies have none. */
const LONG_NUMBER = /\d{16}/;

/** A whole number that JavaScript would round silently: somebody's order number in the args of a job. */
function checkNumbers(text: string): void {
  JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) => {
    const { source } = context ?? {};
    if (typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)) {
      throw badJson(`The number ${source.slice(0, 40)} is too long to be kept exactly; send it as text.`);
    }
    return value;
  }) as (key: string, value: unknown) => unknown);
}

function badJson(detail: string): ProblemError {
  return new ProblemError(400, 'invalid-json', 'Invalid JSON', detail, { errors: [{ field: '', message: detail }] });
}
