import { keepsRows } from '../domain/job.ts';
import type { JobDefinition } from '../domain/job.ts';
import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { AppView, AttemptView, Explanation, GapView, JobView, NamespaceView, Overview, PauseView, RunEvent, RunReport, SchedulePreview, ServerView, WorkerView } from '../ports/api.ts';
import type { QueueMetrics, QueueStatus } from '../ports/queue.ts';
import type { EndTotals } from '../ports/store.ts';
import type {
  AttemptResource, QueueMetricsResource, QueueStatusResource, RunReportResource,
  AppResource, ExplanationResource, GapResource, JobDefinitionBody, JobResource, NamespaceResource, OverviewResource, OwnOptionsResource, PauseResource, PreviewResource, RunEventResource, RunResource, RunSummary, ServerResource,
  SkipResource, StatsBucket, SubRunResource, WorkerResource,
} from './contract.ts';
import { decodeRunOptions } from '../wire/index.ts';
import { scheduleWords } from './schedule-words.ts';
import { formatOptionalTime, formatTime } from './times.ts';

/* Domain value → resource, one function each. */

export function toNamespace(view: NamespaceView): NamespaceResource {
  return { name: view.name, description: view.description, version: view.version, createdAt: formatTime(view.createdAt), updatedAt: formatTime(view.updatedAt) };
}

export function toApp(view: AppView): AppResource {
  return { namespace: view.namespace, ...toNamespace(view) };
}

export function toJob(view: JobView): JobResource {
  const { definition } = view;
  return {
    id: view.id,
    ...toJobBody(definition),
    version: view.version,
    createdAt: formatTime(definition.createdAt),
    updatedAt: formatTime(definition.updatedAt),
    nextFireAt: formatOptionalTime(view.nextFireAt),
    scheduleWords: scheduleWords(definition.schedule.expression),
    running: view.running,
    queued: view.queued,
    lastRun: view.lastRun === undefined ? null : toRunSummary(view.lastRun),
  };
}

/** What POST and PUT take. */
export function toJobBody(job: JobDefinition): JobDefinitionBody {
  return {
    namespace: job.namespace,
    app: job.app,
    name: job.name,
    description: job.description,
    schedule: {
      expression: job.schedule.expression,
      timezone: job.schedule.timezone,
      startAt: formatOptionalTime(job.schedule.startAt),
      endAt: formatOptionalTime(job.schedule.endAt),
      dst: job.schedule.dst,
      jitterMs: job.schedule.jitterMs,
    },
    category: job.category,
    model: job.model,
    condition: job.condition,
    args: toArgs(job),
    ...(keepsRows(job.model) ? toLimits(job) : {}),
    misfire: { policy: job.misfire.policy, windowMs: job.misfire.windowMs, max: job.misfire.max },
    rate: job.rate === null ? null : { max: job.rate.max, perMs: job.rate.perMs },
    priority: job.priority,
    state: job.state,
    tags: job.tags,
    owner: job.owner,
  };
}

export function toRunSummary(run: RunRecord): RunSummary {
  return {
    taskId: run.id,
    jobId: String(run.jobNumber),
    namespace: run.namespace,
    app: run.app,
    job: run.job,
    category: run.category,
    model: run.model,
    state: run.state,
    trigger: run.trigger,
    attempt: run.attempt,
    attempts: run.attempts,
    rootTaskId: run.rootId === '' ? run.id : run.rootId,
    retryTaskId: run.retryId === '' || run.retryId === '0' ? null : run.retryId,
    priority: run.priority,
    scheduledAt: formatOptionalTime(run.scheduledAt),
    dueAt: formatOptionalTime(run.dueAt),
    dispatchedAt: formatOptionalTime(run.dispatchedAt),
    endedAt: formatOptionalTime(run.endedAt),
    expiresAt: formatOptionalTime(run.expiresAt),
    latenessMs: between(run.scheduledAt, run.dispatchedAt),
    durationMs: between(run.dispatchedAt, run.endedAt),
    workerId: run.workerId,
    status: run.status,
    reason: run.reason,
    monitorStatus: run.monitorStatus,
  };
}

