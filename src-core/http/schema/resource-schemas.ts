import { CATEGORIES, CONDITIONS, DST_POLICIES, JOB_STATES, MISFIRE_POLICIES, MODELS, OVERLAP_POLICIES } from '../../domain/job.ts';
import type { MisfireSettings, RateLimit, RetryPolicy } from '../../domain/job.ts';
import { RUN_STATES, SKIP_REASONS, SUB_RUN_KINDS, TRIGGERS } from '../../domain/run.ts';
import type {
  AppResource, BulkResource, ExplanationResource, GapResource, GateResource, JobDefinitionBody, JobResource, LoginResource, MeResource, NamespaceResource, OverviewResource, OwnOptionsResource, PauseResource, PauseState, PreviewResource,
  Problem, ProblemField, ReadyResource, RunEventResource, RunResource, RunSummary, ScheduleResource, ServerResource, SkipResource, StartedRun, StatsBucket,
  StatsResource, SubRunResource, WorkerResource,
} from '../contract.ts';
import { LOG_LEVELS } from '../../wire/index.ts';
import { EXECUTION_STATUSES } from '../contract.ts';
import type { AttemptResource, CleanResource, QueueMetricsResource, QueueStatusResource, RunReportResource } from '../contract.ts';
import { HOST_SCHEMAS } from './host-schemas.ts';
import { COUNT, FLAG, listOf, NUMBER, objectOf, oneOf, orNull, ref, TEXT, TIME } from './schema.ts';
import type { Schema } from './schema.ts';
import { LOOKING_SCHEMAS } from './looking-schemas.ts';

const BACKOFFS = ['fixed', 'exponential'] as const;
const ROLE = oneOf(['leader', 'standby', 'starting']);
const NAMESPACE = { name: TEXT, description: TEXT, version: COUNT, createdAt: TIME, updatedAt: TIME };
const ENDED = objectOf<OverviewResource['ended']>({ completed: COUNT, failed: COUNT, expired: COUNT, cancelled: COUNT });

const RUN_SUMMARY = {
  taskId: { type: 'string', pattern: '^[0-9]{1,19}$' },
  jobId: TEXT,
  namespace: TEXT,
  app: TEXT,
  job: TEXT,
  category: oneOf(CATEGORIES),
  model: oneOf(MODELS),
  state: oneOf(RUN_STATES),
  trigger: oneOf(TRIGGERS),
  attempt: COUNT,
  attempts: COUNT,
  rootTaskId: TEXT,
  retryTaskId: orNull(TEXT),
  priority: COUNT,
  scheduledAt: orNull(TIME),
  dueAt: orNull(TIME),
  dispatchedAt: orNull(TIME),
  endedAt: orNull(TIME),
  expiresAt: orNull(TIME),
  latenessMs: orNull(NUMBER),
  durationMs: orNull(NUMBER),
  workerId: TEXT,
  status: TEXT,
  reason: TEXT,
  monitorStatus: TEXT,
} satisfies Record<keyof RunSummary, Schema>;

const JOB_DEFINITION = {
  namespace: TEXT,
  app: TEXT,
  name: TEXT,
  description: TEXT,
  schedule: objectOf<ScheduleResource>({ expression: TEXT, timezone: TEXT, startAt: orNull(TIME), endAt: orNull(TIME), dst: oneOf(DST_POLICIES), jitterMs: COUNT }),
  category: oneOf(CATEGORIES),
  model: oneOf(MODELS),
  condition: oneOf(['', ...CONDITIONS]),
  args: { description: 'As it was given: text, or a JSON value' },
  maxRunning: COUNT,
  overlap: oneOf(OVERLAP_POLICIES),
  queueLimit: COUNT,
  timeoutMs: COUNT,
  retry: ref('Retry'),
  misfire: objectOf<MisfireSettings>({ policy: oneOf(MISFIRE_POLICIES), windowMs: COUNT, max: COUNT }),
  rate: orNull(objectOf<RateLimit>({ max: COUNT, perMs: COUNT })),
  priority: COUNT,
  state: oneOf(JOB_STATES),
  tags: listOf(TEXT),
  owner: { ...TEXT, description: 'Who to ask about it; free text' },
} satisfies Record<keyof JobDefinitionBody, Schema>;

const LIMITS_OF_JOB = {
  optional: ['maxRunning', 'overlap', 'queueLimit', 'timeoutMs', 'retry'],
  description: 'Of a lite or plus job there is no maxRunning, overlap, queueLimit, timeoutMs or retry',
} as const;

