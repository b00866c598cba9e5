/** Texts that may be JSON: args of jobs, payloads of messages. */

export interface ReadArgs {
  /** As the server takes it: the JSON value, or the text. */
  readonly value: unknown;
  readonly isJson: boolean;
  /** In UTF-8, as it will be stored. */
  readonly bytes: number;
}

/** An object or array is meant as JSON; anything else, numbers too, stays the text that was typed. */
export function readArgs(text: string): ReadArgs {
  const value = structureOf(text);
  const stored = value === undefined ? text : JSON.stringify(value);
  return { value: value ?? text, isJson: value !== undefined, bytes: new TextEncoder().encode(stored).length };
}

/** JSON objects and arrays with line breaks and indents; every other text as it is. */
export function pretty(text: string): string {
  const value = structureOf(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}

function structureOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text, keepDigits) as object;
  } catch {
    return undefined;
  }
}

/** Numbers keep the digits they are written with: a long id must not be rounded on its way. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
  return typeof value === 'number' && context?.source !== undefined && context.source !== String(value) && rawJSON ? rawJSON(context.source) : value;
}
