import { and, asc, desc, eq, gte, lt } from 'drizzle-orm';
import type { SkipCount, SkipReason } from '../../../domain/index.ts';
import { jobRef, skipCount } from '../schema.ts';
import type { ReadDb } from './read-db.ts';

export interface SkipQuery {
  readonly jobNumber?: number;
  readonly reason?: SkipReason;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
}

/** Newest hour first, within it by job and reason. Hours that start in [from, to). */
export function readSkips(db: ReadDb, query: SkipQuery): SkipCount[] {
  return db.select({
    jobNumber: skipCount.jobNumber,
    namespace: jobRef.namespace,
    app: jobRef.app,
    job: jobRef.job,
    reason: skipCount.reason,
    hour: skipCount.hour,
    count: skipCount.count,
    lastAt: skipCount.lastAt,
  }).from(skipCount).innerJoin(jobRef, eq(jobRef.number, skipCount.jobNumber)).where(and(
    query.jobNumber === undefined ? undefined : eq(skipCount.jobNumber, query.jobNumber),
    query.reason === undefined ? undefined : eq(skipCount.reason, query.reason),
    query.from === undefined ? undefined : gte(skipCount.hour, query.from),
    query.to === undefined ? undefined : lt(skipCount.hour, query.to),
  )).orderBy(desc(skipCount.hour), asc(skipCount.jobNumber), asc(skipCount.reason)).limit(query.limit).all();
}
