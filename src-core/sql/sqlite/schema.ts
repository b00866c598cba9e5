import { blob, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { sql } from 'drizzle-orm';
import { CATEGORY, MODEL, SKIP_REASON, STATE, SUB_RUN_KIND, TRIGGER } from './codes.ts';
import { bigId, coded } from './column-types.ts';

/**
 * What the queries are typed by. The tables themselves are made by `migrations/`; `test/golden/schema-sqlite.sql` is what
 * comes out. Times are epoch milliseconds; texts are null when there is nothing to say.
 *
 * Why these indexes (1,000,000 rows, 1,000 jobs, 2 kB pages): (job, id) costs 2.5 µs an insert and about 5 µs of
 * page writes at commit, because each row falls on another leaf; no job's list can do without. The partial ones hold the
 * few rows a person looks for (what failed, what is open, what was started by hand) and the end of each run by worker;
 * together they cost about 1 µs a write. So a filter that matches rarely or never is answered from an index, one
 * that matches often by a short walk down the ids. Only text in reasons, `completed` where little completes, and
 * pairs of frequent values that never meet are left to a walk, in bounded steps (`read/runs.ts`).
 */
export const run = sqliteTable('run', {
  id: bigId('id').primaryKey(),
  jobNumber: integer('job_number').notNull(),
  category: coded('category', CATEGORY).notNull(),
  model: coded('model', MODEL).notNull(),
  state: coded('state', STATE).notNull(),
  trigger: coded('trigger', TRIGGER).notNull(),
  /** FLAG_RETRY_PENDING. */
  flags: integer('flags').notNull(),
  attempt: integer('attempt').notNull(),
  attempts: integer('attempts').notNull(),
  retryOn: integer('retry_on').notNull(),
  priority: integer('priority').notNull(),
  step: integer('step').notNull(),
  scheduledAt: integer('scheduled_at').notNull(),
  dueAt: integer('due_at').notNull(),
  dispatchedAt: integer('dispatched_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  endedAt: integer('ended_at').notNull(),
  runningCount: integer('running_count').notNull(),
  badAnswers: integer('bad_answers').notNull(),
  targets: integer('targets').notNull(),
  targetsEnded: integer('targets_ended').notNull(),
  targetsWorst: integer('targets_worst').notNull(),
  /** Null = none, 0 = the run itself. */
  rootId: bigId('root_id'),
  retryId: bigId('retry_id'),
  workerId: text('worker_id'),
  status: text('status'),
  monitorStatus: text('monitor_status'),
  reason: text('reason'),
  args: text('args'),
  badAnswer: text('bad_answer'),
  monitorPayload: text('monitor_payload'),
  ownOptions: text('own_options'),
}, (table) => [
  index('run_job').on(table.jobNumber, table.id),
  index('run_state').on(table.state, table.id).where(sql`state <> 3`),
  index('run_flags').on(table.flags, table.id).where(sql`flags <> 0`),
  index('run_trigger').on(table.trigger, table.id).where(sql`trigger <> 0`),
  index('run_worker').on(table.workerId, table.id).where(sql`worker_id is not null`),
  index('run_monitor').on(table.monitorStatus, table.id).where(sql`monitor_status is not null`),
  index('run_root').on(table.rootId, table.id).where(sql`root_id > 0`),
]);

/** What a job number stands for in runs and skip counters; outlives the job's definition. */
export const jobRef = sqliteTable('job_ref', {
  number: integer('number').primaryKey(),
  namespace: text('namespace').notNull(),
  app: text('app').notNull(),
  job: text('job').notNull(),
}, (table) => [index('job_ref_name').on(table.namespace, table.app, table.job)]);

export const subRun = sqliteTable('sub_run', {
  runId: bigId('run_id').notNull(),
  kind: coded('kind', SUB_RUN_KIND).notNull(),
  number: integer('number').notNull(),
  workerId: text('worker_id'),
  sceneId: text('scene_id'),
  sceneName: text('scene_name'),
  status: text('status'),
  reason: text('reason'),
  monitorStatus: text('monitor_status'),
  monitorPayload: text('monitor_payload'),
  startedAt: integer('started_at').notNull(),
  endedAt: integer('ended_at').notNull(),
  createdAt: integer('created_at').notNull(),
}, (table) => [primaryKey({ columns: [table.runId, table.kind, table.number] })]);

/** Time first in the keys of both counters: writes go to the end of the tree, and retention cuts off its start. */
export const skipCount = sqliteTable('skip_count', {
  hour: integer('hour').notNull(),
  jobNumber: integer('job_number').notNull(),
  reason: coded('reason', SKIP_REASON).notNull(),
  count: integer('count').notNull(),
  lastAt: integer('last_at').notNull(),
}, (table) => [primaryKey({ columns: [table.hour, table.jobNumber, table.reason] })]);

/** Ends of one job (ALL_JOBS = of all) in one minute since the epoch. */
export const endCount = sqliteTable('end_count', {
  minute: integer('minute').notNull(),
  jobNumber: integer('job_number').notNull(),
  completed: integer('completed').notNull(),
  failed: integer('failed').notNull(),
  expired: integer('expired').notNull(),
  cancelled: integer('cancelled').notNull(),
  durationMsSum: integer('duration_ms_sum').notNull(),
  durationMsMax: integer('duration_ms_max').notNull(),
  latenessMsSum: integer('lateness_ms_sum').notNull(),
  latenessMsMax: integer('lateness_ms_max').notNull(),
}, (table) => [primaryKey({ columns: [table.minute, table.jobNumber] })]);

/** Roll-ups of ends that are not rows of `end_count` yet, as `pending-ends.ts` packs them; `end-counts.ts` says why. */
export const endPending = sqliteTable('end_pending', {
  id: integer('id').primaryKey(),
  rows: blob('rows', { mode: 'buffer' }).notNull(),
});

export const worker = sqliteTable('worker', {
  namespace: text('namespace').notNull(),
  app: text('app').notNull(),
  id: text('id').notNull(),
  ip: text('ip').notNull(),
  comment: text('comment').notNull(),
  weight: integer('weight').notNull(),
  group: text('group_name').notNull(),
  machineCpuUsage: text('machine_cpu_usage').notNull(),
  machineMemoryUsage: text('machine_memory_usage').notNull(),
  processCpuUsage: text('process_cpu_usage').notNull(),
  processMemoryRss: text('process_memory_rss').notNull(),
  firstSeenAt: integer('first_seen_at').notNull(),
  lastSeenAt: integer('last_seen_at').notNull(),
}, (table) => [primaryKey({ columns: [table.namespace, table.app, table.id] })]);

/** Definitions are kept as the JSON of their bucket entries: the view asks nothing of their insides. */
export const namespace = sqliteTable('namespace', {
  name: text('name').primaryKey(),
  version: integer('version').notNull(),
  definition: text('definition').notNull(),
});

export const app = sqliteTable('app', {
  namespace: text('namespace').notNull(),
  name: text('name').notNull(),
  version: integer('version').notNull(),
  definition: text('definition').notNull(),
}, (table) => [primaryKey({ columns: [table.namespace, table.name] })]);

export const job = sqliteTable('job', {
  namespace: text('namespace').notNull(),
  app: text('app').notNull(),
  name: text('name').notNull(),
  number: integer('number').notNull(),
  version: integer('version').notNull(),
  definition: text('definition').notNull(),
}, (table) => [primaryKey({ columns: [table.namespace, table.app, table.name] }), index('job_number').on(table.number)]);

export const checkpoint = sqliteTable('checkpoint', {
  stream: text('stream').primaryKey(),
  created: text('created').notNull(),
  sequence: integer('sequence').notNull(),
});

/**
 * `schema` = number of the last migration; `term` = highest term that wrote; `probe` = last probe; `logs` = times the
 * write-ahead log was begun anew.
 */
export const meta = sqliteTable('meta', {
  key: text('key').primaryKey(),
  value: integer('value').notNull(),
});
