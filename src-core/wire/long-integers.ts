const QUOTE = 34;
const BACKSLASH = 92;
const MINUS = 45;

/** The shortest run id. Integers up to here are exact in a double, but a run id must come out as text anyway. */
const LONG_DIGITS = 15;

/**
 * The same JSON with every integer of 15 digits or more as text, so that no digit is lost when it is parsed.
 * Takes valid JSON only (the caller has parsed it once): then whatever looks like a number outside of strings is one.
 * Numbers with a fraction or an exponent stay numbers.
 */
export function quoteLongIntegers(json: string): string {
  let result = '';
  let copied = 0;
  let index = 0;
  while (index < json.length) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(json, index);
    } else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(json, index);
      const digits = end - index - (code === MINUS ? 1 : 0);
      if (digits >= LONG_DIGITS && isPlainInteger(json, index, end)) {
        result += json.slice(copied, index) + '"' + json.slice(index, end) + '"';
        copied = end;
      }
      index = end;
    } else {
      index++;
    }
  }
  return result + json.slice(copied);
}

/** The index after the closing quote of the string that opens at `open`. */
function endOfString(json: string, open: number): number {
  let index = open + 1;
  while (index < json.length) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) return index + 1;
    index += code === BACKSLASH ? 2 : 1;
  }
  return index;
}

/** The index after the number that begins at `from`: digits, sign, point and exponent. */
function endOfNumber(json: string, from: number): number {
  let index = from + 1;
  while (index < json.length && /[0-9.eE+-]/.test(json[index] as string)) index++;
  return index;
}

function isPlainInteger(json: string, from: number, end: number): boolean {
  for (let index = from + 1; index < end; index++) {
    if (!isDigit(json.charCodeAt(index))) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
