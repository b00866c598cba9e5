import { asUnavailable } from '../../nats/errors.ts';
import { decodeReport, isLongResult, REPORTS_STREAM, reportSubject } from '../../wire/index.ts';
import { askPatiently } from '../common/ask-patiently.ts';
import type { WorkerConnection } from '../connection.ts';
import type { ExecutionLog, QueueJobState } from './queue-job.ts';

/** What of a run, as calls give it, is used here. */
export interface RunAnswer {
  readonly taskId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly state: 'delayed' | 'waiting' | 'active' | 'completed' | 'failed' | 'expired' | 'cancelled';
  readonly attempt: number;
  readonly attempts: number;
  readonly rootTaskId: string;
  readonly retryTaskId: string | null;
  /** Another attempt follows, and is not there yet. */
  readonly retryPending: boolean;
  readonly reason: string;
  readonly args: string;
}

/** One of a run's attempts, as calls give them. */
export interface AttemptAnswer {
  readonly taskId: string;
  readonly retryCount: number;
  /** Expired and cancelled ones are `failed`. */
  readonly status: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'paused';
  readonly state: RunAnswer['state'];
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly result: unknown;
  readonly error: string;
}

type Place = Pick<RunAnswer, 'namespace' | 'app' | 'job'>;

/** The result as the handler returned it; a plain text, as workers in other languages may answer, as it is. */
export async function resultOf(connection: WorkerConnection, run: Place & Pick<RunAnswer, 'taskId' | 'reason'>): Promise<unknown> {
  const { namespace, app, job, taskId, reason } = run;
  if (reason === '') return undefined;
  if (isLongResult(reason)) return longResult(connection, reportSubject(namespace, app, job, taskId));
  try {
    return JSON.parse(reason) as unknown;
  } catch {
    return reason;
  }
}

export function stateOf({ state, status }: AttemptAnswer): QueueJobState {
  return state === 'cancelled' ? 'cancelled' : status;
}

export async function executionOf(connection: WorkerConnection, place: Place, jobId: string, attempt: AttemptAnswer): Promise<ExecutionLog> {
  const { taskId, startedAt, finishedAt, durationMs, result, error, retryCount, state } = attempt;
  const isLong = typeof result === 'string' && isLongResult(result);
  return {
    jobId, executionId: taskId, status: stateOf(attempt),
    startedAt: momentOf(startedAt), finishedAt: momentOf(finishedAt), durationMs: durationMs ?? undefined,
    result: state !== 'completed' ? undefined : isLong ? await longResult(connection, reportSubject(place.namespace, place.app, place.job, taskId)) : (result ?? undefined),
    errorMessage: attempt.status === 'failed' ? (error === '' ? state : error) : undefined,
    retryCount,
  };
}

/** Results are kept for a day: undefined after it. */
async function longResult(connection: WorkerConnection, subject: string): Promise<unknown> {
  const message = await askPatiently(connection, () => connection.manager.streams.getMessage(REPORTS_STREAM, { last_by_subj: subject })).catch((error: unknown) => {
    throw asUnavailable(error, 'reading a long result');
  });
  const report = message === null ? undefined : decodeReport(message.string());
  return report?.kind === 'result' ? report.value : undefined;
}

function momentOf(time: string | null): Date | undefined {
  return time === null ? undefined : new Date(time);
}
