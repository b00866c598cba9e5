import type { RunRecord } from '../domain/index.ts';

/** Pseudo job number of the sums over all jobs, so that the overview reads one row a minute. Job numbers are never negative. */
export const ALL_JOBS = -1;

export interface RollUpRow {
  /** Minutes since the epoch. */
  readonly minute: number;
  readonly jobNumber: number;
  completed: number;
  failed: number;
  expired: number;
  cancelled: number;
  durationMsSum: number;
  durationMsMax: number;
  latenessMsSum: number;
  latenessMsMax: number;
}

/** Collects the ends of one batch by minute and job, so that a burst of one job costs one row. */
export class RollUp {
  private readonly minutes = new Map<number, Map<number, RollUpRow>>();

  add(run: RunRecord): void {
    const minute = Math.floor(run.endedAt / 60_000);
    let rows = this.minutes.get(minute);
    if (rows === undefined) this.minutes.set(minute, (rows = new Map()));
    addTo(rows, minute, run.jobNumber, run);
    addTo(rows, minute, ALL_JOBS, run);
  }

  *rows(): Iterable<RollUpRow> {
    for (const rows of this.minutes.values()) yield* rows.values();
  }
}

/** Adds the sums of `row` to those of `into`, and keeps the larger of the maxima. */
export function mergeRow(into: Omit<RollUpRow, 'minute' | 'jobNumber'>, row: RollUpRow): void {
  into.completed += row.completed;
  into.failed += row.failed;
  into.expired += row.expired;
  into.cancelled += row.cancelled;
  into.durationMsSum += row.durationMsSum;
  into.durationMsMax = Math.max(into.durationMsMax, row.durationMsMax);
  into.latenessMsSum += row.latenessMsSum;
  into.latenessMsMax = Math.max(into.latenessMsMax, row.latenessMsMax);
}

function addTo(rows: Map<number, RollUpRow>, minute: number, jobNumber: number, run: RunRecord): void {
  let row = rows.get(jobNumber);
  if (row === undefined) {
    row = { minute, jobNumber, completed: 0, failed: 0, expired: 0, cancelled: 0, durationMsSum: 0, durationMsMax: 0, latenessMsSum: 0, latenessMsMax: 0 };
    rows.set(jobNumber, row);
  }
  if (run.state === 'completed') row.completed++;
  else if (run.state === 'failed') row.failed++;
  else if (run.state === 'expired') row.expired++;
  else row.cancelled++;
  // A run that was never dispatched has neither a duration nor a lateness.
  if (run.dispatchedAt === 0) return;
  const duration = Math.max(0, run.endedAt - run.dispatchedAt);
  const lateness = Math.max(0, run.dispatchedAt - (run.dueAt || run.scheduledAt));
  row.durationMsSum += duration;
  row.latenessMsSum += lateness;
  if (duration > row.durationMsMax) row.durationMsMax = duration;
  if (lateness > row.latenessMsMax) row.latenessMsMax = lateness;
}
