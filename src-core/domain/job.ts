/** The definition of a job, as stored in the definitions bucket and shown by the API. Durations in milliseconds, times in epoch milliseconds. */

export const CATEGORIES = ['standalone', 'broadcast', 'map', 'group'] as const;
export type Category = (typeof CATEGORIES)[number];

export const MODELS = ['lite', 'plus', 'max', 'pro', 'ultra'] as const;
export type Model = (typeof MODELS)[number];

/** How a standalone ultra job picks its worker; empty = clientRound. */
export const CONDITIONS = ['clientFirst', 'clientRandom', 'clientRound', 'clientMaxWeight'] as const;
export type Condition = (typeof CONDITIONS)[number];

export const OVERLAP_POLICIES = ['skip', 'queue', 'replace'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

export const DST_POLICIES = ['once', 'compat', 'skip'] as const;
export type DstPolicy = (typeof DST_POLICIES)[number];

export const MISFIRE_POLICIES = ['skip', 'once', 'all'] as const;
export const JOB_STATES = ['enabled', 'disabled', 'paused'] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobSchedule {
  /** Cron with 5 or 6 fields, @every, @at, @daily and the like; empty = by hand only. */
  readonly expression: string;
  /** IANA name; empty = the server's zone. */
  readonly timezone: string;
  readonly startAt: number | null;
  readonly endAt: number | null;
  readonly dst: DstPolicy;
  /** Width of the stable spread: each job is shifted by a fixed offset below this. */
  readonly jitterMs: number;
}

export interface RetryPolicy {
  /** Tries in all, 1 = no retry. */
  readonly attempts: number;
  readonly backoff: 'fixed' | 'exponential';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly on: readonly ('fail' | 'expired')[];
}

export interface MisfireSettings {
  readonly policy: (typeof MISFIRE_POLICIES)[number];
  readonly windowMs: number;
  /** Upper bound of fires made up for under `all`. */
  readonly max: number;
}

export interface RateLimit {
  readonly max: number;
  readonly perMs: number;
}

/** What a person writes; the part that PUT and PATCH change. */
export interface JobSpec {
  readonly namespace: string;
  readonly app: string;
  readonly name: string;
  readonly description: string;
  readonly schedule: JobSchedule;
  readonly category: Category;
  readonly model: Model;
  /** Empty unless standalone ultra. */
  readonly condition: Condition | '';
  /** Text as given, or JSON text of the value given. */
  readonly args: string;
  /** How args were given, so that the API gives them back in kind. */
  readonly argsKind: 'text' | 'json';
  /** 0 = as many as live workers can take. */
  readonly maxRunning: number;
  readonly overlap: OverlapPolicy;
  readonly queueLimit: number;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly misfire: MisfireSettings;
  readonly rate: RateLimit | null;
  readonly priority: number;
  readonly state: JobState;
  readonly tags: readonly string[];
  /** Who to ask about it; free text. */
  readonly owner: string;
}

export interface JobDefinition extends JobSpec {
  /** 21 bits, part of every run id of this job. */
  readonly number: number;
  /** Start of @every's phase: the last enabling or edit of the schedule. */
  readonly anchor: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A definition with the revision of its bucket entry: what If-Match compares. */
export interface StoredJob {
  readonly definition: JobDefinition;
  readonly version: number;
}

export interface NamespaceDefinition {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AppDefinition extends NamespaceDefinition {
  readonly namespace: string;
}

/** Of the numbers that fit into a run id, the 65,536 highest are for ids of runs asked for by message. */
export const MAX_JOB_NUMBER = 2 ** 21 - 65_536 - 1;
export const MAX_ARGS_BYTES = 65_536;

/** A definition as it was stored: what came with a later version has its default. */
export function upToDate(stored: Omit<JobDefinition, 'owner'> & { readonly owner?: unknown }): JobDefinition {
  return typeof stored.owner === 'string' ? (stored as JobDefinition) : { ...stored, owner: '' };
}

/** Whether runs of the model get rows, ends and limits. */
export function keepsRows(model: Model): boolean {
  return model !== 'lite' && model !== 'plus';
}

/** Whether the model fires only while a live worker of the app exists. */
export function needsWorker(model: Model): boolean {
  return model === 'pro' || model === 'ultra';
}

/** The address of a job: `namespace.app.name`. */
export function jobKey(job: { namespace: string; app: string; name: string }): string {
  return `${job.namespace}.${job.app}.${job.name}`;
}
