import type { Category, JobDefinition, Model } from '../domain/job.ts';
import type { PriorityWord } from '../domain/job-input.ts';
import type { RunRecord, RunState, SkipReason, SubRunRecord, Trigger } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import type { LookingApi } from './looking.ts';
import type { Report } from '../wire/index.ts';
import type { MachineLook } from './machine.ts';
import type { CleanRequest, QueueMetrics, QueueStatus } from './queue.ts';
import type { Count, EndTotals } from './store.ts';

/**
 * What the scheduler offers to whoever drives it: the HTTP API, a program that embeds it, tests.
 * Domain values in, domain values out; HTTP's spelling of them (ISO times, `…Ms`) is http/contract.ts.
 * Every call may reject with the classes of domain/errors.ts.
 */
export interface SchedulerApi {
  namespaces: DefinitionApi<NamespaceView>;
  apps: AppApi;
  jobs: JobApi;
  schedule: ScheduleApi;
  runs: RunApi;
  looking: LookingApi;
  /** Skipped fires by job, reason and hour, newest hour first; also of jobs that are gone while runs of them are kept. */
  skips(filter: SkipFilter, page: { limit: number; before?: string }): Promise<SkipCountPage>;
  workers(filter: { namespace?: string; app?: string }): Promise<readonly WorkerView[]>;
  /** Takes the worker out of the routing, or puts it back; resolves when this server heeds it. Rejects with NotFoundError for one that is not known. */
  drainWorker(worker: { namespace: string; app: string; id: string }, drained: boolean): Promise<WorkerView>;
  servers(): Promise<readonly ServerView[]>;
  /** Makes the server give up its lease, whichever is asked. Rejects with NotFoundError for an unknown one, ConflictError when it does not lead. */
  stepDown(serverId: string): Promise<void>;
  /** The pause of the whole scheduler that is in force. */
  pause(): Promise<PauseView | undefined>;
  /** Nothing is sent from now on, until the moment or until somebody resumes; resolves when this server heeds it. One in force gets the new end. */
  pauseScheduling(until?: number): Promise<PauseView>;
  /** The same when nothing is paused. */
  resumeScheduling(): Promise<void>;
  overview(filter: { namespace?: string }): Promise<Overview>;
  health(): HealthView;
  /** Everything the metrics page shows that is not counted in passing. */
  gauges(): Promise<Gauges>;
  /** Changes as they are applied; returns the way to stop listening. Listeners must not throw, and copy what they keep: the objects go on changing. */
  onChange(listener: (change: LiveChange) => void): () => void;
}

