import { BadOptionError } from '../errors.ts';

/** JSON of the value. Throws BadOptionError when there is none, or it is too long. */
export function jsonText(option: string, value: unknown, mostCharacters: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch {
    // a circle, or a bigint
  }
  if (text === undefined || text.length > mostCharacters) throw new BadOptionError(option, `a value that JSON has, of at most ${mostCharacters} characters`);
  return text;
}

/** Undefined for what is no JSON. */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
