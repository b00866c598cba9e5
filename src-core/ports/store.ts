import type { AppDefinition, NamespaceDefinition, StoredJob } from '../domain/job.ts';
import type { RunRecord, RunState, SkipReason, SubRunRecord, Trigger } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Snapshots } from './snapshots.ts';

export type DefinitionChange =
  | { readonly kind: 'namespace'; readonly name: string; readonly value: (NamespaceDefinition & { version: number }) | null }
  | { readonly kind: 'app'; readonly namespace: string; readonly name: string; readonly value: (AppDefinition & { version: number }) | null }
  | { readonly kind: 'job'; readonly namespace: string; readonly app: string; readonly name: string; readonly value: StoredJob | null };

/** Everything written in one transaction together with the checkpoints. */
export interface ViewBatch {
  readonly term: number;
  readonly checkpoints: readonly Checkpoint[];
  /** First write of a run. A row that exists is left alone. */
  readonly insertRuns: readonly RunRecord[];
  /** Whole new value of runs that are in the view already. */
  readonly updateRuns: readonly RunRecord[];
  /** By (runId, kind, number): the newest value wins. */
  readonly putSubRuns: readonly SubRunRecord[];
  /** Added to what is there. */
  readonly addSkips: readonly SkipCount[];
  readonly putWorkers: readonly WorkerRecord[];
  readonly definitions: readonly DefinitionChange[];
  /** Ids of runs that go, with what hangs on them, after all else of the batch. What has been counted of them stays counted. */
  readonly removeRuns?: readonly string[];
}

/** The batch's term is older than the one in the view: somebody else leads now. */
export class StaleTermError extends Error {
  override readonly name = 'StaleTermError';
  /** The one in the view. */
  readonly term: number;

  constructor(batchTerm: number, term: number) {
    super(`Term ${batchTerm} may not write any more: term ${term} has written.`);
    this.term = term;
  }
}

/** The view was written by a newer program than this one. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
}

export interface RunQuery {
  readonly namespace?: string;
  readonly app?: string;
  readonly job?: string;
  readonly states?: readonly RunState[];
  readonly triggers?: readonly Trigger[];
  readonly workerId?: string;
  /** scheduledAt range by way of the run id: from inclusive, to exclusive, epoch ms. */
  readonly from?: number;
  readonly to?: number;
  /** Part of the reason, any case. */
  readonly reason?: string;
  readonly monitorStatus?: string;
  /** Only runs that were dispatched and have ended, and took at least so long. */
  readonly minDurationMs?: number;
  /** Part of the monitor payload, any case. */
  readonly monitorPayload?: string;
  /** As domain/args-match.ts reads it. */
  readonly args?: string;
  /** Only attempts of this first attempt. */
  readonly rootId?: string;
  /** Ids below this one. */
  readonly before?: string;
  readonly limit: number;
}

export interface RunPage {
  readonly items: readonly RunRecord[];
  /** Where to go on; undefined = the end. A page may hold fewer than `limit` items and still have one. */
  readonly nextBefore: string | undefined;
}

/** What sums and small lists need of a run. */
export type RunBrief = Pick<RunRecord, 'id' | 'jobNumber' | 'state' | 'scheduledAt' | 'dueAt' | 'dispatchedAt' | 'endedAt' | 'reason'>;

export interface BriefPage {
  readonly items: readonly RunBrief[];
  /** As in RunPage. */
  readonly nextBefore: string | undefined;
}

/** `more`: there are more than were counted. */
export type Count = { readonly count: number; readonly more: boolean };

export interface SubRunQuery {
  readonly status?: string;
  /** Part of the reason, any case. */
  readonly reason?: string;
  readonly monitorStatus?: string;
  /** Part of the monitor payload, any case. */
  readonly monitorPayload?: string;
  /** Only what comes after this place: a `nextBefore`. */
  readonly before?: string;
  readonly limit: number;
}

export interface SubRunPage {
  readonly items: readonly SubRunRecord[];
  /** Where to go on; undefined = the end. A page may hold fewer than `limit` items and still have one. */
  readonly nextBefore: string | undefined;
}

export interface SkipQuery {
  readonly jobNumbers?: readonly number[];
  readonly namespace?: string;
  readonly app?: string;
  readonly job?: string;
  readonly reasons?: readonly SkipReason[];
  /** Hours that start in [from, to), epoch ms. */
  readonly from?: number;
  readonly to?: number;
  /** Only what comes after this place: a `nextBefore`. */
  readonly before?: string;
  readonly limit: number;
}