export interface NamespaceView {
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AppView extends NamespaceView {
  readonly namespace: string;
}

/** `input` is whatever was sent: the scheduler checks it and rejects with InvalidInputError naming each field. */
export interface DefinitionApi<View> {
  list(page: { limit: number; after?: string }): Promise<{ items: readonly View[]; next: string | undefined }>;
  get(name: string): Promise<View>;
  create(input: unknown): Promise<View>;
  update(name: string, patch: unknown, version: number): Promise<View>;
  remove(name: string, version: number): Promise<void>;
}

export interface AppApi {
  list(namespace: string, page: { limit: number; after?: string }): Promise<{ items: readonly AppView[]; next: string | undefined }>;
  get(namespace: string, name: string): Promise<AppView>;
  create(namespace: string, input: unknown): Promise<AppView>;
  update(namespace: string, name: string, patch: unknown, version: number): Promise<AppView>;
  remove(namespace: string, name: string, version: number): Promise<void>;
}

export interface JobView {
  /** Opaque: the job number as text. */
  readonly id: string;
  readonly definition: JobDefinition;
  readonly version: number;
  readonly nextFireAt: number | undefined;
  /** Runs not ended yet: active ones, and those waiting or delayed. */
  readonly running: number;
  readonly queued: number;
  readonly lastRun: RunRecord | undefined;
}

export interface JobVersion {
  readonly version: number;
  /** Epoch ms. */
  readonly at: number;
  /** Undefined: it was deleted. */
  readonly definition: JobDefinition | undefined;
}

export interface JobFilter {
  readonly namespace?: string;
  readonly app?: string;
  /** Part of name or description, any case. */
  readonly q?: string;
  readonly state?: JobDefinition['state'];
  readonly category?: Category;
  readonly model?: Model;
  readonly tag?: string;
}

export type BulkAction =
  | { readonly kind: 'enable' | 'disable' | 'pause' | 'run' | 'delete' }
  | { readonly kind: 'tag'; readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly kind: 'move'; readonly namespace: string; readonly app: string };

export interface BulkResult {
  readonly matched: number;
  readonly done: number;
  readonly failures: readonly { id: string; message: string }[];
}

export interface JobApi {
  list(filter: JobFilter, page: { limit: number; after?: string }): Promise<{ items: readonly JobView[]; next: string | undefined }>;
  count(filter: JobFilter): Promise<Count>;
  /** `id`: `namespace.app.name` or the opaque id. */
  get(id: string): Promise<JobView>;
  create(input: unknown): Promise<JobView>;
  /** Whole new value; what is absent takes its default. */
  replace(id: string, input: unknown, version: number): Promise<JobView>;
  /** Only what is given changes. */
  update(id: string, patch: unknown, version: number): Promise<JobView>;
  remove(id: string, version: number): Promise<void>;
  /** Rejects with RunSkippedError when a gate says no. */
  run(id: string, request: RunRequest): Promise<{ taskId: string; state: RunState }>;
  /** What the job was, newest first, as far back as it is kept; also of a deleted one, by `namespace.app.name`. */
  versions(id: string): Promise<readonly JobVersion[]>;
  explain(id: string): Promise<Explanation>;
  skips(id: string, filter: Pick<SkipFilter, 'reasons' | 'from' | 'to'>, page: { limit: number; before?: string }): Promise<SkipCountPage>;
  queue(id: string): Promise<QueueStatus>;
  queueMetrics(id: string): Promise<QueueMetrics>;
  /** Removes runs of the job; resolves to how many, once this server's view is without them. */
  clean(id: string, request: CleanRequest): Promise<number>;
  stats(id: string, query: { from: number; to: number; bucketMs: number }): Promise<readonly EndTotals[]>;
  bulk(request: { ids?: readonly string[]; filter?: JobFilter; action: BulkAction; dryRun: boolean }): Promise<BulkResult>;
}

export interface RunRequest {
  /** Absent = the job's own. Text, or any JSON value. */
  readonly args?: unknown;
  readonly delayMs?: number;
  readonly priority?: number | PriorityWord;
  readonly workerId?: string;
  readonly trigger?: Trigger;
}

/** One gate of the way from fire to dispatch, and whether a fire would pass it now. */
export interface GateView {
  readonly gate: 'enabled' | 'window' | 'paused' | 'worker' | 'weight' | 'concurrency' | 'rate' | 'nats' | 'leader';
  readonly pass: boolean;
  /** What would become of a fire that fails it. */
  readonly reason: SkipReason | undefined;
  readonly detail: string;
}

export interface Explanation {
  readonly verdict: 'dispatch' | 'wait' | 'replace' | 'skip';
  readonly reason: SkipReason | undefined;
  readonly gates: readonly GateView[];
}

export interface ScheduleApi {
  preview(request: { expression: string; timezone: string; dst: JobDefinition['schedule']['dst']; count: number; from: number | undefined; anchor: number | undefined }): Promise<SchedulePreview>;
}

export interface SchedulePreview {
  readonly timezone: string;
  readonly fires: readonly { at: number; local: string; note: string | undefined }[];
  readonly notes: readonly string[];
}

export interface SkipFilter {
  readonly namespace?: string;
  readonly app?: string;
  readonly job?: string;
  readonly reasons?: readonly SkipReason[];
  /** Hours that start in [from, to). */
  readonly from?: number;
  readonly to?: number;
}

export interface SkipCountPage {
  readonly items: readonly SkipCount[];
  readonly next: string | undefined;
}

export interface RunFilter {
  readonly namespace?: string;
  readonly app?: string;
  readonly job?: string;
  readonly states?: readonly RunState[];
  readonly triggers?: readonly Trigger[];
  readonly workerId?: string;
  readonly from?: number;
  readonly to?: number;
  readonly reason?: string;
  readonly monitorStatus?: string;
  readonly minDurationMs?: number;
  /** Part of the monitor payload, any case. */
  readonly monitorPayload?: string;
  /** Part of the args, any case; or `path:value` of args that are JSON. */
  readonly args?: string;
}

/** Texts of reason and payload: part of them, any case. */
export type SubRunFilter = Pick<RunFilter, 'reason' | 'monitorStatus' | 'monitorPayload'> & { readonly status?: string };

/** `isPaused`: it waits, and will until somebody resumes its job or the scheduler. `result`: one that was too long for the answer, while it is kept. */
export type AttemptView = { readonly run: RunRecord; readonly isPaused: boolean; readonly result?: { readonly value: unknown } };

export type RunReport = Report & { readonly sequence: number };

export interface RunApi {
  list(filter: RunFilter, page: { limit: number; before?: string }): Promise<{ items: readonly RunRecord[]; next: string | undefined }>;
  /** Up to 10,000, and as far as a moment reaches. */
  count(filter: RunFilter): Promise<Count>;
  get(taskId: string): Promise<RunRecord>;
  subRuns(taskId: string, filter: SubRunFilter, page: { limit: number; before?: string }): Promise<{ items: readonly SubRunRecord[]; next: string | undefined }>;
  /** What is known of the run's way, oldest first: from the record, its attempts and sub-runs. */
  events(taskId: string): Promise<readonly RunEvent[]>;
  /** What was sent for the run, in order, as far as the stream still has it. */
  messages(taskId: string): Promise<readonly SentMessage[]>;
  /** All attempts of the run that this one belongs to, the first one first. */
  attempts(taskId: string): Promise<readonly AttemptView[]>;
  /** What workers told of the run behind the given sequence, oldest first, as far as it is kept. `next`: where to go on when there is more. */
  reports(taskId: string, page: { limit: number; after?: number }): Promise<{ items: readonly RunReport[]; next: number | undefined }>;
  /** Ends an open run; resolves with it as it is then. Rejects with ConflictError when it has ended already. */
  cancel(taskId: string, reason?: string): Promise<RunRecord>;
  /** Exactly one of `ids`, at most 1,000, and `filter`, which means the newest 1,000 that match; to cancel, of the open ones unless it names states. */
  bulk(request: { ids?: readonly string[]; filter?: RunFilter; action: 'cancel' | 'rerun'; dryRun: boolean }): Promise<RunBulkResult>;
  rerun(taskId: string, request: { args?: unknown }): Promise<{ taskId: string; state: RunState }>;
}

export interface SentMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Epoch ms. */
  readonly storedAt: number;
}

