const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `500ms`, `10 s`, `1h30m`, `2d`; a bare number is seconds. Undefined when it cannot be read. */
export function parseDuration(text: string): number | undefined {
  const body = text.trim().toLowerCase().replace(/\s+/g, '');
  if (/^\d+(\.\d+)?$/.test(body)) return Math.round(Number(body) * 1000);
  if (!/^(\d+(\.\d+)?(ms|min|s|m|h|d|w))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of body.matchAll(/(\d+(?:\.\d+)?)(ms|min|s|m|h|d|w)/g)) total += Number(number) * (UNITS[unit] ?? 0);
  return Math.round(total);
}

/** The shortest exact text that `parseDuration` reads back: `1h 30m`, `250ms`, `0s`. */
export function writeDuration(ms: number): string {
  if (ms === 0) return '0s';
  const parts: string[] = [];
  let rest = ms;
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}
