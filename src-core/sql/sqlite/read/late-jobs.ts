import { sql } from 'drizzle-orm';
import type { LateJob } from '../../../ports/index.ts';
import type { ReadDb } from './read-db.ts';

/** One row for each job and minute with an end is read: a range of the key. */
export function readLateJobs(db: ReadDb, { from, averageMs, limit }: { from: number; averageMs: number; limit: number }): LateJob[] {
  const rows = db.values<[number, number, number, number]>(sql`
    select job_number, sum(completed + failed + expired + cancelled) as runs, sum(lateness_ms_sum) as late, max(minute)
    from end_count where minute >= ${Math.ceil(from / 60_000)} and job_number >= 0
    group by job_number having late >= ${averageMs} * runs
    order by 1.0 * late / runs desc, job_number limit ${limit}`);
  return rows.map(([jobNumber, runs, latenessMsSum, minute]) => ({ jobNumber, runs, latenessMsSum, lastAt: minute * 60_000 }));
}
