import { parseGoDuration } from './goDuration.ts';
import type { Schedule } from './schedule.ts';
import { ScheduleError, quote } from './scheduleError.ts';

/**
 * `@every`: fires at anchor + n × period. Both are whole seconds, cut down as robfig does. Jobs with
 * the same period and phase share a schedule, so it has no beginning: ask from the anchor on.
 */
export class EverySchedule implements Schedule {
  readonly kind = 'every';
  readonly key: string;
  readonly timezone: string;
  readonly warnings: readonly string[];
  readonly periodMs: number;
  readonly #phase: number;

  constructor(periodMs: number, anchor: number, timezone: string, warnings: readonly string[]) {
    const start = Math.floor(anchor / 1000) * 1000;
    this.periodMs = periodMs;
    this.#phase = ((start % periodMs) + periodMs) % periodMs;
    this.key = `every:${periodMs}+${this.#phase}`;
    this.timezone = timezone;
    this.warnings = warnings;
  }

  next(after: number): number | undefined {
    if (!Number.isFinite(after)) return undefined;
    return this.#phase + (Math.floor((after - this.#phase) / this.periodMs) + 1) * this.periodMs;
  }
}

/** Reads the duration of `@every <duration>`. Throws ScheduleError with field `every`. */
export function parseEvery(duration: string, expression: string, anchor: number, timezone: string): EverySchedule {
  const given = readDuration(duration, expression);
  if (given < 1000) throw new ScheduleError('every', expression, `${quote(duration)} is too short: @every needs at least 1s.`);
  if (!Number.isFinite(anchor)) throw new ScheduleError('anchor', expression, 'The anchor of @every has to be a time in epoch milliseconds.');
  const period = Math.floor(given / 1000) * 1000;
  const warnings = period === given ? [] : [`@every counts whole seconds: ${quote(duration)} is read as ${period / 1000}s.`];
  return new EverySchedule(period, anchor, timezone, warnings);
}

function readDuration(duration: string, expression: string): number {
  try {
    return parseGoDuration(duration);
  } catch (error) {
    if (error instanceof ScheduleError) throw new ScheduleError('every', expression, `@every: ${error.message}`);
    throw error;
  }
}