/** Every named schema of the OpenAPI document that an answer uses. Keys are the names. */
export const RESOURCE_SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: objectOf<Problem>(
    {
      type: { type: 'string', pattern: '^urn:natsjob:problem:', description: 'urn:natsjob:problem: and a fixed word' },
      title: TEXT,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: TEXT,
      errors: listOf(objectOf<ProblemField>({ field: TEXT, message: TEXT })),
      reason: { ...TEXT, description: 'The skip reason when a run was not started' },
      currentVersion: { ...COUNT, description: 'The version to edit from now' },
      retryAfter: { ...COUNT, description: 'Seconds to wait' },
      instance: TEXT,
    },
    { optional: ['reason', 'currentVersion', 'retryAfter', 'instance'], description: 'RFC 9457' },
  ),
  Login: objectOf<LoginResource>({ token: TEXT, expiresAt: TIME }),
  Me: objectOf<MeResource>({ user: TEXT, expiresAt: TIME, defaultPassword: FLAG, version: TEXT }),
  Namespace: objectOf<NamespaceResource>(NAMESPACE),
  App: objectOf<AppResource>({ ...NAMESPACE, namespace: TEXT }),
  Retry: objectOf<RetryPolicy>({ attempts: COUNT, backoff: oneOf(BACKOFFS), delayMs: COUNT, maxDelayMs: COUNT, on: listOf(oneOf(['fail', 'expired'])) }),
  Job: objectOf<JobResource>(
    {
      id: TEXT,
      ...JOB_DEFINITION,
      version: COUNT,
      createdAt: TIME,
      updatedAt: TIME,
      nextFireAt: orNull(TIME),
      scheduleWords: orNull(ref('ScheduleWords')),
      running: COUNT,
      queued: COUNT,
      lastRun: orNull(ref('RunSummary')),
    },
    LIMITS_OF_JOB,
  ),
  JobDefinition: objectOf<JobDefinitionBody>(JOB_DEFINITION, LIMITS_OF_JOB),
  RunSummary: objectOf<RunSummary>(RUN_SUMMARY),
  OwnOptions: objectOf<OwnOptionsResource>(
    {
      timeoutMs: COUNT,
      retry: objectOf<NonNullable<OwnOptionsResource['retry']>>({ attempts: COUNT, backoff: oneOf(BACKOFFS), delayMs: COUNT, maxDelayMs: COUNT }, { optional: ['attempts', 'backoff', 'delayMs', 'maxDelayMs'] }),
    },
    { optional: ['timeoutMs', 'retry'], description: "What a run was asked for with instead of what its job says, in the job's words" },
  ),
  Run: objectOf<RunResource>({ ...RUN_SUMMARY, monitorPayload: TEXT, args: TEXT, own: orNull(ref('OwnOptions')), key: orNull(TEXT), retryPending: FLAG, targets: COUNT, targetsEnded: COUNT, badAnswers: COUNT, badAnswer: TEXT }),
  SubRun: objectOf<SubRunResource>({
    taskId: TEXT,
    kind: oneOf(SUB_RUN_KINDS),
    number: COUNT,
    workerId: TEXT,
    sceneId: TEXT,
    sceneName: TEXT,
    status: TEXT,
    reason: TEXT,
    monitorStatus: TEXT,
    monitorPayload: TEXT,
    startedAt: orNull(TIME),
    endedAt: orNull(TIME),
    createdAt: orNull(TIME),
  }),
  Attempt: objectOf<AttemptResource>({
    taskId: TEXT,
    jobId: TEXT,
    attempt: COUNT,
    attempts: COUNT,
    retryCount: { ...COUNT, description: 'How often it was tried before' },
    status: oneOf(EXECUTION_STATUSES, 'paused: it waits, and its job or the scheduler is paused. Expired and cancelled ones are failed'),
    state: oneOf(RUN_STATES),
    startedAt: orNull(TIME),
    finishedAt: orNull(TIME),
    durationMs: orNull(NUMBER),
    workerId: TEXT,
    result: { description: 'What a completed one answered: a JSON value, or text; null when nothing' },
    error: { ...TEXT, description: 'Why it failed, empty if it did not' },
  }),
  RunReport: objectOf<RunReportResource>(
    {
      seq: { ...COUNT, description: 'Goes up with every report, of whatever run' },
      at: TIME,
      kind: oneOf(['log', 'progress', 'result']),
      level: oneOf(LOG_LEVELS),
      text: TEXT,
      progress: { description: "0 to 100, or a JSON value of the worker's own" },
      value: { description: 'The result: any JSON value' },
    },
    { optional: ['level', 'text', 'progress', 'value'] },
  ),
  QueueStatus: objectOf<QueueStatusResource>({
    waiting: COUNT, delayed: COUNT, active: COUNT, completed: COUNT, failed: COUNT, expired: COUNT, cancelled: COUNT, state: oneOf(JOB_STATES),
    workers: { ...COUNT, description: "Live ones of the job's app" }, oldestWaitingAt: orNull(TIME),
  }),
  Cleaned: objectOf<CleanResource>({ removed: COUNT }),
  QueueMetrics: objectOf<QueueMetricsResource>({
    total: COUNT, completed: COUNT, failed: { ...COUNT, description: 'Also expired ones' },
    successRate: { ...orNull(NUMBER), description: 'Completed among those that completed or failed, 0 to 1' }, averageMs: { ...orNull(NUMBER), description: 'From dispatch to end' },
  }),
  RunEvent: objectOf<RunEventResource>({ at: TIME, kind: TEXT, detail: TEXT }),
  StartedRun: objectOf<StartedRun>({ taskId: TEXT, state: oneOf(RUN_STATES) }),
  Explanation: objectOf<ExplanationResource>({
    verdict: oneOf(['dispatch', 'wait', 'replace', 'skip']),
    reason: orNull(oneOf(SKIP_REASONS)),
    gates: listOf(objectOf<GateResource>({ gate: TEXT, pass: FLAG, reason: orNull(oneOf(SKIP_REASONS)), detail: TEXT })),
  }),
  Skip: objectOf<SkipResource>({ jobId: TEXT, namespace: TEXT, app: TEXT, job: TEXT, reason: oneOf(SKIP_REASONS), hour: TIME, count: COUNT, lastAt: TIME }),
  StatsBucket: objectOf<StatsBucket>({
    from: TIME,
    completed: COUNT,
    failed: COUNT,
    expired: COUNT,
    cancelled: COUNT,
    durationMsAvg: orNull(NUMBER),
    durationMsMax: orNull(NUMBER),
    latenessMsAvg: orNull(NUMBER),
    latenessMsMax: orNull(NUMBER),
  }),
  Stats: objectOf<StatsResource>({ from: TIME, to: TIME, bucketMs: COUNT, items: listOf(ref('StatsBucket')) }),
  BulkResult: objectOf<BulkResource>({ matched: COUNT, done: COUNT, failures: listOf(objectOf<{ id: string; message: string }>({ id: TEXT, message: TEXT })) }),
  Preview: objectOf<PreviewResource>({
    timezone: TEXT,
    words: orNull(ref('ScheduleWords')),
    fires: listOf(objectOf<PreviewResource['fires'][number]>({ at: TIME, local: TEXT, note: orNull(TEXT) })),
    notes: listOf(TEXT),
  }),
  Worker: objectOf<WorkerResource>({
    id: TEXT,
    namespace: TEXT,
    app: TEXT,
    ip: TEXT,
    comment: TEXT,
    weight: NUMBER,
    capacity: { ...COUNT, description: 'Runs it takes at once; 0 when its heartbeats do not say' },
    group: TEXT,
    live: FLAG,
    drained: FLAG,
    running: COUNT,
    ended24h: COUNT,
    failed24h: COUNT,
    machineCpuUsage: TEXT,
    machineMemoryUsage: TEXT,
    processCpuUsage: TEXT,
    processMemoryRss: TEXT,
    firstSeenAt: TIME,
    lastSeenAt: TIME,
  }),
  Server: objectOf<ServerResource>({
    id: TEXT,
    role: ROLE,
    term: COUNT,
    version: TEXT,
    startedAt: TIME,
    natsUrl: TEXT,
    natsConnected: FLAG,
    natsRoundTripMs: orNull(NUMBER),
    host: TEXT,
    pid: COUNT,
    databaseBytes: COUNT,
    walBytes: COUNT,
    projectionLag: COUNT,
    lag: orNull(COUNT),
    lastSeenAt: TIME,
    ip: TEXT,
    platform: TEXT,
    arch: TEXT,
    cpuCount: COUNT,
    machineCpuPercent: orNull(NUMBER),
    machineMemoryBytes: COUNT,
    machineMemoryFreeBytes: COUNT,
    processCpuPercent: orNull(NUMBER),
    processMemoryBytes: COUNT,
    jobs: COUNT,
    apps: COUNT,
    openRuns: COUNT,
    openSubRuns: COUNT,
    pendingWrites: COUNT,
    tickAgeMs: orNull(NUMBER),
  }),
  Overview: objectOf<OverviewResource>({
    jobs: COUNT,
    jobsEnabled: COUNT,
    running: COUNT,
    queued: COUNT,
    workersLive: COUNT,
    dueNextHour: COUNT,
    ended: ENDED,
    skipped: COUNT,
    perHour: listOf(ref('StatsBucket')),
    latenessMsP95: orNull(NUMBER),
    durationMsP95: orNull(NUMBER),
    oddities: { type: 'object', additionalProperties: COUNT },
    pause: orNull(ref('Pause')),
    lastGap: orNull(ref('Gap')),
  }),
  Pause: objectOf<PauseResource>({ since: TIME, until: { ...orNull(TIME), description: 'Null = until resumed' } }),
  PauseState: objectOf<PauseState>({ pause: orNull(ref('Pause')) }),
  Gap: objectOf<GapResource>({ kind: oneOf(['sleep', 'away']), from: TIME, to: TIME, caughtUp: COUNT, skipped: COUNT }),
  ...LOOKING_SCHEMAS,
  ...HOST_SCHEMAS,
  Ready: objectOf<ReadyResource>({ status: oneOf(['ready', 'not-ready']), role: ROLE, problems: listOf(TEXT) }, { optional: ['role', 'problems'] }),
};

/** All there are of the named resource. */
export function itemsOf(name: string): Schema {
  return { type: 'object', properties: { items: listOf(ref(name)) }, required: ['items'], additionalProperties: false };
}

/** A page of the named resource. */
export function pageOf(name: string): Schema {
  return { type: 'object', properties: { items: listOf(ref(name)), nextCursor: orNull(TEXT) }, required: ['items', 'nextCursor'], additionalProperties: false };
}
