import { CATEGORIES, MODELS } from '../domain/job.ts';
import type { RunRecord } from '../domain/run.ts';
import type { BookEntry } from './book-entry.ts';
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
  record.state = 'waiting';
  fillFromHeader(record, header);
  record.dueAt = header.scheduledAt;
  return record;
}

/** What a dispatch's header says of the run as a whole. */
function fillFromHeader(record: RunRecord, header: DispatchSeen['header']): void {
  record.trigger = header.trigger;
  record.attempt = header.attempt;
  record.attempts = header.attempts;
  record.retryOn = header.retryOn;
  record.rootId = header.rootTaskId ?? '';
  record.priority = header.priority;
  record.scheduledAt = header.scheduledAt;
}

/** What each of its dispatches says, the first and, for map, the second; the run may have ended by what the other feed said. */
export function fillFromDispatch(entry: BookEntry, { header }: DispatchSeen): void {
  const { record } = entry;
  if (header.step === 2 && record.step < 3) {
    entry.firstExpiresAt = record.expiresAt;
    record.step = 3;
  } else if (record.step === 0) record.step = 1;
  if (header.step !== 2 && record.dispatchedAt !== 0) return;
  record.dispatchedAt ||= header.dispatchedAt;
  record.expiresAt = header.expiresAt;
}

/** What was known before says less than the dispatch, and what this node was about to send may not be what was sent. */
export function fillFromBody(record: RunRecord, seen: DispatchSeen, isAccepted: boolean): void {
  const body = seen.body();
  if (body === undefined) return;
  // A run that was asked for has what it does not say itself from its job, of which each node may have had another version.
  fillFromHeader(record, seen.header);
  if (!isAccepted) record.dueAt = seen.header.scheduledAt;
  record.args = body.args;
  record.runningCount = body.runningCount;
  if (isOneOf(CATEGORIES, body.category)) record.category = body.category;
  if (isOneOf(MODELS, body.model)) record.model = body.model;
}

/**
 * An end of ours that says of a run that nothing of it had been sent: should the log show a message of it all the same, then
 * that one was long on its way, and came after whoever gave the end had begun to lead. Who reads the end first does not see it.
 */
export function takeBackDispatch(entry: BookEntry): void {
  const { record } = entry;
  entry.endedUnsent = true;
  entry.targets = undefined;
  record.targets = record.targetsEnded = record.targetsWorst = 0;
  // Counted when this node was about to send it, whether that message came into the log or not.
  record.runningCount = 0;
  if (record.step === 0) return;
  record.step = record.dispatchedAt = record.expiresAt = 0;
  record.workerId = entry.heldFor;
}

/** The same of a map's second step: the end says that the first was all. */
export function takeBackNext(entry: BookEntry): void {
  const { record } = entry;
  entry.endedBeforeNext = true;
  if (record.step < 3) return;
  record.step = 2;
  record.expiresAt = entry.firstExpiresAt || record.expiresAt;
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}
