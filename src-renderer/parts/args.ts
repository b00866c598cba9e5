import { parseJson } from '../lib/pretty.ts';

export const MAX_ARGS_BYTES = 65_536;

/** Args as they stand in an editor: a text, or the text of a JSON value. */
export interface ArgsDraft {
  readonly kind: 'text' | 'json';
  readonly text: string;
}

/** `at` is where the text stops being JSON, from 1. `kind`: it is JSON, but of a kind that would be sent as text or as nothing. */
export type ArgsFault = { readonly what: 'json'; readonly at: { readonly line: number; readonly column: number } | undefined } | { readonly what: 'kind' } | { readonly what: 'size' };

export function draftOf(args: unknown): ArgsDraft {
  if (args === undefined || args === null) return { kind: 'text', text: '' };
  return typeof args === 'string' ? { kind: 'text', text: args } : { kind: 'json', text: JSON.stringify(args, undefined, 2) };
}

/** Args of a run are text even when they were JSON: what reads as an object or a list is shown as JSON. */
export function draftOfText(text: string): ArgsDraft {
  if (!/^\s*[[{]/.test(text)) return { kind: 'text', text };
  try {
    return draftOf(parseJson(text));
  } catch {
    return { kind: 'text', text };
  }
}

/** The value to send. Of a draft with a fault it is what can be made of it. */
export function valueOf({ kind, text }: ArgsDraft): unknown {
  if (kind === 'text') return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

export function faultOf(draft: ArgsDraft): ArgsFault | undefined {
  if (draft.kind === 'json') {
    try {
      const value = parseJson(draft.text);
      if (value === null || typeof value === 'string') return { what: 'kind' };
    } catch (error) {
      return { what: 'json', at: placeOf((error as SyntaxError).message, draft.text) };
    }
  }
  return sizeOf(draft) > MAX_ARGS_BYTES ? { what: 'size' } : undefined;
}

/** In bytes, as they are sent to workers. */
export function sizeOf(draft: ArgsDraft): number {
  const value = valueOf(draft);
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)).length;
}

/** Browsers name the place in words of their own: as a line and column, or as a position. */
function placeOf(message: string, text: string): { line: number; column: number } | undefined {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return { line: Number(line), column: Number(column) };
  const [, position] = /position (\d+)/.exec(message) ?? [];
  const before = (position === undefined ? text : text.slice(0, Number(position))).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
