import type { JobDefinition } from '../../src-core/domain/job.ts';
import type { RunRecord, SubRunRecord } from '../../src-core/domain/run.ts';
import type { SkipCount } from '../../src-core/domain/skip.ts';
import type { Gauges, HealthView, JobView, LiveChange, NamespaceView, Overview, PauseView, SchedulerApi, ServerView, WorkerView } from '../../src-core/ports/api.ts';
import { encodeRunOptions } from '../../src-core/wire/index.ts';

export interface FakeApi {
  readonly api: SchedulerApi;
  /** What was called, as `name(arguments as JSON)`, in order; asking for health, gauges and changes does not count. */
  readonly calls: string[];
  /** Makes the named call (`jobs.get`) answer otherwise. */
  answer(name: string, reply: (...args: never[]) => unknown): void;
  /** Tells all listeners. */
  change(change: LiveChange): void;
  readonly listeners: () => number;
}

/** A scheduler that knows one thing of each kind and writes down what it was asked. */
export function createFakeApi(): FakeApi {
  const calls: string[] = [];
  const replies = new Map<string, (...args: never[]) => unknown>();
  const listeners = new Set<(change: LiveChange) => void>();
  const call = (name: string, fallback: (...args: never[]) => unknown): never => {
    const run = async (...args: never[]): Promise<unknown> => {
      calls.push(`${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
      return (replies.get(name) ?? fallback)(...args);
    };
    return run as never;
  };
  const pageOf = (item: unknown) => () => ({ items: [item], next: undefined });
  const api: SchedulerApi = {
    namespaces: {
      list: call('namespaces.list', pageOf(NAMESPACE)),
      get: call('namespaces.get', () => NAMESPACE),
      create: call('namespaces.create', () => NAMESPACE),
      update: call('namespaces.update', () => NAMESPACE),
      remove: call('namespaces.remove', () => undefined),
    },
    apps: {
      list: call('apps.list', pageOf(APP)),
      get: call('apps.get', () => APP),
      create: call('apps.create', () => APP),
      update: call('apps.update', () => APP),
      remove: call('apps.remove', () => undefined),
    },
    jobs: {
      list: call('jobs.list', pageOf(jobView())),
      count: call('jobs.count', () => ({ count: 3, more: false })),
      get: call('jobs.get', () => jobView()),
      create: call('jobs.create', () => jobView()),
      replace: call('jobs.replace', () => jobView()),
      update: call('jobs.update', () => jobView()),
      remove: call('jobs.remove', () => undefined),
      run: call('jobs.run', () => ({ taskId: '437500000000000001', state: 'active' })),
      versions: call('jobs.versions', () => [{ version: 13, at: T0 + 5, definition: undefined }, { version: 12, at: T0, definition: JOB }]),
      explain: call('jobs.explain', () => ({ verdict: 'skip', reason: 'disabled', gates: [{ gate: 'enabled', pass: false, reason: 'disabled', detail: 'The job is disabled.' }, { gate: 'window', pass: true, reason: undefined, detail: '' }] })),
      skips: call('jobs.skips', pageOf(SKIP)),
      queue: call('jobs.queue', () => ({ waiting: 3, delayed: 1, active: 2, completed: 5, failed: 1, expired: 0, cancelled: 0, state: 'enabled', workers: 1, oldestWaitingAt: T0 })),
      clean: call('jobs.clean', () => 17),
      queueMetrics: call('jobs.queueMetrics', () => ({ total: 6, completed: 5, failed: 1, successRate: 5 / 6, averageMs: undefined })),
      stats: call('jobs.stats', () => [TOTALS, { ...TOTALS, completed: 0, failed: 0, expired: 0, cancelled: 0 }]),
      bulk: call('jobs.bulk', () => ({ matched: 2, done: 1, failures: [{ id: '8', message: 'is in use' }] })),
    },
    schedule: { preview: call('schedule.preview', () => ({ timezone: 'Asia/Shanghai', fires: [{ at: T0, local: '2026-03-01 08:00:00', note: undefined }], notes: ['note'] })) },
    runs: {
      list: call('runs.list', pageOf(runRecord())),
      count: call('runs.count', () => ({ count: 10_000, more: true })),
      get: call('runs.get', () => runRecord({ ownOptions: encodeRunOptions({ attempts: 3, timeoutMs: 500, backoff: { type: 'exponential', delayMs: 10 } }) })),
      subRuns: call('runs.subRuns', pageOf(SUB_RUN)),
      events: call('runs.events', () => [{ at: T0, kind: 'dispatched', detail: 'to w1' }]),
      messages: call('runs.messages', () => [{ sequence: 5, subject: 'natsjob.job.start.app.orders.nightly', headers: { 'Nats-Msg-Id': '12' }, text: '{}', storedAt: T0 }]),
      attempts: call('runs.attempts', () => [{ run: runRecord({ state: 'expired', endedAt: T0 + 100, reason: 'no answer' }), isPaused: false }, { run: runRecord({ attempt: 2, state: 'waiting' }), isPaused: true }]),
      reports: call('runs.reports', () => ({ items: [{ sequence: 3, kind: 'log', at: T0, level: 'info', text: 'hello' }, { sequence: 5, kind: 'progress', at: T0, progress: 40 }, { sequence: 6, kind: 'result', at: T0, value: [1] }], next: 6 })),
      cancel: call('runs.cancel', () => runRecord({ state: 'cancelled', status: 'cancelled' })),
      bulk: call('runs.bulk', () => ({ matched: 2, done: 1, failures: [{ id: '12', message: 'overlap: Not run' }], started: ['437500000000000002'] })),
      rerun: call('runs.rerun', () => ({ taskId: '437500000000000002', state: 'waiting' })),
    },
    looking: {
      recentRuns: call('looking.recentRuns', () => [{ jobId: '7', runs: [runRecord({ state: 'completed', endedAt: T0 + 100 }), runRecord()], ended: 1, completed: 1, durationMsAvg: 96, durationMsP95: 96 }]),
      fires: call('looking.fires', () => [{ ...LABEL, at: T0 }]),
      calendar: call('looking.calendar', () => ({ jobs: [{ ...LABEL, count: 1, fires: [T0], perBucket: [1] }, { ...LABEL, count: 61, fires: undefined, perBucket: [61] }], truncated: true })),
      attention: call('looking.attention', () => [{ kind: 'failing', jobId: '7', namespace: 'app', app: 'orders', job: 'nightly', count: 3, reason: 'r', lastAt: T0 }]),
      stats: call('looking.stats', () => [TOTALS]),
    },
    skips: call('skips', pageOf(SKIP)),
    workers: call('workers', () => [WORKER]),
    drainWorker: call('drainWorker', () => ({ ...WORKER, drained: true })),
    servers: call('servers', () => [SERVER]),
    stepDown: call('stepDown', () => undefined),
    pause: call('pause', () => PAUSE),
    pauseScheduling: call('pauseScheduling', () => PAUSE),
    resumeScheduling: call('resumeScheduling', () => undefined),
    overview: call('overview', () => OVERVIEW),
    health: () => (replies.get('health')?.() as HealthView | undefined) ?? { role: 'leader', natsConnected: true, databaseWritable: true, tickAgeMs: 5, ready: true, problems: [] },
    gauges: async () => (replies.get('gauges')?.() as Gauges | undefined) ?? GAUGES,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    api,
    calls,
    answer: (name, reply) => void replies.set(name, reply),
    change: (change) => listeners.forEach((listener) => listener(change)),
    listeners: () => listeners.size,
  };
}

/** 2026-03-01T00:00:00Z */
export const T0 = Date.UTC(2026, 2, 1);

export const NAMESPACE: NamespaceView = { name: 'app', description: 'default', version: 3, createdAt: T0, updatedAt: T0 };
export const APP = { ...NAMESPACE, name: 'orders', namespace: 'app' };

export const JOB: JobDefinition = {
  namespace: 'app', app: 'orders', name: 'nightly', description: '',
  schedule: { expression: '0 3 * * *', timezone: '', startAt: null, endAt: T0, dst: 'once', jitterMs: 0 },
  category: 'standalone', model: 'max', condition: '', args: '{"a":1}', argsKind: 'json',
  maxRunning: 1, overlap: 'skip', queueLimit: 100, timeoutMs: 60_000,
  retry: { attempts: 1, backoff: 'fixed', delayMs: 0, maxDelayMs: 0, on: ['fail'] },
  misfire: { policy: 'once', windowMs: 60_000, max: 10 }, rate: null, priority: 5, state: 'enabled', tags: ['x'], owner: '',
  number: 7, anchor: T0, createdAt: T0, updatedAt: T0,
};

export function jobView(change: Partial<JobDefinition> = {}): JobView {
  return { id: '7', definition: { ...JOB, ...change }, version: 12, nextFireAt: T0 + 60_000, running: 1, queued: 0, lastRun: runRecord() };
}

export function runRecord(change: Partial<RunRecord> = {}): RunRecord {
  return {
    id: '437500000000000001', jobNumber: 7, namespace: 'app', app: 'orders', job: 'nightly', category: 'standalone', model: 'max', state: 'active', trigger: 'schedule',
    attempt: 1, attempts: 1, retryOn: 0, rootId: '437500000000000001', priority: 5, step: 1, scheduledAt: T0, dueAt: 0, dispatchedAt: T0 + 4, expiresAt: T0 + 60_000, endedAt: 0, runningCount: 1,
    args: '{"a":1}', workerId: '', status: '', reason: '', monitorStatus: '', monitorPayload: '', ownOptions: '', badAnswers: 0, badAnswer: '', targets: 0, targetsEnded: 0, targetsWorst: 0,
    retryPending: false, retryId: '', ...change,
  };
}

const LABEL = { jobId: '7', namespace: 'app', app: 'orders', job: 'nightly', expression: '0 3 * * *', timezone: 'UTC' };

const SUB_RUN: SubRunRecord = {
  runId: '437500000000000001', kind: 'flow', number: 9, workerId: 'w1', sceneId: 's', sceneName: 'S', status: 'success', reason: '', monitorStatus: '', monitorPayload: '',
  startedAt: T0, endedAt: 0, createdAt: T0,
};

const SKIP: SkipCount = { jobNumber: 7, namespace: 'app', app: 'orders', job: 'nightly', reason: 'overlap', hour: T0, count: 3, lastAt: T0 + 1_000 };

export const WORKER: WorkerView = {
  id: 'w1', namespace: 'app', app: 'orders', ip: '10.0.0.1', comment: '', weight: 1, capacity: 8, group: '', machineCpuUsage: '1%', machineMemoryUsage: '2%', processCpuUsage: '3%', processMemoryRss: '4 MB',
  firstSeenAt: T0, lastSeenAt: T0, live: true, drained: false, running: 1, ended24h: 10, failed24h: 2,
};

const SERVER: ServerView = {
  id: 'n1', role: 'leader', term: 4, version: '0.1.0', startedAt: T0, natsUrl: 'nats://127.0.0.1:4222', natsConnected: true, natsRoundTripMs: undefined, host: 'h', pid: 1, databaseBytes: 1, walBytes: 2,
  projectionLag: 0, lastSeenAt: T0, ip: '10.0.0.1', platform: 'linux', arch: 'x64', cpuCount: 2, machineCpuPercent: 12.5, machineMemoryBytes: 8, machineMemoryFreeBytes: 4, processCpuPercent: undefined,
  processMemoryBytes: 2, jobs: 6, apps: 2, openRuns: 7, openSubRuns: 3, pendingWrites: 0, tickAgeMs: undefined, lag: undefined,
};

const TOTALS = { bucket: T0, completed: 3, failed: 1, expired: 0, cancelled: 0, durationMsSum: 10, durationMsMax: 7, latenessMsSum: 4, latenessMsMax: 3 };

const PAUSE: PauseView = { since: T0, until: T0 + 3_600_000 };

const OVERVIEW: Overview = {
  jobs: 1, jobsEnabled: 1, running: 1, queued: 0, workersLive: 1, dueNextHour: 1, ended: { completed: 3, failed: 1, expired: 0, cancelled: 0 }, skipped: 2, perHour: [TOTALS], latenessMsP95: 3, durationMsP95: null,
  oddities: { 'bad-answer': 1 }, pause: PAUSE, lastGap: { kind: 'sleep', from: T0 - 60_000, to: T0, caughtUp: 1, skipped: 2 },
};

export const GAUGES: Gauges = {
  projectionLag: 1, unackedPublishes: 2, activeRuns: 3, queuedRuns: 4, workersLive: 5, jobs: 6, natsConnected: true, natsRoundTripMs: 1.5, databaseBytes: 7, walBytes: 8, leader: true, term: 9,
};
