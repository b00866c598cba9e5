import type { CronFields } from './cronFields.ts';
import { yearMatches, type YearSteps } from './cronYears.ts';
import { dayCalendar } from './dayCalendar.ts';
import { nextTimeOfDay, timeOfDay, type TimeOfDay } from './timeOfDay.ts';

const DAY = 86_400_000;
/** In 28 years every date has met every weekday, so a pattern that is silent for so long is silent. */
const SEARCH_YEARS = 28;

/**
 * The matches of a cron pattern on a calendar without zones: times are "local ms", the wall clock
 * read as if it were UTC.
 */
export class LocalCalendar {
  /** True when the pattern names one time of day. */
  readonly isFixedTime: boolean;
  readonly #time: TimeOfDay;
  readonly #everyDay: boolean;
  readonly #dayOfMonth: string;
  readonly #dayOfWeek: string;
  /** Bit n is set when month n (1 to 12) matches. */
  readonly #months: number;
  readonly #years: YearSteps | undefined;
  // The month looked at last: nearly every question is about the same month as the one before.
  #monthStart = 0;
  #monthEnd = 0;
  #monthMask = 0;

  constructor(fields: CronFields) {
    this.isFixedTime = fields.seconds.length === 1 && fields.minutes.length === 1 && fields.hours.length === 1;
    this.#time = timeOfDay(fields.seconds, fields.minutes, fields.hours);
    this.#dayOfMonth = fields.dayOfMonth;
    this.#dayOfWeek = fields.dayOfWeek;
    this.#months = fields.months.reduce((mask, month) => mask | (1 << month), 0);
    this.#years = fields.years;
    this.#everyDay =
      fields.dayOfMonth === '*' && fields.dayOfWeek === '*' && fields.months.length === 12 && fields.years === undefined;
  }

  /** First match at or after `local` (whole seconds), or undefined when 28 years hold none. */
  nextFrom(local: number): number | undefined {
    const day = Math.floor(local / DAY);
    if (this.#dayMatches(day)) {
      const second = nextTimeOfDay(this.#time, (local - day * DAY) / 1000);
      if (second >= 0) return day * DAY + second * 1000;
    }
    const next = this.#nextDay(day + 1);
    return next === undefined ? undefined : next * DAY + this.#time.first * 1000;
  }

  /** Whether the wall clock time `local` matches. */
  matches(local: number): boolean {
    return this.nextFrom(local) === local;
  }

  /** Whether the pattern matches at any time at all. */
  everFires(): boolean {
    const years = this.#years;
    if (years === undefined) return this.nextFrom(Date.UTC(2000, 0, 1)) !== undefined;
    // A year is one of 14 kinds (leap or not, begins on one of 7 weekdays): one of each is enough to try.
    const kinds = new Set<number>();
    for (const { from, to, step } of years.items) {
      // The calendar repeats after 400 years, so 400 steps meet every kind that the item can meet.
      for (let year = from, tried = 0; year <= to && tried < 400; year += step, tried += 1) {
        const first = Date.UTC(year, 0, 1);
        const kind = (Date.UTC(year + 1, 0, 1) - first) / DAY + 1000 * new Date(first).getUTCDay();
        if (kinds.has(kind)) continue;
        kinds.add(kind);
        if (this.#firesIn(year)) return true;
      }
    }
    return false;
  }

  #firesIn(year: number): boolean {
    for (let month = 0; month < 12; month += 1) {
      if ((this.#months & (1 << (month + 1))) === 0) continue;
      this.#lookAt(Date.UTC(year, month, 1) / DAY);
      if (this.#monthMask !== 0) return true;
    }
    return false;
  }

  #dayMatches(day: number): boolean {
    if (this.#everyDay) return true;
    if (day < this.#monthStart || day >= this.#monthEnd) this.#lookAt(day);
    return (this.#monthMask & (1 << (day - this.#monthStart))) !== 0;
  }

  #nextDay(from: number): number | undefined {
    if (this.#everyDay) return from;
    let day = from;
    for (let month = 0; month <= SEARCH_YEARS * 12; month += 1) {
      if (day < this.#monthStart || day >= this.#monthEnd) this.#lookAt(day);
      const rest = this.#monthMask & (-1 << (day - this.#monthStart));
      if (rest !== 0) return this.#monthStart + 31 - Math.clz32(rest & -rest);
      day = this.#monthEnd;
    }
    return undefined;
  }

  /** Loads the month that holds `day` (days since 1970). */
  #lookAt(day: number): void {
    const date = new Date(day * DAY);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    this.#monthStart = day - date.getUTCDate() + 1;
    this.#monthEnd = new Date(0).setUTCFullYear(year, month + 1, 1) / DAY;
    this.#monthMask = this.#maskOf(year, month, this.#monthEnd - this.#monthStart);
  }

  #maskOf(year: number, month: number, length: number): number {
    if ((this.#months & (1 << (month + 1))) === 0) return 0;
    if (this.#years !== undefined && !yearMatches(this.#years, year)) return 0;
    const weekday = (((this.#monthStart + 4) % 7) + 7) % 7;
    return dayCalendar(this.#dayOfMonth, this.#dayOfWeek).monthMask(length, weekday);
  }
}
