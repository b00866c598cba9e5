/** Where a text stops being JSON. */
export interface JsonError {
  readonly index: number;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * First place at which the text is not JSON, or undefined when it is. V8's own message names no place for short texts.
 * Keeps its own stack of open brackets, so that depth is no problem.
 */
export function findJsonError(text: string): JsonError | undefined {
  const open: string[] = [];
  let index = 0;
  let want: Want = 'value';
  for (;;) {
    index = skipSpace(text, index);
    if (want === 'end' && open.length === 0) return index === text.length ? undefined : at(text, index, 'more text after the value');
    if (index >= text.length) return at(text, index, 'the text ends too early');
    const char = text[index]!;
    if (want === 'end') {
      if (char === ',') want = open.at(-1) === '{' ? 'key' : 'value';
      else if (char === CLOSER[open.at(-1)!]) open.pop();
      else return at(text, index, `expected "," or "${CLOSER[open.at(-1)!]}"`);
      index += 1;
      continue;
    }
    if ((want === 'first-key' && char === '}') || (want === 'first-value' && char === ']')) {
      open.pop();
      [want, index] = ['end', index + 1];
      continue;
    }
    if (want === 'key' || want === 'first-key') {
      const end = char === '"' ? endOfString(text, index) : -index - 1;
      if (end < 0) return at(text, -end - 1, char === '"' ? 'bad text' : 'expected a name in double quotes');
      index = skipSpace(text, end);
      if (text[index] !== ':') return at(text, index, 'expected ":"');
      [want, index] = ['value', index + 1];
      continue;
    }
    if (char === '{' || char === '[') {
      open.push(char);
      [want, index] = [char === '{' ? 'first-key' : 'first-value', index + 1];
      continue;
    }
    const end = endOfScalar(text, index);
    if (end < 0) return at(text, -end - 1, char === '"' ? 'bad text' : 'expected a value');
    [want, index] = ['end', end];
  }
}

type Want = 'value' | 'first-value' | 'key' | 'first-key' | 'end';

const CLOSER: Readonly<Record<string, string>> = { '{': '}', '[': ']' };
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;
const CHARS = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function endOfScalar(text: string, index: number): number {
  if (text[index] === '"') return endOfString(text, index);
  for (const pattern of [NUMBER, WORD]) {
    const end = endOf(pattern, text, index);
    if (end > index) return end;
  }
  return -index - 1;
}

/** After the closing quote; or minus the bad place minus one. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  for (;;) {
    index = endOf(CHARS, text, index);
    if (text[index] === '"') return index + 1;
    const end = text[index] === '\\' ? endOf(ESCAPE, text, index) : index;
    if (end === index) return -index - 1;
    index = end;
  }
}

function skipSpace(text: string, index: number): number {
  return endOf(SPACE, text, index);
}

function endOf(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex : index;
}

function at(text: string, index: number, message: string): JsonError {
  const before = text.slice(0, index);
  const line = before.split('\n').length;
  return { index, line, column: index - before.lastIndexOf('\n'), message };
}
