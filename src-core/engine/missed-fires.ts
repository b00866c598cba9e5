import type { MisfireSettings } from '../domain/job.ts';
import type { Schedule } from '../schedule/index.ts';

/** Fires walked through one by one; of a gap with more the latest are looked for from its end. */
const MOST_WALKED = 1000;

export interface Missed {
  /** The latest fires, as many as may be made up for, oldest first. */
  readonly latest: readonly number[];
  /** How many there were before them; at least so many when there were more than a thousand. */
  readonly earlier: number;
}

/**
 * What a schedule missed from its fire at `first` to `until`, both included. However long the gap and however dense the
 * schedule, about a thousand steps: a week of sleep must not hold the ticks.
 */
export function missedFires(schedule: Schedule, first: number, until: number, most: number): Missed {
  const walked = walk(schedule, first - 1, until, MOST_WALKED);
  if (walked.length < MOST_WALKED) return { latest: most === 0 ? [] : walked.slice(-most), earlier: Math.max(0, walked.length - most) };
  return { latest: most === 0 ? [] : latest(schedule, first, until, most), earlier: Math.max(1, MOST_WALKED - most) };
}

/** How many missed fires the policy makes up for at most. */
export function mostMadeUp({ policy, max }: MisfireSettings): number {
  if (policy === 'skip') return 0;
  return policy === 'once' ? 1 : Math.max(0, max);
}

/** Looks back from the end in growing steps until there are enough. */
function latest(schedule: Schedule, first: number, until: number, most: number): number[] {
  for (let back = 1000; ; back *= 2) {
    const after = Math.max(first - 1, until - back);
    const fires = walk(schedule, after, until, Number.POSITIVE_INFINITY);
    if (fires.length >= most || after === first - 1) return fires.slice(-most);
  }
}

function walk(schedule: Schedule, after: number, until: number, limit: number): number[] {
  const fires: number[] = [];
  for (let at = schedule.next(after); at !== undefined && at <= until && fires.length < limit; at = schedule.next(at)) fires.push(at);
  return fires;
}
