import type { Category, Condition, DstPolicy, JobState, MisfireSettings, Model, OverlapPolicy, RateLimit, RetryPolicy } from '../../domain/job.ts';
import type { PriorityWord } from '../../domain/job-input.ts';
import type { RunState, SkipReason, SubRunKind, Trigger } from '../../domain/run.ts';

/**
 * What goes over HTTP and the live feed, as the panel, the CLI and other programs see it. Imports nothing but types.
 * Times are ISO 8601 with the server zone's offset and milliseconds ("2026-03-01T08:00:00.000+08:00");
 * a moment that has not come is null. Durations are milliseconds in names ending in `Ms`. Ids are strings.
 */
export type Time = string;

export const API_BASE = '/natsjob/api';

/** One page of a list, newest first (definitions: by name). `nextCursor` goes back as `?cursor=`; null = the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** RFC 9457. `type` is `urn:natsjob:problem:` and a fixed word. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly ProblemField[];
  /** Why a run was not started (409 of run and rerun). */
  readonly reason?: string;
  /** The version to edit from now (412). */
  readonly currentVersion?: number;
  /** Seconds to wait (429, 503); also in Retry-After. */
  readonly retryAfter?: number;
  /** Of an unexpected fault: what the server's log line names too. */
  readonly instance?: string;
}

export interface ProblemField {
  /** Name of the field, dots between levels; of a parameter, its name. */
  readonly field: string;
  readonly message: string;
}

export type LoginRequest = { readonly user: string; readonly password: string };

/** POST /login/one-time: a token that the running program has given to a window of its own. */
export type OneTimeLoginRequest = { readonly token: string };

export type LoginResource = { readonly token: string; readonly expiresAt: Time };

export interface MeResource {
  readonly user: string;
  readonly expiresAt: Time;
  /** The well-known password is in force: it works from this machine only. */
  readonly defaultPassword: boolean;
  readonly version: string;
}

export interface NamespaceResource {
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly createdAt: Time;
  readonly updatedAt: Time;
}

export interface AppResource extends NamespaceResource {
  readonly namespace: string;
}

export interface ScheduleResource {
  readonly expression: string;
  readonly timezone: string;
  readonly startAt: Time | null;
  readonly endAt: Time | null;
  readonly dst: DstPolicy;
  readonly jitterMs: number;
}

export type ScheduleWords = { readonly en: string; readonly 'zh-CN': string };

/** Of a lite or plus job there is no maxRunning, overlap, queueLimit, timeoutMs or retry: nothing watches its runs. */
export interface JobResource {
  readonly id: string;
  readonly namespace: string;
  readonly app: string;
  readonly name: string;
  readonly description: string;
  readonly schedule: ScheduleResource;
  readonly category: Category;
  readonly model: Model;
  readonly condition: Condition | '';
  /** As it was given: text, or a JSON value. */
  readonly args: unknown;
  readonly maxRunning?: number;
  readonly overlap?: OverlapPolicy;
  readonly queueLimit?: number;
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  readonly misfire: MisfireSettings;
  readonly rate: RateLimit | null;
  readonly priority: number;
  readonly state: JobState;
  readonly tags: readonly string[];
  /** Who to ask about it; free text. */
  readonly owner: string;
  readonly version: number;
  readonly createdAt: Time;
  readonly updatedAt: Time;
  readonly nextFireAt: Time | null;
  /** The schedule in words; null when there are none for it. */
  readonly scheduleWords: ScheduleWords | null;
  readonly running: number;
  readonly queued: number;
  readonly lastRun: RunSummary | null;
}

/** A run without its texts of unbounded size; what the live feed carries. */
export interface RunSummary {
  readonly taskId: string;
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly category: Category;
  readonly model: Model;
  readonly state: RunState;
  readonly trigger: Trigger;
  readonly attempt: number;
  readonly attempts: number;
  /** First attempt of this run; the taskId itself unless it is a retry. */
  readonly rootTaskId: string;
  /** The attempt that followed, null when none did. */
  readonly retryTaskId: string | null;
  readonly priority: number;
  readonly scheduledAt: Time | null;
  readonly dueAt: Time | null;
  readonly dispatchedAt: Time | null;
  readonly endedAt: Time | null;
  readonly expiresAt: Time | null;
  /** Scheduled to dispatched. */
  readonly latenessMs: number | null;
  /** Dispatched to ended. */
  readonly durationMs: number | null;
  readonly workerId: string;
  readonly status: string;
  readonly reason: string;
  readonly monitorStatus: string;
}

export interface RunResource extends RunSummary {
  readonly monitorPayload: string;
  /** As sent to the worker: text; JSON args are JSON text here. */
  readonly args: string;
  /** What it was asked for with instead of what its job says, in the job's words; null for nothing. */
  readonly own: OwnOptionsResource | null;
  /** While it is open no other run of the job with this key is done; null for none. */
  readonly key: string | null;
  /** It has failed or expired, another attempt follows and is not known by its id yet. */
  readonly retryPending: boolean;
  /** Ultra and group: ends expected and seen. 0 otherwise. */
  readonly targets: number;
  readonly targetsEnded: number;
  /** Answers that could not be understood, and what was wrong with the last one. */
  readonly badAnswers: number;
  readonly badAnswer: string;
}

