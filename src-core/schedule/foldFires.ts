import type { Schedule } from './schedule.ts';

/** Fires of a stretch of time, added up. */
export interface FoldedFires {
  count: number;
  /** The first ones, as many as were to be kept and one more. */
  readonly fires: number[];
  /** In each `bucketMs` from the start on. */
  readonly perBucket: number[];
}

/** [from, to) in epoch ms. Fires before `after` are left out. */
export interface FoldRange {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  readonly after: number;
  readonly keep: number;
}

/** Fires computed between two pauses. */
export const FIRES_A_PAUSE = 256;

export function emptyFold({ from, to, bucketMs }: FoldRange): FoldedFires {
  return { count: 0, fires: [], perBucket: new Array<number>(Math.ceil((to - from) / bucketMs)).fill(0) };
}

/**
 * Adds the fires of the schedule to `folded`. Pauses after every FIRES_A_PAUSE computed ones: whoever drives it may do something
 * else or give up, and has what was added up so far. Fires that are equally far apart are not computed one by one.
 */
export function* foldFires(schedule: Schedule, range: FoldRange, folded: FoldedFires): Generator<void, void> {
  const start = Math.max(range.from, range.after);
  if (schedule.periodMs !== undefined) return foldEven(schedule, schedule.periodMs, start, range, folded);
  let computed = 0;
  for (let at = schedule.next(start - 1); at !== undefined && at < range.to; at = schedule.next(at)) {
    folded.count++;
    folded.perBucket[Math.floor((at - range.from) / range.bucketMs)]!++;
    if (folded.fires.length <= range.keep) folded.fires.push(at);
    if (++computed % FIRES_A_PAUSE === 0) yield;
  }
}

function foldEven(schedule: Schedule, periodMs: number, start: number, range: FoldRange, folded: FoldedFires): void {
  const first = schedule.next(start - 1);
  const to = Math.min(range.to, schedule.endAt ?? Number.POSITIVE_INFINITY);
  if (first === undefined || first >= to) return;
  const countBefore = (moment: number): number => Math.max(0, Math.ceil((Math.min(moment, to) - first) / periodMs));
  folded.count += countBefore(to);
  for (let at = first; at < to && folded.fires.length <= range.keep; at += periodMs) folded.fires.push(at);
  for (const bucket of folded.perBucket.keys()) {
    const bucketFrom = range.from + bucket * range.bucketMs;
    folded.perBucket[bucket]! += countBefore(bucketFrom + range.bucketMs) - countBefore(bucketFrom);
  }
}