export interface SkipPage {
  readonly items: readonly SkipCount[];
  /** Where to go on; undefined = the end. */
  readonly nextBefore: string | undefined;
}

/** Ends of a stretch of time, from roll-ups by job and minute; `bucket` is its start, epoch ms. */
export interface EndTotals {
  readonly bucket: number;
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly durationMsSum: number;
  readonly durationMsMax: number;
  readonly latenessMsSum: number;
  readonly latenessMsMax: number;
}

export interface WorkerEndsQuery {
  readonly workers: readonly { readonly namespace: string; readonly app: string; readonly id: string }[];
  /** Runs scheduled at or after this moment, epoch ms. */
  readonly from: number;
  /** Of each worker its newest runs, at most this many. */
  readonly limit: number;
}

export interface WorkerEnds {
  readonly ended: number;
  /** Failed or expired. */
  readonly failed: number;
}

export interface LateJob {
  readonly jobNumber: number;
  /** That were dispatched or not, and have ended. */
  readonly runs: number;
  readonly latenessMsSum: number;
  /** Start of the last minute with an end, epoch ms. */
  readonly lastAt: number;
}

export interface StoreSize {
  readonly databaseBytes: number;
  readonly walBytes: number;
}

/**
 * The view. Written by one projector in batches; read by anybody.
 * The roll-up of ends is kept by the store itself, in the same transaction, from runs that reach a final state in a batch.
 */
export interface Store {
  /** Several nodes have this very view: only the one that leads projects, deletes and resets. */
  readonly isShared: boolean;
  /** Copies of the view for other nodes; undefined where nodes share it, or it cannot be copied. */
  readonly snapshots?: Snapshots;
  /** Applies the batch whole or not at all, behind all that were given before, also by other nodes; one with nothing but its term is the way to wait for them. Synchronous stores may do it before returning. Rejects with StaleTermError, or UnavailableError when the database is away or full. */
  apply(batch: ViewBatch): Promise<void>;
  checkpoints(): Promise<readonly Checkpoint[]>;
  /** Forgets how far streams were applied; rows stay. */
  resetCheckpoints(): Promise<void>;
  /** Runs not ended, and runs whose retry is not in the log yet, by id. */
  openRuns(): Promise<readonly RunRecord[]>;
  /** Highest run id in the view, or '0'. */
  highestRunId(): Promise<string>;
  definitions(): Promise<{ namespaces: readonly (NamespaceDefinition & { version: number })[]; apps: readonly (AppDefinition & { version: number })[]; jobs: readonly StoredJob[] }>;
  workers(): Promise<readonly WorkerRecord[]>;
  run(id: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  runs(query: RunQuery): Promise<RunPage>;
  /** How many there are, as far as they can be counted in a moment and up to `limit`. */
  countRuns(query: RunQuery): Promise<Count>;
  /** Newest first. */
  briefs(query: RunQuery): Promise<BriefPage>;
  /** The newest `limit` runs of each job with runs, newest first, by job number. */
  recentRuns(jobNumbers: readonly number[], limit: number): Promise<ReadonlyMap<number, readonly RunBrief[]>>;
  /** Newest first. */
  subRuns(runId: string, query: SubRunQuery): Promise<SubRunPage>;
  /** Newest run of each of the jobs, by job number. */
  lastRuns(jobNumbers: readonly number[]): Promise<ReadonlyMap<number, RunRecord>>;
  /** Newest hour first. Names are those the job has now. */
  skips(query: SkipQuery): Promise<SkipPage>;
  /** Ends per `bucketMs` (a multiple of a minute) from roll-ups. */
  endTotals(query: { jobNumbers?: readonly number[]; from: number; to: number; bucketMs: number }): Promise<readonly EndTotals[]>;
  /** Ends of the runs that name each worker, in the order asked for; not those of a fan-out, which names its targets. */
  workerEnds(query: WorkerEndsQuery): Promise<readonly WorkerEnds[]>;
  /** Jobs whose runs that ended in the minutes from the moment on left that late on average, the latest first, from roll-ups. */
  lateJobs(query: { from: number; averageMs: number; limit: number }): Promise<readonly LateJob[]>;
  /** Whether any kept run belongs to the job number. */
  hasRunsOf(jobNumber: number): Promise<boolean>;
  /** Deletes at most `limit` ended runs with ids below the one given, with what hangs on them; returns how many went. */
  deleteRunsBefore(id: string, limit: number): Promise<number>;
  /** Drops skip counters, roll-ups and lost workers older than the moment. */
  deleteCountersBefore(at: number): Promise<void>;
  size(): Promise<StoreSize>;
  /** Resolves if the view can be written right now. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
