/** Times on the wire: `yyyy-MM-dd HH:mm:ss.SSS` in the server's zone. Source: `protocol.md`, dispatch and flow. */
import { civilFromDays, daysFromCivil, daysInMonth, MAX_CIVIL_MS, MIN_CIVIL_MS, MS_PER_DAY } from './civil.ts';

/** A zone: its offset east of UTC, in minutes, at an instant (epoch ms). May be fractional, for old local times. */
export type OffsetMinutesAt = (ms: number) => number;

/** Seconds kept by a formatter: a prime, so that usual timeouts (10, 60, 3600 s) do not fall on their own start. */
const SLOTS = 127;

const STAMP = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{3})(?:\d{3})?)?$/;
const EPOCH_TEXT = /^\d{1,15}$/;

/**
 * A function from epoch ms to its stamp in the zone. Keeps the texts of some seconds, so that a burst of runs,
 * each with two stamps, asks the zone a few times only: an offset is taken to hold for the whole of a UTC second.
 * The function throws RangeError for what no stamp can say (years beyond 0–9999, NaN); fractions of a ms are dropped.
 */
export function createStampFormatter(offsetMinutesAt: OffsetMinutesAt): (ms: number) => string {
  const seconds = Array.from({ length: SLOTS }, () => Number.NaN);
  const texts = Array.from({ length: SLOTS }, () => '');
  return (ms) => {
    const second = Math.floor(ms / 1000);
    const slot = Math.abs(second % SLOTS);
    if (second !== seconds[slot]) {
      texts[slot] = secondText(second * 1000 + offsetMs(offsetMinutesAt, second * 1000));
      seconds[slot] = second;
    }
    return texts[slot] + String(1000 + Math.floor(ms - second * 1000)).slice(1);
  };
}

/**
 * The instant, as epoch ms, of a stamp `yyyy-MM-dd HH:mm:ss[.SSS[SSS]]` in the zone, or of epoch milliseconds as a
 * number or decimal text; microseconds and fractions of a ms are dropped. A local time that the zone skips reads as if
 * the clock had not been set forward; one that it repeats reads as the first. Undefined for anything else, dates that do not exist and times outside the years 0–9999, less a day at either end, included: what is read can be
 * formatted again in any zone. Never throws.
 */
export function parseStamp(value: string | number, offsetMinutesAt: OffsetMinutesAt): number | undefined {
  if (typeof value === 'number') return wellInRange(Math.floor(value));
  if (EPOCH_TEXT.test(value)) return wellInRange(Number(value));
  const match = STAMP.exec(value);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second, ms] = match.slice(1).map((digits) => Number(digits ?? 0)) as [number, number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const local = daysFromCivil(year, month, day) * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
  return wellInRange(instantOf(local, offsetMinutesAt));
}

/** The first instant whose local time is `local`, or for a skipped local time the one by the offset before the gap. */
function instantOf(local: number, offsetMinutesAt: OffsetMinutesAt): number {
  const before = offsetMs(offsetMinutesAt, local - MS_PER_DAY);
  const after = offsetMs(offsetMinutesAt, local + MS_PER_DAY);
  const early = local - before;
  if (before === after || offsetMs(offsetMinutesAt, early) === before) return early;
  const late = local - after;
  return offsetMs(offsetMinutesAt, late) === after ? late : early;
}

function offsetMs(offsetMinutesAt: OffsetMinutesAt, ms: number): number {
  return Math.round(offsetMinutesAt(ms) * 60) * 1000;
}

function secondText(localMs: number): string {
  if (!(localMs >= MIN_CIVIL_MS && localMs <= MAX_CIVIL_MS)) throw new RangeError(`No stamp for the time ${localMs} ms`);
  const days = Math.floor(localMs / MS_PER_DAY);
  const { year, month, day } = civilFromDays(days);
  const seconds = (localMs - days * MS_PER_DAY) / 1000;
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${String(10_000 + year).slice(1)}-${two(month)}-${two(day)} ${time}.`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function wellInRange(ms: number): number | undefined {
  return ms >= MIN_CIVIL_MS + MS_PER_DAY && ms <= MAX_CIVIL_MS - MS_PER_DAY ? ms : undefined;
}