export interface OwnOptionsResource {
  readonly timeoutMs?: number;
  readonly retry?: Partial<Omit<RetryPolicy, 'on'>>;
}

export interface SubRunResource {
  readonly taskId: string;
  readonly kind: SubRunKind;
  readonly number: number;
  readonly workerId: string;
  readonly sceneId: string;
  readonly sceneName: string;
  readonly status: string;
  readonly reason: string;
  readonly monitorStatus: string;
  readonly monitorPayload: string;
  readonly startedAt: Time | null;
  readonly endedAt: Time | null;
  readonly createdAt: Time | null;
}

export type RunEventResource = { readonly at: Time; readonly kind: string; readonly detail: string };

export interface RunRequestBody {
  readonly args?: unknown;
  readonly delayMs?: number;
  readonly priority?: number | PriorityWord;
  readonly workerId?: string;
  /** Who asks: a person (manual, the default) or a program (api). */
  readonly trigger?: 'manual' | 'api';
}

export type CancelRequest = { readonly reason?: string };

export type StartedRun = { readonly taskId: string; readonly state: RunState };

export interface ExplanationResource {
  readonly verdict: 'dispatch' | 'wait' | 'replace' | 'skip';
  readonly reason: SkipReason | null;
  readonly gates: readonly GateResource[];
}

export type GateResource = { readonly gate: string; readonly pass: boolean; readonly reason: SkipReason | null; readonly detail: string };

export interface SkipResource {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly reason: SkipReason;
  /** Start of the hour. */
  readonly hour: Time;
  readonly count: number;
  readonly lastAt: Time;
}

/** Ends in one stretch of time. Averages are over the ends; null when there were none. */
export interface StatsBucket {
  readonly from: Time;
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly durationMsAvg: number | null;
  readonly durationMsMax: number | null;
  readonly latenessMsAvg: number | null;
  readonly latenessMsMax: number | null;
}

export interface StatsResource {
  readonly from: Time;
  readonly to: Time;
  readonly bucketMs: number;
  readonly items: readonly StatsBucket[];
}

export type BulkActionName = 'enable' | 'disable' | 'pause' | 'run' | 'tag' | 'move' | 'delete';

/** Exactly one of `ids` and `filter`; `tag` and `move` say what the actions of those names need. */
export interface BulkRequest {
  readonly ids?: readonly string[];
  readonly filter?: BulkFilter;
  readonly action: BulkActionName;
  readonly tag?: { readonly add?: readonly string[]; readonly remove?: readonly string[] };
  readonly move?: { readonly namespace: string; readonly app: string };
  readonly dryRun?: boolean;
}

export interface BulkFilter {
  readonly namespace?: string;
  readonly app?: string;
  readonly q?: string;
  readonly state?: JobState;
  readonly category?: Category;
  readonly model?: Model;
  readonly tag?: string;
}

export interface BulkResource {
  readonly matched: number;
  readonly done: number;
  readonly failures: readonly { readonly id: string; readonly message: string }[];
}

export interface PreviewRequest {
  readonly expression: string;
  readonly timezone?: string;
  readonly dst?: DstPolicy;
  readonly count?: number;
  readonly from?: Time;
  /** Where @every counts from. */
  readonly anchor?: Time;
}

export interface PreviewResource {
  readonly timezone: string;
  /** Null when there are none for it. */
  readonly words: ScheduleWords | null;
  readonly fires: readonly { readonly at: Time; readonly local: string; readonly note: string | null }[];
  readonly notes: readonly string[];
}

/** The whole scheduler sends nothing. */
export interface PauseResource {
  readonly since: Time;
  /** Null = until somebody resumes. */
  readonly until: Time | null;
}

/** A time in which nobody decided fires, and what became of them. */
export interface GapResource {
  /** `sleep`: the machine stood still, or its clock was set. `away`: no server led. */
  readonly kind: 'sleep' | 'away';
  readonly from: Time;
  readonly to: Time;
  /** Fires made up for: sent or held. */
  readonly caughtUp: number;
  /** Fires passed over; of a job that missed more than a thousand, at least so many. */
  readonly skipped: number;
}

export interface OverviewResource {
  readonly jobs: number;
  readonly jobsEnabled: number;
  readonly running: number;
  readonly queued: number;
  readonly workersLive: number;
  readonly dueNextHour: number;
  /** Of the last 24 hours, from roll-ups. */
  readonly ended: { readonly completed: number; readonly failed: number; readonly expired: number; readonly cancelled: number };
  readonly skipped: number;
  readonly perHour: readonly StatsBucket[];
  /** Over the newest ended runs of the last 24 hours, at most 1,000; null when there are none. */
  readonly latenessMsP95: number | null;
  readonly durationMsP95: number | null;
  readonly oddities: Readonly<Record<string, number>>;
  /** Of the whole scheduler. */
  readonly pause: PauseResource | null;
  /** The last time in which nobody decided fires, since the leader leads; null when there was none, or nobody leads. */
  readonly lastGap: GapResource | null;
}

export type Role = 'leader' | 'standby' | 'starting';

export interface ReadyResource {
  readonly status: 'ready' | 'not-ready';
  readonly role?: Role;
  readonly problems?: readonly string[];
}
