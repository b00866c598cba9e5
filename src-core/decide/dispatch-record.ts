import { CATEGORIES, MODELS } from '../domain/job.ts';
import type { RunRecord } from '../domain/run.ts';
import { emptyRecord } from './book-entry.ts';
import type { DispatchSeen } from './seen.ts';

/** A run that was dispatched without having been accepted first; undefined when the message's body is none of ours. */
export function recordOf(seen: DispatchSeen): RunRecord | undefined {
  const body = seen.body();
  if (body === undefined || !isOneOf(CATEGORIES, body.category) || !isOneOf(MODELS, body.model)) return undefined;
  const { header } = seen;
  const record = emptyRecord(seen.taskId, { jobNumber: header.jobNumber, namespace: seen.namespace, app: seen.app, job: seen.job });
  record.category = body.category;
  record.model = body.model;
  record.args = body.args;
  record.runningCount = body.runningCount;
  fillFromHeader(record, header);
  return record;
}

/** What a dispatch's header says of the run as a whole. */
function fillFromHeader(record: RunRecord, header: DispatchSeen['header']): void {
  record.state = 'waiting';
  record.trigger = header.trigger;
  record.attempt = header.attempt;
  record.attempts = header.attempts;
  record.retryOn = header.retryOn;
  record.rootId = header.rootTaskId ?? '';
  record.priority = header.priority;
  record.scheduledAt = header.scheduledAt;
  record.dueAt = header.scheduledAt;
}

/** What each of its dispatches says, the first and, for map, the second; the run may have ended by what the other feed said. */
export function fillFromDispatch(record: RunRecord, { header }: DispatchSeen): void {
  if (header.step === 2 && record.step < 3) record.step = 3;
  else if (record.step === 0) record.step = 1;
  if (header.step !== 2 && record.dispatchedAt !== 0) return;
  record.dispatchedAt ||= header.dispatchedAt;
  record.expiresAt = header.expiresAt;
}

/** An acceptance says less than the dispatch that follows it. */
export function fillFromBody(record: RunRecord, seen: DispatchSeen): void {
  const body = seen.body();
  if (body === undefined) return;
  record.runningCount = body.runningCount;
  if (isOneOf(CATEGORIES, body.category)) record.category = body.category;
  if (isOneOf(MODELS, body.model)) record.model = body.model;
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}
