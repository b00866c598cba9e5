import type { BookListener, DispatchSeen, EndSeen } from '../../src-core/decide/index.ts';
import { RunBook } from '../../src-core/decide/index.ts';
import type { Category, Model } from '../../src-core/domain/job.ts';
import type { RunRecord, SubRunRecord } from '../../src-core/domain/run.ts';
import type { End, EndKey, RunAccepted, RunHeader } from '../../src-core/wire/index.ts';
import { runIdToText } from '../../src-core/wire/index.ts';

/** 2026-01-01T00:00:00Z. */
export const T0 = 1_767_225_600_000;
export const ADDRESS = { namespace: 'app', app: 'biz', job: 'report' };

export function taskId(ms: number, jobNumber = 1): string {
  return runIdToText(T0 + ms, 0, jobNumber);
}

/** What a feed gives out, as a function on a book: so that logs can be cut, mixed and repeated. */
export type Message = (book: RunBook) => void;

export interface RunShape {
  readonly id: string;
  readonly category?: Category;
  readonly model?: Model;
  readonly attempt?: number;
  readonly attempts?: number;
  readonly retryOn?: number;
  readonly rootId?: string;
  readonly jobNumber?: number;
}

export function dispatch(run: RunShape, part: Partial<RunHeader> & { tail?: string } = {}): Message {
  return (book) => book.applyDispatch(dispatchSeen(run, part));
}

export function dispatchSeen(run: RunShape, { tail = '', ...header }: Partial<RunHeader> & { tail?: string } = {}): DispatchSeen {
  const { id, category = 'standalone', model = 'max' } = run;
  return {
    ...ADDRESS, taskId: id, tail,
    header: {
      jobNumber: run.jobNumber ?? 1, trigger: run.rootId === undefined ? 'schedule' : 'retry', attempt: run.attempt ?? 1, attempts: run.attempts ?? 1,
      scheduledAt: T0, dispatchedAt: T0 + 5, expiresAt: T0 + 60_000, targets: 0, retryOn: run.retryOn ?? 0, step: 1, priority: 5,
      ...(run.rootId === undefined ? {} : { rootTaskId: run.rootId }), ...header,
    },
    term: () => 1,
    body: () => ({ category, model, args: 'a', runningCount: 0 }),
  };
}

export function accepted(run: RunShape, part: Partial<RunAccepted> = {}): Message {
  const { category = 'standalone', model = 'max', retryOn = 0 } = run;
  return (book) => book.applyAccepted({
    ...ADDRESS, storedAt: T0,
    event: {
      v: 1, taskId: run.id, jobNumber: run.jobNumber ?? 1, trigger: run.rootId === undefined ? 'schedule' : 'retry', attempt: run.attempt ?? 1,
      attempts: run.attempts ?? 1, scheduledAt: T0, dueAt: T0, state: 'waiting', ...(run.rootId === undefined ? {} : { rootTaskId: run.rootId }), ...part,
    },
  }, { category, model, retryOn, args: 'a' });
}

export function waiting(run: RunShape): Message {
  return (book) => book.applyWaiting(run.id);
}

export type Answer = End['status'] | 'nonsense';

export function endSeen(run: RunShape, answer: Answer, sequence: number, part: Partial<End> & Partial<Pick<EndKey, 'kind' | 'subId'>> = {}): EndSeen {
  const { kind = 'end', subId, ...said } = part;
  const end: End | undefined = answer === 'nonsense' ? undefined : { status: answer, reason: '', monitorStatus: '', monitorPayload: '', clientId: '', ...said };
  return {
    key: { kind, ns: ADDRESS.namespace, app: ADDRESS.app, job: ADDRESS.job, taskId: run.id, ...(subId === undefined ? {} : { subId }) },
    sequence, storedAt: T0 + 1000 + sequence, end, problem: end === undefined ? 'nonsense' : '',
  };
}

export function end(run: RunShape, answer: Answer, sequence: number, part: Parameters<typeof endSeen>[3] = {}): Message {
  return (book) => book.applyEnd(endSeen(run, answer, sequence, part));
}

/** Notes what the book told, one word each. */
export function listening(told: string[] = []): BookListener {
  return {
    dispatched: ({ record }) => void told.push(`dispatched ${record.id}`),
    accepted: ({ record }) => void told.push(`accepted ${record.id}`),
    nextStep: ({ record }) => void told.push(`next ${record.id}`),
    ended: ({ record }) => void told.push(`ended ${record.id} ${record.state}`),
    monitored: (run, subId, { monitorStatus }) => void told.push(`monitored ${run.id} ${subId} ${monitorStatus}`),
    oddity: (kind) => void told.push(`oddity ${kind}`),
  };
}

/** A book with its view: what was saved, as a store would hold it. */
export class BookWithView {
  readonly told: string[] = [];
  readonly book = new RunBook(listening(this.told));
  readonly runs = new Map<string, RunRecord>();
  readonly subRuns = new Map<string, SubRunRecord>();

  /** Writes what changed; ended runs are forgotten by the book. */
  save(): void {
    const { entries, subRuns } = this.book.takeUnsaved(Number.POSITIVE_INFINITY);
    for (const { record } of entries) this.runs.set(record.id, { ...record });
    for (const subRun of subRuns) this.subRuns.set(`${subRun.runId}/${subRun.kind}/${subRun.number}`, { ...subRun });
    this.book.saved(entries);
  }

  /** The whole log is read: ends that nothing explains are told apart. */
  settle(): void {
    this.book.pending.mark(1, Number.POSITIVE_INFINITY);
    for (const seen of this.book.pending.expire(1, () => 0)) this.book.applyUnexplained(seen);
    this.save();
  }
}