export interface RunBulkResult extends BulkResult {
  /** Runs started by `rerun`. */
  readonly started: readonly string[];
}

export interface RunEvent {
  readonly at: number;
  readonly kind: 'scheduled' | 'accepted' | 'dispatched' | 'next-step' | 'sub-run' | 'bad-answer' | 'ended' | 'retry';
  readonly detail: string;
}

export interface WorkerView extends WorkerRecord {
  readonly live: boolean;
  /** Taken out of the routing by a person: as if its weight were 0, until it is put back. */
  readonly drained: boolean;
  /** Open runs that name it, and open targets of fan-outs. */
  readonly running: number;
  /** Of its last runs of the last 24 hours, at most 1,000 looked at. */
  readonly ended24h: number;
  readonly failed24h: number;
}

export interface ServerView extends MachineLook {
  readonly id: string;
  readonly role: 'leader' | 'standby' | 'starting';
  readonly term: number;
  readonly version: string;
  readonly startedAt: number;
  readonly natsUrl: string;
  readonly natsConnected: boolean;
  readonly natsRoundTripMs: number | undefined;
  readonly host: string;
  readonly pid: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly projectionLag: number;
  /** Messages of the log that it has not read yet; undefined while NATS does not tell. */
  readonly lag: number | undefined;
  /** Of another server: when it last wrote of itself, which it does every five seconds. */
  readonly lastSeenAt: number;
  readonly jobs: number;
  readonly apps: number;
  readonly openRuns: number;
  readonly openSubRuns: number;
  /** Ends and dispatches read from the log and not in the view yet. */
  readonly pendingWrites: number;
  /** Since it last looked at the clock for fires; undefined while it does not lead. */
  readonly tickAgeMs: number | undefined;
}

