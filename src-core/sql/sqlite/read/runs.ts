import { desc, type SQL } from 'drizzle-orm';
import type { RunQuery } from '../../../ports/index.ts';
import { runFields, type RawRun } from '../run-row.ts';
import { jobRef, run } from '../schema.ts';
import type { ReadDb } from './read-db.ts';
import { JOB_OF_RUN, walkRuns } from './walk.ts';

export interface RawRunPage {
  readonly rows: readonly RawRun[];
  readonly nextBefore: string | undefined;
}

/** A query that has looked for about this long gives what it found, and where to go on. */
const BUDGET_MS = 15;

/** Newest first, as walkRuns finds them, until the page is full. Throws InvalidInputError for a cursor that is none. */
export function readRuns(db: ReadDb, query: RunQuery, now: () => number): RawRunPage {
  const rows: RawRun[] = [];
  const walk = walkRuns(db, query, now, BUDGET_MS);
  for (;;) {
    const { done, value } = walk.next();
    if (done) return { rows, nextBefore: value };
    rows.push(...select(db, value, query.limit + 1 - rows.length));
    if (rows.length > query.limit) break;
  }
  const items = rows.slice(0, query.limit);
  return { rows: items, nextBefore: items.at(-1)![0] as string };
}

function select(db: ReadDb, where: SQL, limit: number): RawRun[] {
  return db.select(runFields).from(run).leftJoin(jobRef, JOB_OF_RUN).where(where).orderBy(desc(run.id)).limit(limit).values() as RawRun[];
}
