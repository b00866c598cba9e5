import { sql } from 'drizzle-orm';
import type { EndTotals } from '../../../ports/index.ts';
import { ALL_JOBS } from '../../roll-up.ts';
import type { ReadDb } from './read-db.ts';

export interface EndTotalsQuery {
  readonly jobNumbers?: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
}

/** From how many jobs on all rows of the time are read, rather than each job's row of each minute. */
const MANY_JOBS = 50;

/**
 * Sums of the minutes that start in [from, to), by bucket; buckets without an end are left out. The key begins with
 * the minute, so a few jobs are looked up minute by minute (a day is 1,440 steps of 2 µs a job).
 */
export function readEndTotals(db: ReadDb, query: EndTotalsQuery): EndTotals[] {
  const jobs = query.jobNumbers ?? [ALL_JOBS];
  const from = Math.ceil(query.from / 60_000);
  const to = Math.ceil(query.to / 60_000);
  const width = Math.max(1, Math.floor(query.bucketMs / 60_000));
  const list = JSON.stringify(jobs);
  // `cross join` fixes the order of the loops.
  const rows = jobs.length > MANY_JOBS
    ? sql`end_count as e where e.minute >= ${from} and e.minute < ${to} and e.job_number in (select value from json_each(${list}))`
    : sql`minutes cross join json_each(${list}) as j cross join end_count as e where e.minute = minutes.minute and e.job_number = j.value`;
  const totals = db.values<number[]>(sql`
    with recursive minutes (minute) as (
      select min(minute) from end_count where minute >= ${from} and minute < ${to}
      union all
      select (select min(minute) from end_count where minute > minutes.minute and minute < ${to}) from minutes where minutes.minute is not null
    )
    select cast(e.minute / ${width} as integer) as bucket, sum(completed), sum(failed), sum(expired), sum(cancelled),
      sum(duration_ms_sum), max(duration_ms_max), sum(lateness_ms_sum), max(lateness_ms_max)
    from ${rows} group by 1 order by 1`);
  return totals.map(([bucket, completed, failed, expired, cancelled, durationMsSum, durationMsMax, latenessMsSum, latenessMsMax]) => ({
    bucket: bucket! * width * 60_000,
    completed: completed!,
    failed: failed!,
    expired: expired!,
    cancelled: cancelled!,
    durationMsSum: durationMsSum!,
    durationMsMax: durationMsMax!,
    latenessMsSum: latenessMsSum!,
    latenessMsMax: latenessMsMax!,
  }));
}
