/** Days of a zone's own calendar. */
export interface LocalDay {
  /** 2026-03-01 */
  readonly key: string;
  readonly from: number;
  /** Where the next begins: 23 to 25 hours later. */
  readonly to: number;
  /** 0 = Sunday. */
  readonly weekday: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** The last `count` days, oldest first, today's among them. */
export function lastDays(count: number, now: number, zone: string): readonly LocalDay[] {
  const today = Math.floor((now + offsetAt(now, zone)) / DAY);
  return Array.from({ length: count }, (_, index) => {
    const day = today - (count - 1 - index);
    return { key: new Date(day * DAY).toISOString().slice(0, 10), from: startOf(day, zone), to: startOf(day + 1, zone), weekday: (day + 4) % 7 };
  });
}

/** The width of a bucket, counted from the epoch, of which each of the days is a whole number. */
export function bucketOf(days: readonly LocalDay[]): number {
  return [DAY, 60 * MINUTE, 30 * MINUTE].find((width) => days.every(({ from }) => from % width === 0)) ?? 15 * MINUTE;
}

/** Milliseconds to add to get the zone's wall clock. */
export function offsetAt(ms: number, zone: string): number {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    clocks.set(zone, clock);
  }
  const parts = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)])) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(ms / 1000) * 1000;
}

/** `day`: days since 1970 on the wall. Where midnight is jumped over, the first moment after the jump. */
function startOf(day: number, zone: string): number {
  const wall = day * DAY;
  const guess = wall - offsetAt(wall, zone);
  const before = offsetAt(guess - 1, zone);
  const at = offsetAt(guess, zone);
  return before !== at && guess + at - wall !== 0 ? wall - Math.min(before, at) : wall - at;
}
