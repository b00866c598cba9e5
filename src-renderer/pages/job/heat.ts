import type { StatsBucket, StatsResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { bucketOf, type ZonedDay } from '../../lib/days.ts';
import { byDay } from './by-day.ts';

/** The server answers for at most 3,000 stretches at once. */
const MOST_BUCKETS = 2_900;

/** Ends of the job by day of the zone, in the order of `days`. Rejects with ApiError. */
export async function readDays(jobId: string, days: readonly ZonedDay[], signal: AbortSignal): Promise<readonly Omit<StatsBucket, 'from'>[]> {
  const bucketMs = bucketOf(days);
  const first = days[0]?.from ?? 0;
  const end = days.at(-1)?.to ?? 0;
  const found: StatsBucket[] = [];
  for (let from = first; from < end; from += MOST_BUCKETS * bucketMs) {
    const to = Math.min(end, from + MOST_BUCKETS * bucketMs);
    const { items } = await api.get<StatsResource>(`jobs/${jobId}/stats`, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), bucketMs }, signal);
    found.push(...items);
  }
  return byDay(days, found);
}
