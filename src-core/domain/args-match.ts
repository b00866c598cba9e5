/**
 * Whether args are what was asked for: they contain the text, in any case, or the text is `path:value` and they are JSON with
 * that value at that path (`order.id:17`; numbers count from 0 in lists). Texts, numbers, true, false and null are compared as text.
 */
export function argsMatcher(text: string): (args: string) => boolean {
  const needle = text.toLowerCase();
  const match = /^([^:]+):(.+)$/s.exec(text);
  const path = match?.[1]!.split('.') ?? [];
  const last = path.at(-1) ?? '';
  const wanted = match?.[2];
  return (args) => {
    if (args.toLowerCase().includes(needle)) return true;
    // Parsing is the dear part, and most args do not have the field.
    return wanted !== undefined && /^\s*[[{]/.test(args) && (/^\d+$/.test(last) || args.includes(last)) && textAt(args, path) === wanted;
  };
}

function textAt(args: string, path: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(args);
  } catch {
    return undefined;
  }
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'object' && value !== null ? undefined : String(value);
}
