import type { LocalCalendar } from './localCalendar.ts';
import type { DstPolicy, Schedule } from './schedule.ts';
import type { OffsetRange, Zone } from './zone.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SEARCH = 28 * 366 * DAY;
/** Short of the last moment a Date can hold, with room for the search. */
const LAST_DATE = 8e15;
/** No zone was ever further from UTC than 15:13 (Alaska before 1867); ICU knows none beyond it. */
const WIDEST_OFFSET = 16 * HOUR;

/** A cron pattern in a zone. Build it with `parseSchedule`. */
export class CronSchedule implements Schedule {
  readonly kind = 'cron';
  readonly key: string;
  readonly timezone: string;
  readonly warnings: readonly string[];
  readonly dst: DstPolicy;
  readonly calendar: LocalCalendar;
  readonly zone: Zone;
  /** Fixed local times get a policy of their own over clock changes; all else follows the clock. */
  readonly #firstPassOnly: boolean;
  readonly #fillsGaps: boolean;

  constructor(text: string, calendar: LocalCalendar, zone: Zone, dst: DstPolicy, warnings: readonly string[]) {
    // Where the policy changes nothing it is left out of the key, so that more jobs share a schedule.
    this.key = `cron:${text}@${zone.name}${calendar.isFixedTime ? `!${dst}` : ''}`;
    this.timezone = zone.name;
    this.warnings = warnings;
    this.dst = dst;
    this.calendar = calendar;
    this.zone = zone;
    this.#firstPassOnly = calendar.isFixedTime && dst !== 'compat';
    this.#fillsGaps = calendar.isFixedTime && dst === 'once';
  }

  next(after: number): number | undefined {
    if (!(Math.abs(after) < LAST_DATE)) return undefined;
    const start = (Math.floor(after / 1000) + 1) * 1000;
    // Stretch by stretch of constant offset. The first round is the usual case: the match lies in the
    // stretch that holds `start`, and nothing but one addition is needed to leave and enter UTC.
    for (let at = start; at < start + SEARCH; ) {
      const range = this.zone.rangeAt(at);
      if (at === range.from && this.fillsGapBefore(range)) return at;
      const match = this.calendar.nextFrom(this.#firstLocal(range, at));
      if (match === undefined) return undefined;
      if (match - range.offset < range.to) return match - range.offset;
      // The wall clock meets no match before `match`, except where it is put back by up to a day soon
      // after `at`. So a long stretch without one lets us go straight to the neighbourhood of `match`.
      at = range.to - at < 3 * DAY ? range.to : Math.max(range.to, match - WIDEST_OFFSET);
    }
    return undefined;
  }

  /** Whether the start of `range` is a fire only because the clock jumped over the pattern's time. */
  fillsGapBefore(range: OffsetRange): boolean {
    return this.#fillsGaps && this.missedInGap(range) !== undefined;
  }

  /** The first matching local time (local ms) that the clock jumped over at the start of `range`. */
  missedInGap(range: OffsetRange): number | undefined {
    if (range.offset <= range.before) return undefined;
    const match = this.calendar.nextFrom(range.from + range.before);
    return match !== undefined && match < range.from + range.offset ? match : undefined;
  }

  /** Local time from which matches in `range` count, at or after the moment `at`. */
  #firstLocal(range: OffsetRange, at: number): number {
    const local = at + range.offset;
    // When the clock was put back at the start of the range, what it showed before comes again.
    return this.#firstPassOnly ? Math.max(local, range.from + range.before) : local;
  }
}
