import type { MisfireSettings } from '../domain/job.ts';
import type { SchedulerPause } from '../domain/pause.ts';
import { pauseEnd } from '../domain/pause.ts';
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

export interface MissedAround extends Missed {
  /** Fires in the pause, counted like `earlier`, and the last of them. */
  readonly paused: number;
  readonly lastPaused: number;
}

/** The same, but what falls into the pause is not made up for and does not take the place of what is. */
export function missedAround(schedule: Schedule, first: number, until: number, most: number, pause: SchedulerPause | undefined): MissedAround {
  if (pause === undefined || pause.since > until || pauseEnd(pause) <= first) return { ...missedFires(schedule, first, until, most), paused: 0, lastPaused: 0 };
  const end = pauseEnd(pause);
  const before = missedFires(schedule, first, pause.since - 1, most);
  const within = missedFires(schedule, Math.max(first, pause.since), Math.min(until, end - 1), 1);
  const after = end > until ? { latest: [], earlier: 0 } : missedFires(schedule, end, until, most);
  const all = [...before.latest, ...after.latest];
  const left = Math.max(0, all.length - most);
  return { latest: all.slice(left), earlier: before.earlier + after.earlier + left, paused: within.earlier + within.latest.length, lastPaused: within.latest.at(-1) ?? 0 };
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