/** Of the whole scheduler. Epoch ms; `until` null = until somebody resumes. */
export interface PauseView {
  readonly since: number;
  readonly until: number | null;
}

/** A time in which nobody decided fires, and what became of them. */
export interface GapView {
  /** `sleep`: this server led and its machine stood still, or its clock was set. `away`: no server led. */
  readonly kind: 'sleep' | 'away';
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Fires made up for: sent or held. */
  readonly caughtUp: number;
  /** Fires passed over; of a job that missed more than a thousand, at least so many. */
  readonly skipped: number;
}

export interface Overview {
  readonly jobs: number;
  readonly jobsEnabled: number;
  readonly running: number;
  readonly queued: number;
  readonly workersLive: number;
  readonly dueNextHour: number;
  /** Last 24 hours, from roll-ups. */
  readonly ended: { completed: number; failed: number; expired: number; cancelled: number };
  readonly skipped: number;
  readonly perHour: readonly EndTotals[];
  /** Over the newest ended runs of the last 24 hours, at most 1,000; null when there are none. */
  readonly latenessMsP95: number | null;
  readonly durationMsP95: number | null;
  readonly oddities: Readonly<Record<string, number>>;
  readonly pause: PauseView | null;
  /** The last one since the leader leads; null when there was none, or nobody leads. */
  readonly lastGap: GapView | null;
}

export interface HealthView {
  readonly role: 'leader' | 'standby' | 'starting';
  readonly natsConnected: boolean;
  readonly databaseWritable: boolean;
  /** Milliseconds since the ticker last looked at the clock; undefined while not leading. */
  readonly tickAgeMs: number | undefined;
  /** True when fires are being decided and the view is being written. */
  readonly ready: boolean;
  readonly problems: readonly string[];
}

export interface Gauges {
  readonly projectionLag: number;
  readonly unackedPublishes: number;
  readonly activeRuns: number;
  readonly queuedRuns: number;
  readonly workersLive: number;
  readonly jobs: number;
  readonly natsConnected: boolean;
  readonly natsRoundTripMs: number | undefined;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly leader: boolean;
  readonly term: number;
}

/** A change of what the API shows, told after it is in the view (runs), if that is this node's to write and not away, or in force (all else). */
export type LiveChange =
  | { readonly type: 'run'; readonly run: RunRecord }
  | { readonly type: 'worker'; readonly worker: WorkerView }
  | { readonly type: 'job'; readonly id: string; readonly key: string; readonly deleted: boolean }
  | { readonly type: 'server'; readonly role: ServerView['role']; readonly term: number }
  | { readonly type: 'nats'; readonly connected: boolean }
  | { readonly type: 'pause'; readonly pause: PauseView | undefined }
  | { readonly type: 'gap'; readonly gap: GapView }
  | { readonly type: 'skips'; readonly items: readonly SkipCount[] };

