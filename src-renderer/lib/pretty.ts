/** JSON objects and arrays with line breaks and indents; every other text as it is. */
export function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(parseJson(text), null, 2);
  } catch {
    return text;
  }
}

/** As JSON.parse, but what is made JSON again has every digit it had. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, keepDigits);
}

/** Numbers keep the digits they are written with: a long id must not be rounded on its way. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
  return typeof value === 'number' && context?.source !== undefined && context.source !== String(value) && rawJSON ? rawJSON(context.source) : value;
}