export function toRun(run: RunRecord): RunResource {
  return {
    ...toRunSummary(run),
    monitorPayload: run.monitorPayload,
    args: run.args,
    own: toOwnOptions(run.ownOptions),
    key: decodeRunOptions(run.ownOptions).key ?? null,
    retryPending: run.retryPending,
    targets: run.targets,
    targetsEnded: run.targetsEnded,
    badAnswers: run.badAnswers,
    badAnswer: run.badAnswer,
  };
}

export function toSubRun(sub: SubRunRecord): SubRunResource {
  return {
    taskId: sub.runId,
    kind: sub.kind,
    number: sub.number,
    workerId: sub.workerId,
    sceneId: sub.sceneId,
    sceneName: sub.sceneName,
    status: sub.status,
    reason: sub.reason,
    monitorStatus: sub.monitorStatus,
    monitorPayload: sub.monitorPayload,
    startedAt: formatOptionalTime(sub.startedAt),
    endedAt: formatOptionalTime(sub.endedAt),
    createdAt: formatOptionalTime(sub.createdAt),
  };
}

export function toAttempt({ run, isPaused, result }: AttemptView): AttemptResource {
  return {
    taskId: run.id,
    jobId: String(run.jobNumber),
    attempt: run.attempt,
    attempts: run.attempts,
    retryCount: run.attempt - 1,
    status: isPaused ? 'paused' : run.state === 'expired' || run.state === 'cancelled' ? 'failed' : run.state,
    state: run.state,
    startedAt: formatOptionalTime(run.dispatchedAt),
    finishedAt: formatOptionalTime(run.endedAt),
    durationMs: between(run.dispatchedAt, run.endedAt),
    workerId: run.workerId,
    result: run.state !== 'completed' ? null : result === undefined ? asValue(run.reason) : result.value,
    error: isFinal(run.state) && run.state !== 'completed' ? run.reason || run.status || run.state : '',
  };
}

export function toRunReport(report: RunReport): RunReportResource {
  const { sequence: seq, at, kind } = report;
  const head = { seq, at: formatTime(at), kind };
  if (report.kind === 'log') return { ...head, level: report.level, text: report.text };
  return report.kind === 'progress' ? { ...head, progress: report.progress } : { ...head, value: report.value };
}

export function toQueueStatus({ oldestWaitingAt, ...status }: QueueStatus): QueueStatusResource {
  return { ...status, oldestWaitingAt: formatOptionalTime(oldestWaitingAt) };
}

export function toQueueMetrics({ successRate, averageMs, ...counts }: QueueMetrics): QueueMetricsResource {
  return { ...counts, successRate: successRate ?? null, averageMs: averageMs ?? null };
}

export function toRunEvent(event: RunEvent): RunEventResource {
  return { at: formatTime(event.at), kind: event.kind, detail: event.detail };
}

export function toExplanation(explanation: Explanation): ExplanationResource {
  return {
    verdict: explanation.verdict,
    reason: explanation.reason ?? null,
    gates: explanation.gates.map((gate) => ({ gate: gate.gate, pass: gate.pass, reason: gate.reason ?? null, detail: gate.detail })),
  };
}

export function toSkip(skip: SkipCount): SkipResource {
  return {
    jobId: String(skip.jobNumber),
    namespace: skip.namespace,
    app: skip.app,
    job: skip.job,
    reason: skip.reason,
    hour: formatTime(skip.hour),
    count: skip.count,
    lastAt: formatTime(skip.lastAt),
  };
}

export function toStatsBucket(totals: EndTotals): StatsBucket {
  const ends = totals.completed + totals.failed + totals.expired + totals.cancelled;
  return {
    from: formatTime(totals.bucket),
    completed: totals.completed,
    failed: totals.failed,
    expired: totals.expired,
    cancelled: totals.cancelled,
    durationMsAvg: ends === 0 ? null : totals.durationMsSum / ends,
    durationMsMax: ends === 0 ? null : totals.durationMsMax,
    latenessMsAvg: ends === 0 ? null : totals.latenessMsSum / ends,
    latenessMsMax: ends === 0 ? null : totals.latenessMsMax,
  };
}

