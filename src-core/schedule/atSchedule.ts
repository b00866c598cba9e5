import type { Schedule } from './schedule.ts';
import { ScheduleError, quote } from './scheduleError.ts';
import type { Zone } from './zone.ts';

/** `@at`: one fire. */
export class AtSchedule implements Schedule {
  readonly kind = 'at';
  readonly key: string;
  readonly timezone: string;
  readonly warnings: readonly string[] = [];
  readonly at: number;

  constructor(at: number, timezone: string) {
    this.key = `at:${at}`;
    this.timezone = timezone;
    this.at = at;
  }

  next(after: number): number | undefined {
    return after < this.at ? this.at : undefined;
  }
}

/** An empty expression: runs by hand only. */
export class ManualSchedule implements Schedule {
  readonly kind = 'manual';
  readonly key = 'manual';
  readonly timezone: string;
  readonly warnings: readonly string[] = [];

  constructor(timezone: string) {
    this.timezone = timezone;
  }

  next(): undefined {
    return undefined;
  }
}

/**
 * Reads the time of `@at 2027-01-31T09:00:00+08:00`. Without an offset it is the zone's wall clock:
 * the first time it shows that, or the first moment after a gap that swallows it.
 * Throws ScheduleError with field `at`.
 */
export function parseAt(text: string, expression: string, zone: Zone): AtSchedule {
  const match = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(text);
  if (match === null) throw refuse(text, expression, 'is not a time');
  const [, year, month, day, hour, minute, second = '0', fraction = '0', offset] = match;
  const local = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day)) + timeMs(hour, minute, second, fraction);
  const date = new Date(local);
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw refuse(text, expression, 'does not exist');
  return new AtSchedule(offset === undefined ? firstInstant(local, zone) : local - offsetMs(offset, text, expression), zone.name);
}

function timeMs(hour = '0', minute = '0', second: string, fraction: string): number {
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Number(fraction.padEnd(3, '0'));
}

function offsetMs(offset: string, text: string, expression: string): number {
  if (offset.toUpperCase() === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 18 || minutes > 59) throw refuse(text, expression, 'has an offset that does not exist');
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** The first moment at which the zone's clock shows `local` or later. */
function firstInstant(local: number, zone: Zone): number {
  for (let range = zone.rangeAt(local - 26 * 3_600_000); ; range = zone.rangeAt(range.to)) {
    if (local < range.from + range.offset) return range.from;
    if (local < range.to + range.offset) return local - range.offset;
  }
}

function refuse(text: string, expression: string, why: string): ScheduleError {
  return new ScheduleError('at', expression, `@at: ${quote(text)} ${why}; write it like 2027-01-31T09:00:00+08:00.`);
}
