import { desc, sql } from 'drizzle-orm';
import type { BriefPage, RunBrief, RunQuery } from '../../../ports/index.ts';
import { idText } from '../run-row.ts';
import { jobRef, run } from '../schema.ts';
import type { ReadDb } from './read-db.ts';
import { JOB_OF_RUN, walkRuns } from './walk.ts';

/** A query that has looked for about this long gives what it found, and where to go on. */
const BUDGET_MS = 15;

const briefFields = {
  id: idText(run.id),
  jobNumber: run.jobNumber,
  state: run.state,
  scheduledAt: run.scheduledAt,
  dueAt: run.dueAt,
  dispatchedAt: run.dispatchedAt,
  endedAt: run.endedAt,
  reason: sql<string>`coalesce(${run.reason}, '')`,
};

/** Newest first, as walkRuns finds them, until the page is full. Throws InvalidInputError for a cursor that is none. */
export function readBriefs(db: ReadDb, query: RunQuery, now: () => number): BriefPage {
  const rows: RunBrief[] = [];
  const walk = walkRuns(db, query, now, BUDGET_MS);
  for (;;) {
    const { done, value } = walk.next();
    if (done) return { items: rows, nextBefore: value };
    rows.push(...db.select(briefFields).from(run).leftJoin(jobRef, JOB_OF_RUN).where(value).orderBy(desc(run.id)).limit(query.limit + 1 - rows.length).all());
    if (rows.length > query.limit) break;
  }
  const items = rows.slice(0, query.limit);
  return { items, nextBefore: items.at(-1)!.id };
}

/** Newest first within each job: one range of the index by job for each. */
export function readRecentRuns(db: ReadDb, jobNumbers: readonly number[], limit: number): RunBrief[] {
  const ids = sql`(select id from run where job_number = v.value order by id desc limit ${limit})`;
  const jobs = sql`(select value from json_each(${JSON.stringify([...new Set(jobNumbers)])})) as v`;
  return db.select(briefFields).from(run).innerJoin(jobs, sql`${run.id} in ${ids}`).orderBy(run.jobNumber, desc(run.id)).all();
}
