import { isStorableId, idToInteger } from '../run-id.ts';
import { FLAG_RETRY_PENDING, STATE } from './codes.ts';
import type { Connection } from './connection.ts';
import type { Writer } from './writer.ts';

/** Rows of the counters deleted in one transaction: about a millisecond. */
const COUNTER_SLICE = 500;

export class Retention {
  private readonly writer: Writer;
  private readonly statements: ReturnType<typeof prepare>;

  constructor(connection: Connection, writer: Writer) {
    this.writer = writer;
    this.statements = prepare(connection);
  }

  /** One slice: ended runs below the id, oldest first, then sub-runs whose run never came. Returns how many runs went. */
  deleteRuns(before: string, limit: number): number {
    if (!isStorableId(before)) return 0;
    let deleted = 0;
    this.writer.transaction(() => {
      const below = idToInteger(before);
      const rows = this.statements.oldRuns.all(below, limit) as [bigint, bigint][];
      const jobNumbers = new Set<number>();
      for (const [id, jobNumber] of rows) {
        this.statements.deleteSubRuns.run(id);
        this.statements.deleteRun.run(id);
        jobNumbers.add(Number(jobNumber));
      }
      if (rows.length < limit) this.statements.deleteOrphans.run(below, limit);
      this.writer.jobRefs.dropUnused(jobNumbers);
      deleted = rows.length;
    });
    return deleted;
  }

  /** One slice; true = there may be more. */
  deleteCounters(at: number): boolean {
    let more = false;
    this.writer.transaction(() => {
      const { statements } = this;
      // An hour is old once it has ended.
      const hourBefore = at - 3_599_999;
      const skips = statements.oldSkips.all(hourBefore, COUNTER_SLICE) as number[];
      statements.deleteSkips.run(hourBefore, COUNTER_SLICE);
      this.writer.jobRefs.dropUnused(new Set(skips));
      const ends = statements.deleteEnds.run(Math.floor(at / 60_000), COUNTER_SLICE).changes;
      statements.deleteWorkers.run(at);
      more = skips.length === COUNTER_SLICE || ends === COUNTER_SLICE;
    });
    return more;
  }
}

function prepare(connection: Connection) {
  return {
    // Open rows below the id are walked over; there are few, their age is bounded by their expiry.
    oldRuns: connection.prepare(`select id, job_number from run
      where id < ? and state >= ${STATE.toCode.completed} and flags & ${FLAG_RETRY_PENDING} = 0
      order by id limit ?`).safeIntegers().raw(),
    deleteRun: connection.prepare('delete from run where id = ?'),
    deleteSubRuns: connection.prepare('delete from sub_run where run_id = ?'),
    deleteOrphans: connection.prepare(`delete from sub_run where (run_id, kind, number) in (
      select run_id, kind, number from sub_run where run_id < ? and not exists (select 1 from run where run.id = sub_run.run_id) limit ?)`),
    oldSkips: connection.prepare('select job_number from skip_count where hour < ? order by hour, job_number, reason limit ?').pluck(),
    deleteSkips: connection.prepare(`delete from skip_count where (hour, job_number, reason) in (
      select hour, job_number, reason from skip_count where hour < ? order by hour, job_number, reason limit ?)`),
    deleteEnds: connection.prepare(`delete from end_count where (minute, job_number) in (
      select minute, job_number from end_count where minute < ? order by minute, job_number limit ?)`),
    deleteWorkers: connection.prepare('delete from worker where last_seen_at < ?'),
  };
}