export function toPreview(expression: string, preview: SchedulePreview): PreviewResource {
  return {
    timezone: preview.timezone,
    words: scheduleWords(expression),
    fires: preview.fires.map((fire) => ({ at: formatTime(fire.at), local: fire.local, note: fire.note ?? null })),
    notes: preview.notes,
  };
}

export function toWorker(worker: WorkerView): WorkerResource {
  return {
    id: worker.id,
    namespace: worker.namespace,
    app: worker.app,
    ip: worker.ip,
    comment: worker.comment,
    weight: worker.weight,
    capacity: worker.capacity ?? 0,
    group: worker.group,
    live: worker.live,
    drained: worker.drained,
    running: worker.running,
    ended24h: worker.ended24h,
    failed24h: worker.failed24h,
    machineCpuUsage: worker.machineCpuUsage,
    machineMemoryUsage: worker.machineMemoryUsage,
    processCpuUsage: worker.processCpuUsage,
    processMemoryRss: worker.processMemoryRss,
    firstSeenAt: formatTime(worker.firstSeenAt),
    lastSeenAt: formatTime(worker.lastSeenAt),
  };
}

export function toServer(server: ServerView): ServerResource {
  return {
    ...server, startedAt: formatTime(server.startedAt), lastSeenAt: formatTime(server.lastSeenAt), natsRoundTripMs: server.natsRoundTripMs ?? null,
    machineCpuPercent: server.machineCpuPercent ?? null, processCpuPercent: server.processCpuPercent ?? null, tickAgeMs: server.tickAgeMs ?? null, lag: server.lag ?? null,
  };
}

export function toOverview(overview: Overview): OverviewResource {
  const { perHour, pause, lastGap } = overview;
  return { ...overview, perHour: perHour.map(toStatsBucket), pause: toPause(pause), lastGap: lastGap && toGap(lastGap) };
}

export function toPause(pause: PauseView | null | undefined): PauseResource | null {
  return pause ? { since: formatTime(pause.since), until: pause.until === null ? null : formatTime(pause.until) } : null;
}

export function toGap({ kind, from, to, caughtUp, skipped }: GapView): GapResource {
  return { kind, from: formatTime(from), to: formatTime(to), caughtUp, skipped };
}

function toOwnOptions(text: string): OwnOptionsResource | null {
  if (text === '') return null;
  const { attempts, timeoutMs, backoff } = decodeRunOptions(text);
  const { type, delayMs, maxDelayMs } = backoff ?? {};
  const retry = { ...given('attempts', attempts), ...given('backoff', type), ...given('delayMs', delayMs), ...given('maxDelayMs', maxDelayMs) };
  const own = { ...given('timeoutMs', timeoutMs), ...(Object.keys(retry).length === 0 ? {} : { retry }) };
  return Object.keys(own).length === 0 ? null : own;
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): { [name in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { [name in Name]: Value };
}

function toArgs(job: JobDefinition): unknown {
  if (job.argsKind === 'text') return job.args;
  try {
    return JSON.parse(job.args) as unknown;
  } catch {
    // Written by another program: better shown as it is than not at all.
    return job.args;
  }
}

/** Workers answer with JSON or with plain text. */
function asValue(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function toLimits(job: JobDefinition): Pick<JobResource, 'maxRunning' | 'overlap' | 'queueLimit' | 'timeoutMs' | 'retry'> {
  const { attempts, backoff, delayMs, maxDelayMs, on } = job.retry;
  return { maxRunning: job.maxRunning, overlap: job.overlap, queueLimit: job.queueLimit, timeoutMs: job.timeoutMs, retry: { attempts, backoff, delayMs, maxDelayMs, on } };
}

/** Milliseconds from one moment to the other; null when one has not come. */
export function between(from: number, to: number): number | null {
  return from > 0 && to > 0 ? to - from : null;
}
