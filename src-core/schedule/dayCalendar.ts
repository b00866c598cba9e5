import { Cron } from 'croner';
import { BoundedCache } from './boundedCache.ts';

/**
 * Which days of a month match a pair of day fields. Only two things about a month matter to a day
 * pattern (`L`, `15W` and `5#2` included): its length and the weekday it begins with. So there are 28
 * shapes of month, and croner is asked once per shape instead of once per fire.
 */
export interface DayCalendar {
  /** Bit n-1 is set when day n matches, for a month of `length` days that begins on `weekday` (0 = Sunday). */
  monthMask(length: number, weekday: number): number;
}

const DAY = 86_400_000;
/** A croner pattern holds about 38 kB: keep few. Its answers, 28 numbers, are kept for many. */
const patterns = new BoundedCache<string, Cron>(32);
const calendars = new BoundedCache<string, DayCalendar>(4096);

/** The shared calendar of two normalised day fields. Throws whatever croner throws if they are not. */
export function dayCalendar(dayOfMonth: string, dayOfWeek: string): DayCalendar {
  const text = `0 0 0 ${dayOfMonth} * ${dayOfWeek}`;
  const known = calendars.get(text);
  if (known !== undefined) return known;
  patternOf(text);
  const calendar = new MonthShapes(text);
  calendars.set(text, calendar);
  return calendar;
}

class MonthShapes implements DayCalendar {
  readonly #text: string;
  readonly #masks = new Map<number, number>();

  constructor(text: string) {
    this.#text = text;
  }

  monthMask(length: number, weekday: number): number {
    const shape = length * 7 + weekday;
    const known = this.#masks.get(shape);
    if (known !== undefined) return known;
    const pattern = patternOf(this.#text);
    const start = sampleMonth(length, weekday);
    let mask = 0;
    for (let day = 0; day < length; day += 1) {
      if (pattern.match(new Date(start + day * DAY))) mask |= 1 << day;
    }
    this.#masks.set(shape, mask);
    return mask;
  }
}

function patternOf(text: string): Cron {
  const known = patterns.get(text);
  if (known !== undefined) return known;
  const pattern = new Cron(text, { mode: '6-part', sloppyRanges: true, domAndDow: false, utcOffset: 0, paused: true });
  patterns.set(text, pattern);
  return pattern;
}

const samples = new Map<number, number>();

/** UTC start of some month of that shape; every shape occurs within 28 years, so 336 months are looked at once. */
function sampleMonth(length: number, weekday: number): number {
  for (let month = 0; samples.size < 28; month += 1) {
    const start = Date.UTC(2000, month, 1);
    const days = (Date.UTC(2000, month + 1, 1) - start) / DAY;
    samples.set(days * 7 + new Date(start).getUTCDay(), start);
  }
  const found = samples.get(length * 7 + weekday);
  if (found === undefined) throw new RangeError(`No month has ${length} days and begins on weekday ${weekday}.`);
  return found;
}
