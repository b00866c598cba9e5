import type { StatsBucket } from '../../../src-core/http/contract.ts';
import type { StackedBar } from '../../charts/stacked-bars.ts';
import { i18n } from '../../i18n/index.svelte.ts';
import { link } from '../../state/route.svelte.ts';
import { times, toMs } from '../../state/times.svelte.ts';

/** The states a run ends in, in the order they are stacked. */
export const ENDS = ['completed', 'failed', 'expired', 'cancelled'] as const;

export const HOUR_MS = 3_600_000;
/** Of the last 24 hours, which begin and end within an hour. */
export const DAY_HOURS = 25;
const NOTHING: Omit<StatsBucket, 'from'> = { completed: 0, failed: 0, expired: 0, cancelled: 0, durationMsAvg: null, durationMsMax: null, latenessMsAvg: null, latenessMsMax: null };
/** A finger has to hit a bar. */
const LEAST_PX = 25;

export function totalOf(buckets: readonly StatsBucket[], state: (typeof ENDS)[number]): number {
  return buckets.reduce((sum, bucket) => sum + bucket[state], 0);
}

/** Where the counts of the last 24 hours begin: at a whole hour. */
export function dayStart(nowMs: number): number {
  return Math.floor((nowMs - 24 * HOUR_MS) / HOUR_MS) * HOUR_MS;
}

/** All hours of [from, to); the server names those stretches in which something ended. */
export function everyHour(buckets: readonly StatsBucket[], from: number, to: number): readonly StatsBucket[] {
  const ends = new Map<number, Pick<StatsBucket, (typeof ENDS)[number]>>();
  for (const bucket of buckets) {
    const hour = from + Math.floor((toMs(bucket.from) - from) / HOUR_MS) * HOUR_MS;
    const known = ends.get(hour) ?? NOTHING;
    ends.set(hour, { completed: known.completed + bucket.completed, failed: known.failed + bucket.failed, expired: known.expired + bucket.expired, cancelled: known.cancelled + bucket.cancelled });
  }
  const hours: StatsBucket[] = [];
  for (let start = from; start < to; start += HOUR_MS) hours.push({ ...NOTHING, ...ends.get(start), from: new Date(start).toISOString() });
  return hours;
}

/** A bar for each hour, or for several where there is little room. `about`: of which runs, as the list's address says it. */
export function barsOf(buckets: readonly StatsBucket[], width: number, about: Readonly<Record<string, string>> = {}): readonly StackedBar[] {
  const hours = [1, 2, 3, 4, 6, 8, 12].find((count) => width / Math.ceil(buckets.length / count) >= LEAST_PX) ?? 24;
  const bars: StackedBar[] = [];
  for (let start = 0; start < buckets.length; start += hours) {
    const group = buckets.slice(start, start + hours);
    const from = toMs(group[0]?.from ?? 0);
    const to = from + group.length * HOUR_MS;
    const parts = ENDS.map((state) => totalOf(group, state));
    const ends = ENDS.flatMap((state, index) => (parts[index] === 0 ? [] : [`${parts[index]} ${i18n.t.states.run[state]}`]));
    const tick = times.text(from, 'clock');
    bars.push({
      key: String(from), tick, parts, label: `${tick}–${times.text(to, 'clock')}: ${ends.join(', ') || i18n.t.overview.nothing}`,
      href: link('/runs', { ...about, from: new Date(from).toISOString(), to: new Date(to).toISOString() }),
    });
  }
  return bars;
}
