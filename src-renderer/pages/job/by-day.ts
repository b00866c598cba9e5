import type { StatsBucket } from '../../../src-core/http/contract.ts';
import type { ZonedDay } from '../../lib/days.ts';

/** Buckets are oldest first, as days are. */
export function byDay(days: readonly ZonedDay[], buckets: readonly StatsBucket[]): readonly Omit<StatsBucket, 'from'>[] {
  let index = 0;
  return days.map(({ to }) => {
    const sum = { completed: 0, failed: 0, expired: 0, cancelled: 0, durationMsAvg: null, durationMsMax: null, latenessMsAvg: null, latenessMsMax: null };
    for (let bucket = buckets[index]; bucket !== undefined && Date.parse(bucket.from) < to; bucket = buckets[++index]) {
      for (const state of ['completed', 'failed', 'expired', 'cancelled'] as const) sum[state] += bucket[state];
    }
    return sum;
  });
}
