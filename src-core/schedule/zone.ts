import { BoundedCache } from './boundedCache.ts';
import { ScheduleError, quote } from './scheduleError.ts';

/** A stretch of time in which a zone keeps one offset. All in ms; `from` inclusive, `to` exclusive. */
export interface OffsetRange {
  /** Start of the stretch, as far as it is known (it may have begun earlier when `before` equals `offset`). */
  readonly from: number;
  readonly to: number;
  /** Local time minus UTC. */
  readonly offset: number;
  /** The offset in force just before `from`: different from `offset` when the clock changed at `from`. */
  readonly before: number;
}

const DAY = 86_400_000;
/** Every shift of a local clock on record is at most a day, so two days of margin show all that matters. */
const MARGIN = 2 * DAY;
/** The shortest stretch of any zone from 1970 to 2070 is 7 days (Recife 2000), so no two changes hide in one stride. */
const STRIDE = 3 * DAY;
const MAX_YEARS_KEPT = 64;

const zones = new BoundedCache<string, Zone>(256);

/**
 * The zone of an IANA name. One object per name is shared: its formatter costs 0.2 ms to build.
 * Throws ScheduleError with field `timezone`.
 */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = new Zone(name);
  zones.set(name, zone);
  return zone;
}

/**
 * Offsets of one zone, read from the runtime's own tz data and kept as a table per calendar year,
 * because asking Intl costs 1 µs a time and the answer changes twice a year at most places.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, readonly OffsetRange[]>();
  #last: OffsetRange = { from: 0, to: 0, offset: 0, before: 0 };
  #lastFrom = 0;
  #lastTo = 0;

  constructor(name: string) {
    this.name = name;
    this.#format = formatterOf(name);
  }

  /**
   * The stretch that holds `at`. A change of the clock within two days before or after `at` is
   * always seen as the stretch's edge; an edge further away may be the edge of what is tabled.
   */
  rangeAt(at: number): OffsetRange {
    if (at >= this.#lastFrom && at < this.#lastTo) return this.#last;
    const year = new Date(at).getUTCFullYear();
    const found = this.#yearRanges(year).find((range) => at < range.to);
    if (found === undefined) throw new RangeError(`No offset for ${at} in ${this.name}.`);
    this.#last = found;
    this.#lastFrom = Math.max(found.from, startOfYear(year));
    this.#lastTo = Math.min(found.to, startOfYear(year + 1));
    return found;
  }

  #yearRanges(year: number): readonly OffsetRange[] {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    if (this.#years.size >= MAX_YEARS_KEPT) this.#years.clear();
    const ranges = this.#readRanges(startOfYear(year) - MARGIN, startOfYear(year + 1) + MARGIN);
    this.#years.set(year, ranges);
    return ranges;
  }

  #readRanges(start: number, end: number): OffsetRange[] {
    const ranges: OffsetRange[] = [];
    let from = start;
    let before = this.#read(start - 1000);
    let offset = this.#read(start);
    for (let at = start; at < end; at += STRIDE) {
      const next = Math.min(at + STRIDE, end);
      const after = this.#read(next);
      if (after === offset) continue;
      const change = this.#changeBetween(at, next, offset);
      ranges.push({ from, to: change, offset, before });
      before = offset;
      offset = after;
      from = change;
    }
    ranges.push({ from, to: end, offset, before });
    return ranges;
  }

  /** First whole second in (low, high] whose offset is not `offset`. */
  #changeBetween(low: number, high: number, offset: number): number {
    let same = low;
    let other = high;
    while (other - same > 1000) {
      const middle = same + Math.floor((other - same) / 2000) * 1000;
      if (this.#read(middle) === offset) same = middle;
      else other = middle;
    }
    return other;
  }

  #read(at: number): number {
    // "12/7/1874, GMT-04:56:02"; plain "GMT" is zero.
    const text = this.#format.format(at);
    const mark = text.indexOf('GMT') + 3;
    if (mark >= text.length) return 0;
    const hours = Number(text.slice(mark + 1, mark + 3));
    const minutes = Number(text.slice(mark + 4, mark + 6));
    const seconds = Number(text.slice(mark + 7, mark + 9));
    const size = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    return text[mark] === '-' ? -size : size;
  }
}

function formatterOf(name: string): Intl.DateTimeFormat {
  // Intl also takes "+08:00"; a bare offset knows no clock changes and robfig refuses it, so do we.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) throw unknownZone(name);
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    throw unknownZone(name);
  }
}

function unknownZone(name: string): ScheduleError {
  return new ScheduleError(
    'timezone',
    name,
    `The time zone ${quote(name)} is not known: use an IANA name such as "Asia/Shanghai", "Europe/Berlin" or "UTC".`,
  );
}

function startOfYear(year: number): number {
  // Date.UTC alone reads the years 0 to 99 as 1900 to 1999.
  return new Date(0).setUTCFullYear(year, 0, 1);
}
