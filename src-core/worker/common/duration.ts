import { parseGoDuration, ScheduleError } from '../../schedule/index.ts';
import { BadOptionError } from '../errors.ts';

/** Milliseconds, or text such as `30s`, `1h30m`, `7d`. */
export type Duration = number | string;

/** In whole milliseconds. Throws BadOptionError, which says what is allowed, unless it is between the two. */
export function durationMs(option: string, value: unknown, leastMs: number, mostMs: number): number {
  const ms = typeof value === 'string' ? parsed(value) : value;
  if (typeof ms === 'number' && ms >= leastMs && ms <= mostMs) return Math.round(ms);
  throw new BadOptionError(option, `a duration from ${shown(leastMs)} to ${shown(mostMs)}, in milliseconds or as text such as "30s"`, value);
}

function parsed(text: string): number | undefined {
  try {
    return parseGoDuration(text);
  } catch (error) {
    if (error instanceof ScheduleError) return undefined;
    throw error;
  }
}

function shown(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'for ever';
  const [size, unit] = ms >= 86_400_000 && ms % 86_400_000 === 0 ? [86_400_000, 'd'] : ms >= 1_000 ? [1_000, 's'] : [1, 'ms'];
  return `${ms / size} ${unit}`;
}
