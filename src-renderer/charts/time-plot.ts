import { momentOf, wallClockOf } from '../lib/zoned.ts';
import { STEPS, type Scale } from './timeline.ts';

export interface TimeSeries {
  readonly label: string;
  /** Milliseconds; null = nothing there. */
  readonly values: readonly (number | null)[];
  /** A class: `stroke-busy`. */
  readonly stroke: string;
  readonly dashed?: boolean;
}

const DAY = 86_400_000;

/** From the first to the last moment; a moment alone gets a minute on either side. */
export function rangeOf(at: readonly number[]): Scale {
  const [from = 0, to = 0] = [at[0], at.at(-1)];
  return to > from ? { from, to } : { from: from - 60_000, to: from + 60_000 };
}

/** Durations at round distances from 0 on, at most so many and one. */
export function durationTicks(longest: number, most: number): readonly number[] {
  const step = stepOf(longest, most);
  return Array.from({ length: Math.floor(longest / step) + 1 }, (_, index) => index * step);
}

/** Moments at which the zone's clock is round, whole seconds, at most so many and one, and how far apart they are. */
export function timeTicks({ from, to }: Scale, most: number, zone: string): { readonly at: readonly number[]; readonly step: number } {
  const step = Math.max(1000, stepOf(to - from, most));
  const at: number[] = [];
  for (let local = Math.ceil(Date.parse(`${wallClockOf(from, zone)}Z`) / step) * step; at.length <= most; local += step) {
    const moment = momentOf(new Date(local).toISOString().slice(0, -1), zone);
    if (moment === undefined || moment > to) break;
    if (moment >= from) at.push(moment);
  }
  return { at, step };
}

/** Which of the moments is closest. Undefined when there is none. */
export function nearest(at: readonly number[], wanted: number): number | undefined {
  let found: number | undefined;
  at.forEach((one, index) => {
    if (found === undefined || Math.abs(one - wanted) < Math.abs((at[found] ?? 0) - wanted)) found = index;
  });
  return found;
}

function stepOf(length: number, most: number): number {
  return STEPS.find((one) => length / one <= most) ?? Math.ceil(length / most / DAY) * DAY;
}
