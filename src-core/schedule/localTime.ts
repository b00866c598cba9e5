/** `2026-01-31T09:00:00+08:00` for an instant and the offset (ms) in force; seconds of an offset are shown when it has some. */
export function formatLocal(at: number, offset: number): string {
  const size = Math.abs(offset) / 1000;
  const seconds = size % 60 === 0 ? '' : `:${two(size % 60)}`;
  const sign = offset < 0 ? '-' : '+';
  return `${formatWallClock(at + offset)}${sign}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${seconds}`;
}

/** `2026-01-31T09:00:00`, with milliseconds when there are some, for local ms. */
export function formatWallClock(local: number): string {
  const text = new Date(local).toISOString().slice(0, -1);
  return text.endsWith('.000') ? text.slice(0, -4) : text;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
