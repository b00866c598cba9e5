import type { RunState, Trigger } from '../../domain/run.ts';
import type { BulkResource, JobResource, RunSummary, ScheduleWords, Time } from './resources.ts';

/* What the panel looks at beside the lists. */

/** GET /jobs/recent-runs?ids=1,2,3&limit=20: for each job its newest runs, oldest first. At most 100 ids and 100 runs each. */
export interface RecentRunsResource {
  readonly jobId: string;
  readonly runs: readonly RecentRun[];
  /** Of the ended ones among `runs`. */
  readonly ended: number;
  readonly completed: number;
  readonly durationMsAvg: number | null;
  readonly durationMsP95: number | null;
}

export type RecentRun = Pick<RunSummary, 'taskId' | 'state' | 'scheduledAt' | 'latenessMs' | 'durationMs' | 'reason'>;

/** GET /fires?namespace&app&limit: the next fire of each enabled job, soonest first. */
export interface UpcomingFire {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly expression: string;
  readonly timezone: string;
  readonly words: ScheduleWords | null;
  readonly at: Time;
}

/** GET /calendar?from&to&bucketMs&namespace&app: what is planned in [from, to), at most 62 days and 500 jobs. */
export interface CalendarResource {
  readonly from: Time;
  readonly to: Time;
  readonly bucketMs: number;
  readonly jobs: readonly CalendarJob[];
  /** There are more jobs or fires than were looked at. */
  readonly truncated: boolean;
}

export interface CalendarJob {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly expression: string;
  readonly timezone: string;
  readonly words: ScheduleWords | null;
  /** Fires in the whole stretch. */
  readonly count: number;
  /** Null when there are more than 60. */
  readonly fires: readonly Time[] | null;
  readonly perBucket: readonly number[];
}

/** GET /attention?namespace: a pause of the whole scheduler first, then jobs somebody should look at, worst first, at most 50. */
export interface AttentionItem {
  /** scheduler-paused: nothing is sent, the names are empty. failing: 3 or more ends in a row were not completed; late: the last hour's runs left late; no-worker: fires of the last hour were skipped for want of a worker; skipped: for another reason but disabled and paused. */
  readonly kind: 'scheduler-paused' | 'failing' | 'late' | 'no-worker' | 'skipped';
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  /** Ends in a row, milliseconds late, or fires skipped; 0 for scheduler-paused. */
  readonly count: number;
  readonly reason: string;
  readonly lastAt: Time;
}

/** GET /jobs/{id}/versions: what the job was, newest first, as far back as it is kept. Also of a deleted job, by `namespace.app.name`. */
export interface JobVersionResource {
  readonly version: number;
  readonly at: Time;
  readonly deleted: boolean;
  /** As PUT takes it; null of a deletion. */
  readonly definition: JobDefinitionBody | null;
}

/** The part of a job that is defined, not derived. */
export type JobDefinitionBody = Omit<JobResource, 'id' | 'version' | 'createdAt' | 'updatedAt' | 'nextFireAt' | 'scheduleWords' | 'running' | 'queued' | 'lastRun'>;

/** GET /jobs/count, GET /runs/count with the filters of their lists. `more`: there are more than were counted. */
export type CountResource = { readonly count: number; readonly more: boolean };

/** POST /runs/bulk: exactly one of `ids` (at most 1,000) and `filter` (the newest 1,000 that match; to cancel, of the open ones unless it names states). */
export interface RunBulkRequest {
  readonly ids?: readonly string[];
  readonly filter?: RunBulkFilter;
  readonly action: 'cancel' | 'rerun';
  readonly dryRun?: boolean;
}

export interface RunBulkFilter {
  readonly namespace?: string;
  readonly app?: string;
  readonly job?: string;
  readonly state?: readonly RunState[];
  readonly trigger?: readonly Trigger[];
  readonly worker?: string;
  readonly from?: Time;
  readonly to?: Time;
  readonly reason?: string;
  readonly monitorStatus?: string;
  readonly monitorPayload?: string;
  readonly minDurationMs?: number;
  readonly args?: string;
}

export interface RunBulkResource extends BulkResource {
  /** Runs started by `rerun`. */
  readonly started: readonly string[];
}

/** GET /runs/{taskId}/messages: what was sent for the run, as the stream has it; empty when the stream keeps it no longer. */
export interface SentMessageResource {
  readonly sequence: number;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly at: Time;
}
