import type { JobState } from '../../domain/job.ts';
import type { RunState } from '../../domain/run.ts';
import type { LogLevel, Report } from '../../wire/report.ts';
import type { Time } from './resources.ts';

/* ---- runs as the executions of a task queue ---- */

/** One try as a task queue's log of executions has it. */
export interface AttemptResource {
  readonly taskId: string;
  readonly jobId: string;
  /** From 1. */
  readonly attempt: number;
  readonly attempts: number;
  /** How often it was tried before. */
  readonly retryCount: number;
  /** `paused`: waits, and its job or the scheduler is paused. Expired and cancelled runs are `failed`; `state` has the finer word. */
  readonly status: ExecutionStatus;
  readonly state: RunState;
  readonly startedAt: Time | null;
  readonly finishedAt: Time | null;
  readonly durationMs: number | null;
  readonly workerId: string;
  /** What a completed one answered: a JSON value, or text; null when nothing. */
  readonly result: unknown;
  /** Why it failed, '' if it did not. */
  readonly error: string;
}

export const EXECUTION_STATUSES = ['waiting', 'active', 'completed', 'failed', 'delayed', 'paused'] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** `level` and `text` of a log line, `progress` (0–100 or a value of the worker's own), `value` of a result. */
export interface RunReportResource {
  /** Goes up with every report, of whatever run. */
  readonly seq: number;
  readonly at: Time;
  readonly kind: Report['kind'];
  readonly level?: LogLevel;
  readonly text?: string;
  readonly progress?: unknown;
  readonly value?: unknown;
}

export interface QueueStatusResource {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  /** Ended in the time that runs are kept. */
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly state: JobState;
  /** Live ones of the job's app. */
  readonly workers: number;
  readonly oldestWaitingAt: Time | null;
}

/** Of runs that ended, or that wait and were due, at least so long ago; those that wait are cancelled first. */
export interface CleanRequest {
  readonly state: Exclude<RunState, 'active'>;
  readonly olderThanMs?: number;
  readonly limit?: number;
}

export type CleanResource = { readonly removed: number };

export interface QueueMetricsResource {
  readonly total: number;
  readonly completed: number;
  /** Also expired ones. */
  readonly failed: number;
  /** Completed among those that completed or failed, 0–1. */
  readonly successRate: number | null;
  readonly averageMs: number | null;
}
