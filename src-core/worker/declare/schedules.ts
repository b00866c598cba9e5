import { parseSchedule, ScheduleError } from '../../schedule/index.ts';
import type { DstPolicy, Schedule } from '../../schedule/index.ts';
import { BadOptionError } from '../errors.ts';
import { durationMs } from '../common/duration.ts';
import type { Duration } from '../common/duration.ts';

/** When a job fires, as a definition has it. Made by every, cron, at and byHand. */
export interface JobTimes {
  readonly expression: string;
  readonly timezone: string;
  /** ISO 8601; null: no bound. */
  readonly startAt: string | null;
  readonly endAt: string | null;
  readonly dst: DstPolicy;
  readonly jitterMs: number;
}

export interface WindowOptions {
  /** No fire before it, none at or after it. */
  readonly startAt?: Date | number;
  readonly endAt?: Date | number;
  /** Width of a spread: each job is shifted by an offset of its own below this. Default none. */
  readonly jitter?: Duration;
}

export interface CronOptions extends WindowOptions {
  /** IANA name. Default: the scheduler's own zone. */
  readonly timezone?: string;
  /** What a fixed time does when the clock is changed. Default `once`. */
  readonly dst?: DstPolicy;
}

const DAY_MS = 86_400_000;

/** `every('5s')`: again after each such time, counted from when the job was declared. At least a second. Throws BadOptionError. */
export function every(period: Duration, options: WindowOptions = {}): JobTimes {
  const ms = durationMs('the period of every', period, 1_000, 366 * DAY_MS);
  return checked('every', { ...window(options), expression: `@every ${typeof period === 'string' ? period.trim() : `${ms}ms`}`, timezone: '', dst: 'once' });
}

/** `cron('0 0 2 * * *', { timezone: 'Europe/Berlin' })`: five fields, or six with seconds first. Throws BadOptionError. */
export function cron(expression: string, { timezone = '', dst = 'once', ...options }: CronOptions = {}): JobTimes {
  if (typeof expression !== 'string') throw new BadOptionError('the expression of cron', 'text', expression);
  if (typeof timezone !== 'string') throw new BadOptionError('timezone', 'the name of a zone, such as "Europe/Berlin"', timezone);
  return checked('cron', { ...window(options), expression, timezone, dst });
}

/** Once: `at(new Date('2027-01-31T09:00:00Z'))`. Throws BadOptionError. */
export function at(moment: Date | number): JobTimes {
  return checked('at', { ...window({}), expression: `@at ${isoOf('the moment of at', moment)}`, timezone: '', dst: 'once' });
}

/** Never by itself. */
export function byHand(): JobTimes {
  return { ...window({}), expression: '', timezone: '', dst: 'once' };
}

function checked(kind: Schedule['kind'], times: JobTimes): JobTimes {
  const { expression, timezone, dst } = times;
  try {
    const parsed = parseSchedule({ expression, timezone: timezone === '' ? 'UTC' : timezone, dst, anchor: 0, ownTimezone: timezone !== '' });
    if (parsed.kind !== kind) throw new BadOptionError(`the expression of ${kind}`, kind === 'cron' ? 'five or six cron fields' : 'of its kind', expression);
    return times;
  } catch (error) {
    if (error instanceof ScheduleError) throw new BadOptionError(`the ${error.field} of ${kind}`, `one that can be read: ${error.message.replace(/\.$/, '')}`);
    throw error;
  }
}

function window({ startAt, endAt, jitter }: WindowOptions): Pick<JobTimes, 'startAt' | 'endAt' | 'jitterMs'> {
  return {
    startAt: startAt === undefined ? null : isoOf('startAt', startAt),
    endAt: endAt === undefined ? null : isoOf('endAt', endAt),
    jitterMs: jitter === undefined ? 0 : durationMs('jitter', jitter, 0, DAY_MS),
  };
}

function isoOf(option: string, moment: Date | number): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) throw new BadOptionError(option, 'a Date or epoch milliseconds', moment);
  return date.toISOString();
}
