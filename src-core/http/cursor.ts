import type { ProblemError } from './errors.ts';
import { invalidInput } from './problem.ts';

/** Lists that have pages. */
export type ListName = keyof typeof PLACES;

/** A place in a list, opaque to callers: base64url of JSON with the list's name, so that one list's cursor is refused by another. */
export function encodeCursor(list: ListName, place: string): string {
  return Buffer.from(JSON.stringify([1, list, place])).toString('base64url');
}

/** Throws the 400 problem for anything `encodeCursor` did not make for this list. */
export function decodeCursor(list: ListName, text: string): string {
  if (text.length <= MAX_LENGTH && /^[A-Za-z0-9_-]+$/.test(text)) {
    const place = readPlace(list, text);
    if (place !== undefined) return place;
  }
  throw badCursor();
}

export function badCursor(): ProblemError {
  return invalidInput([{ field: 'cursor', message: 'must be a nextCursor of the same list, unchanged' }]);
}

const MAX_LENGTH = 1024;

/** What a place looks like: a made-up one shall not reach the store. */
const PLACES = {
  namespaces: /^[A-Za-z0-9_-]{1,64}$/,
  apps: /^[A-Za-z0-9_-]{1,64}$/,
  jobs: /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){2}$/,
  // Below 2^63.
  runs: /^(?:[0-9]{1,18}|[0-8][0-9]{18}|9[01][0-9]{17}|92[01][0-9]{16}|922[0-2][0-9]{15})$/,
  'sub-runs': /^[0-9]:[0-9]{1,16}$/,
  'bucket-entries': /^[0-9]{1,16}$/,
  reports: /^[0-9]{1,16}$/,
  skips: /^[0-9]{1,15}:[0-9]{1,7}:[0-9]{1,3}$/,
};

function readPlace(list: ListName, text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 3 || value[0] !== 1 || value[1] !== list) return undefined;
    return typeof value[2] === 'string' && PLACES[list].test(value[2]) ? value[2] : undefined;
  } catch {
    return undefined;
  }
}
