/** Looking at JSON text without parsing it: what a parser would cost, and the digits that a double would lose. */

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * True if the text has at most `max` commas and openings outside of strings: then it parses as fast as it can be read,
 * while a megabyte of brackets holds its thread up for a long time. Any text is taken, JSON or not.
 */
export function hasFewTokens(text: string, max: number): boolean {
  let count = 0;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
      continue;
    }
    if ((code === COMMA || code === OPEN_BRACKET || code === OPEN_BRACE) && ++count > max) return false;
    index++;
  }
  return true;
}

/**
 * The digits, as written, of the number that the outermost object holds under `name`; undefined if there is none.
 * Names match without regard to case; the exact spelling wins, then the last one written, as in knownFields.
 * Takes the text of a valid JSON object only: the caller has parsed it and found a number there.
 */
export function numberSource(json: string, name: string): string | undefined {
  let exact: string | undefined;
  let folded: string | undefined;
  let depth = 0;
  let key = '';
  let index = 0;
  while (index < json.length) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfString(json, index);
      // A string value is taken for a key too, until the real key after the next comma replaces it.
      if (depth === 1) key = keyName(json.slice(index, end), name);
      index = end;
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (code === COLON && depth === 1 && key !== '') {
      const end = endOfScalar(json, index + 1);
      const source = json.slice(index + 1, end).trim();
      if (source !== '') {
        if (key === name) exact = source;
        else folded = source;
      }
      index = end;
      continue;
    }
    index++;
  }
  return exact ?? folded;
}

/** The key as written if it is `name` in some case, else empty. `literal` has its quotes. */
function keyName(literal: string, name: string): string {
  if (literal.length !== name.length + 2 && !literal.includes('\\')) return '';
  const key = JSON.parse(literal) as string;
  return key.toLowerCase() === name.toLowerCase() ? key : '';
}

/** The index after the closing quote of the string that opens at `open`, or the text's end. */
function endOfString(json: string, open: number): number {
  let index = open + 1;
  while (index < json.length) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) return index + 1;
    index += code === BACKSLASH ? 2 : 1;
  }
  return json.length;
}

/** The index of what follows a number or literal: a comma, a brace, or the opening of a value that is no scalar. */
function endOfScalar(json: string, from: number): number {
  let index = from;
  while (index < json.length) {
    const code = json.charCodeAt(index);
    if (code === COMMA || code === CLOSE_BRACE || code === QUOTE || code === OPEN_BRACE || code === OPEN_BRACKET) return index;
    index++;
  }
  return index;
}
