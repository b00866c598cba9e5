import { eq, sql } from 'drizzle-orm';
import { runFields, type RawRun } from '../run-row.ts';
import { jobRef, run } from '../schema.ts';
import type { ReadDb } from './read-db.ts';

/** Newest run of each job that has one: one step down the index by job for each. */
export function readLastRuns(db: ReadDb, jobNumbers: readonly number[]): RawRun[] {
  return db.select(runFields).from(run).leftJoin(jobRef, eq(jobRef.number, sql`+${run.jobNumber}`))
    .where(sql`${run.id} in (
      select (select r.id from run as r where r.job_number = v.value order by r.id desc limit 1) from json_each(${JSON.stringify(jobNumbers)}) as v)`)
    .values() as RawRun[];
}
