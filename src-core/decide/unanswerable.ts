import type { RunRecord } from '../domain/run.ts';

/** Moments (epoch ms) before which messages of a stream may be missing from both log and view; 0 = none is missing. */
export interface GoneBefore {
  readonly runs: number;
  readonly results: number;
}

/** The reason such runs end with. Every node knows by it that no attempt follows. */
export const UNANSWERABLE = 'its answer, if there was one, is no longer in the log';

/** Whether nobody can tell what became of the open run: its time is up and its answer, or its turn came and its dispatch, may have been in what is gone. */
export function isUnanswerable({ state, dispatchedAt, expiresAt, scheduledAt, dueAt }: RunRecord, gone: GoneBefore, now: number): boolean {
  if (state === 'active') return dispatchedAt < gone.results && expiresAt <= now;
  return (state === 'delayed' || state === 'waiting') && Math.max(scheduledAt, dueAt) < gone.runs;
}
