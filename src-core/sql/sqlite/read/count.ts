import { sql } from 'drizzle-orm';
import type { Count, RunQuery } from '../../../ports/index.ts';
import { jobRef, run } from '../schema.ts';
import type { ReadDb } from './read-db.ts';
import { JOB_OF_RUN, walkRuns } from './walk.ts';

/** What was counted in about this long is the answer. */
const BUDGET_MS = 60;

/** Up to the query's limit, or as far as the time goes. Throws InvalidInputError for a cursor that is none. */
export function countRuns(db: ReadDb, query: RunQuery, now: () => number): Count {
  let count = 0;
  const walk = walkRuns(db, query, now, BUDGET_MS);
  for (;;) {
    const { done, value } = walk.next();
    if (done) return { count, more: value !== undefined };
    const [[found] = [0]] = db.values<[number]>(sql`select count(*) from (
      select 1 from ${run} left join ${jobRef} on ${JOB_OF_RUN} where ${value} limit ${query.limit + 1 - count})`);
    count += found;
    if (count > query.limit) return { count: query.limit, more: true };
  }
}
