import type { Category, Model } from '../domain/job.ts';
import type { RunState } from '../domain/run.ts';
import type { End, EndKey } from '../wire/index.ts';
import type { BookEntry } from './book-entry.ts';

/**
 * An answer to what was not dispatched as far as we have read: the streams have no order between them. Those behind it keep
 * their place. A cancellation of ours may concern a run that never is dispatched: it says what had been sent before it.
 */
export function isEarly({ record, targets }: BookEntry, key: EndKey, end: End | undefined, behindOthers: boolean): boolean {
  if (behindOthers || end === undefined) return behindOthers;
  if (lacksDispatch(record, end)) return true;
  if (record.state !== 'active') return end.status !== 'cancelled' || key.kind === 'client-end';
  const target = key.kind === 'client-end' ? targets?.get(key.subId ?? '') : undefined;
  if (target !== undefined) return target.startedAt === 0;
  return record.category === 'map' && key.kind === 'end' && record.step === 2 && end.status !== 'cancelled';
}

/** An end of ours came after a message of the run that has not been read. */
export function lacksDispatch({ step }: { readonly step: number }, end: End): boolean {
  return end.step !== undefined && end.step > step;
}

export function isOurs({ status }: End): boolean {
  return status === 'expired' || status === 'cancelled';
}

export function stateOf(end: End): RunState {
  if (end.status === 'success' || end.status === 'success:next') return 'completed';
  if (end.status === 'fail') return 'failed';
  return end.status;
}

/** Whether answers to the run count beside its end: everybody does a broadcast, and one of them ends it. */
export function keepsLateAnswers(run: { category: Category | undefined; model: Model | undefined }): boolean {
  return run.category === 'broadcast' && run.model !== 'ultra';
}
