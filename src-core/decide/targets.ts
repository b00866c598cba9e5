import type { RunRecord, RunState, SubRunRecord } from '../domain/run.ts';
import type { End } from '../wire/index.ts';
import type { BookEntry } from './book-entry.ts';

/* The targets of a fan-out: one worker or group each; the run ends as the worst of them did. */

const RANK: Readonly<Record<string, number>> = { success: 0, expired: 1, fail: 2, cancelled: 3 };
const RANK_STATE: readonly RunState[] = ['completed', 'expired', 'failed', 'cancelled'];
const RANK_STATUS: readonly End['status'][] = ['success', 'expired', 'fail', 'cancelled'];

/** Sent, and not ended. */
export function isRunning(target: SubRunRecord): boolean {
  return target.startedAt !== 0 && target.endedAt === 0;
}

/** Whether the log shows a message to every target; true for a run without any. */
export function allStarted(entry: BookEntry): boolean {
  if (entry.targets === undefined) return true;
  if (entry.targets.size < entry.record.targets) return false;
  for (const target of entry.targets.values()) if (target.startedAt === 0) return false;
  return true;
}

/** Counts the end of one target in the target and in its run. */
export function endTarget(record: RunRecord, target: SubRunRecord, end: End, at: number): void {
  target.status = end.status;
  target.reason = end.reason;
  target.monitorStatus = end.monitorStatus;
  target.monitorPayload = end.monitorPayload;
  target.endedAt = at;
  record.targetsEnded++;
  record.targetsWorst = Math.max(record.targetsWorst, RANK[end.status] ?? 0);
}

/** How the run ends once all its targets have. */
export function worstEnd(record: RunRecord): { state: RunState; status: End['status'] } {
  return { state: RANK_STATE[record.targetsWorst] as RunState, status: RANK_STATUS[record.targetsWorst] as End['status'] };
}
