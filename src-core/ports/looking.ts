import type { EndTotals, RunBrief } from './store.ts';

/** What is looked at beside the lists: sums and outlooks. Each answer is bounded in rows and time. */
export interface LookingApi {
  /** The newest runs of each job, at most `limit` each. Ids as in JobApi.get; those no job has are left out. */
  recentRuns(ids: readonly string[], limit: number): Promise<readonly RecentRuns[]>;
  /** The next fire of each enabled job, soonest first. */
  fires(filter: JobScope & { readonly limit: number }): Promise<readonly UpcomingFire[]>;
  /** What enabled jobs are planned to do in [from, to), by address, as far as 500 jobs and a bounded time reach. */
  calendar(query: CalendarQuery): Promise<Calendar>;
  /** A pause of the whole scheduler first, then jobs somebody should look at, worst first, at most 50. */
  attention(filter: { readonly namespace?: string }): Promise<readonly AttentionItem[]>;
  /** Ends of all jobs in the scope, from roll-ups. */
  stats(scope: JobScope, query: { from: number; to: number; bucketMs: number }): Promise<readonly EndTotals[]>;
}

export interface JobScope {
  readonly namespace?: string;
  readonly app?: string;
}

export interface RecentRuns {
  readonly jobId: string;
  /** Oldest first. */
  readonly runs: readonly RunBrief[];
  /** Of the runs: how many have ended, and how many of those were completed. */
  readonly ended: number;
  readonly completed: number;
  /** Of those that were dispatched and have ended; null when there are none. */
  readonly durationMsAvg: number | null;
  readonly durationMsP95: number | null;
}

/** A job as a list beside the jobs names it; `timezone` is the one in force. */
export interface JobLabel {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly expression: string;
  readonly timezone: string;
}

export interface CalendarQuery extends JobScope {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
}

export interface Calendar {
  readonly jobs: readonly CalendarJob[];
  /** There are more jobs or fires than were looked at. */
  readonly truncated: boolean;
}

export interface CalendarJob extends JobLabel {
  /** Fires in the whole stretch. */
  readonly count: number;
  /** Undefined when there are more than 60. */
  readonly fires: readonly number[] | undefined;
  readonly perBucket: readonly number[];
}

export interface AttentionItem {
  readonly kind: 'scheduler-paused' | 'failing' | 'late' | 'no-worker' | 'skipped';
  /** This and the names are empty for `scheduler-paused`. */
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  /** Ends in a row, milliseconds late, or fires skipped; 0 for `scheduler-paused`. */
  readonly count: number;
  readonly reason: string;
  /** Epoch ms. */
  readonly lastAt: number;
}

export interface UpcomingFire extends JobLabel {
  readonly at: number;
}
