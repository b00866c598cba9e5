import type { RunRecord, SubRunRecord } from '../domain/run.ts';

/** An open run in memory: what the log says of it, and what this node intends. */
export interface BookEntry {
  /** Only what the log says: it can be written to the view at any moment. */
  readonly record: RunRecord;
  /** Its dispatch or acceptance has been read from the log. */
  logged: boolean;
  /** The term in which this node last sent it, be that the message in the log or not; 0 = it did not. */
  sentInTerm: number;
  /** This node has decided to dispatch it and the log does not show it yet. */
  dispatching: boolean;
  /** An end by us is on its way. */
  cancelling: boolean;
  /** Another run may have its key: it is not sent before that is clear. */
  doubtful: boolean;
  /** The worker it was to go to before the log showed its message; '' = any. */
  heldFor: string;
  /** Its end says that nothing of it had been sent. */
  endedUnsent: boolean;
  /** Map: its end says that the second step had not been sent. */
  endedBeforeNext: boolean;
  /** Map: the first `success:next` has been read. */
  nextSeen: boolean;
  /** Map: the deadline of the first step, once the second has been read; 0 = it was read before this node began. */
  firstExpiresAt: number;
  /** Map: this node has sent the second step, or is about to. */
  nextSent: boolean;
  /** Whether the view has a row of it. */
  persisted: 'yes' | 'no' | 'perhaps';
  dirty: boolean;
  /** Where it counts now in its job's runs. */
  place: 'active' | 'waiting' | 'delayed' | 'none';
  /** Place in the heap of those that wait. */
  waitingAt: number;
  /** Key of the worker it counts for now, '' = none. */
  countedFor: string;
  /** Fan-out: by sub id; `startedAt` 0 = the log does not show its message yet. */
  targets: Map<string, SubRunRecord> | undefined;
  /** Bucket of the expiry wheel it is in; 0 = none. */
  expiryBucket: number;
}

export function newEntry(record: RunRecord): BookEntry {
  return {
    record, logged: false, sentInTerm: 0, dispatching: false, cancelling: false, doubtful: false, heldFor: '', endedUnsent: false, endedBeforeNext: false, firstExpiresAt: 0, nextSeen: false, nextSent: false, persisted: 'no', dirty: false, place: 'none', waitingAt: 0, countedFor: '',
    targets: undefined, expiryBucket: 0,
  };
}

/** A record with nothing said yet. */
export function emptyRecord(id: string, address: { jobNumber: number; namespace: string; app: string; job: string }): RunRecord {
  const { jobNumber, namespace, app, job } = address;
  // Field by field: a spread makes V8 build the object one property at a time, at seven times the cost.
  return {
    id, jobNumber, namespace, app, job,
    category: 'standalone', model: 'max', state: 'delayed', trigger: 'schedule', attempt: 1, attempts: 1, retryOn: 0, rootId: '',
    priority: 5, step: 0, scheduledAt: 0, dueAt: 0, dispatchedAt: 0, expiresAt: 0, endedAt: 0, runningCount: 0, args: '', ownOptions: '',
    workerId: '', status: '', reason: '', monitorStatus: '', monitorPayload: '', badAnswers: 0, badAnswer: '',
    targets: 0, targetsEnded: 0, targetsWorst: 0, retryPending: false, retryId: '',
  };
}
