import { desc, eq } from 'drizzle-orm';
import { runFields, type RawRun } from '../run-row.ts';
import { jobRef, run } from '../schema.ts';
import type { ReadDb } from './read-db.ts';
import { sql } from 'drizzle-orm';

/** Newest run of each job that has one. */
export function readLastRuns(db: ReadDb, jobNumbers: readonly number[]): RawRun[] {
  const one = db.select(runFields).from(run).leftJoin(jobRef, eq(jobRef.number, sql`+${run.jobNumber}`))
    .where(eq(run.jobNumber, sql.placeholder('number'))).orderBy(desc(run.id)).limit(1).prepare();
  return jobNumbers.flatMap((number) => one.values({ number }) as RawRun[]);
}
