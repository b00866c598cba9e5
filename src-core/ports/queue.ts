import type { JobDefinition } from '../domain/job.ts';
import type { RunState } from '../domain/run.ts';
import type { EndTotals } from './store.ts';

/** What a job has to do, and what became of its runs in the time that runs are kept. */
export interface QueueStatus extends Pick<EndTotals, 'completed' | 'failed' | 'expired' | 'cancelled'> {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly state: JobDefinition['state'];
  /** Live ones of its app. */
  readonly workers: number;
  /** When the one that waits longest was due, epoch ms. */
  readonly oldestWaitingAt: number | undefined;
}

/** Runs of one state, which waits, is delayed or has ended, that ended (or were due) at least so long ago. */
export interface CleanRequest {
  readonly state: Exclude<RunState, 'active'>;
  readonly olderThanMs: number;
  readonly limit: number;
}

/** Of the runs that ended in the time that runs are kept. */
export interface QueueMetrics {
  readonly total: number;
  readonly completed: number;
  /** Also expired ones. */
  readonly failed: number;
  /** Completed among those that completed or failed, 0–1; undefined when there were none. */
  readonly successRate: number | undefined;
  /** From dispatch to end. */
  readonly averageMs: number | undefined;
}
