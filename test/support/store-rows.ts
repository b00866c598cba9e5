import type { JobDefinition, RunRecord, SkipCount, SubRunRecord, WorkerRecord } from '../../src-core/domain/index.ts';
import type { ViewBatch } from '../../src-core/ports/index.ts';
import { runIdToText } from '../../src-core/wire/index.ts';

/** 2026-01-01T00:00:00Z. */
export const T0 = 1_767_225_600_000;

/** Id of a scheduled fire `seconds` after T0. */
export function idAt(seconds: number, jobNumber = 1): string {
  return runIdToText(T0 + seconds * 1_000, 0, jobNumber);
}

export function aBatch(part: Partial<ViewBatch>): ViewBatch {
  return { term: 1, checkpoints: [], insertRuns: [], updateRuns: [], putSubRuns: [], addSkips: [], putWorkers: [], definitions: [], ...part };
}

/** A run that is active since its dispatch, 10 ms late. */
export function aRun(part: Partial<RunRecord> & { id: string }): RunRecord {
  const jobNumber = part.jobNumber ?? 1;
  return {
    jobNumber, namespace: 'app', app: 'biz', job: `job${jobNumber}`, category: 'standalone', model: 'max', state: 'active',
    trigger: 'schedule', attempt: 1, attempts: 1, retryOn: 0, rootId: '', priority: 5, step: 1, scheduledAt: T0, dueAt: 0,
    dispatchedAt: T0 + 10, expiresAt: T0 + 10_000, endedAt: 0, runningCount: 1, args: '', workerId: '', status: '', reason: '',
    monitorStatus: '', monitorPayload: '', ownOptions: '', badAnswers: 0, badAnswer: '', targets: 0, targetsEnded: 0, targetsWorst: 0,
    retryPending: false, retryId: '', ...part,
  };
}

/** The same run, ended 90 ms after its dispatch. */
export function ended(run: RunRecord, part: Partial<RunRecord> = {}): RunRecord {
  return { ...run, state: 'completed', endedAt: run.dispatchedAt + 90, status: 'success', reason: 'ok', workerId: 'w1', ...part };
}

export function aSubRun(part: Partial<SubRunRecord> & { runId: string; number: number }): SubRunRecord {
  return {
    kind: 'flow', workerId: '', sceneId: '', sceneName: '', status: '', reason: '', monitorStatus: '', monitorPayload: '',
    startedAt: T0, endedAt: 0, createdAt: T0, ...part,
  };
}

export function aSkip(part: Partial<SkipCount>): SkipCount {
  return { jobNumber: 1, namespace: 'app', app: 'biz', job: 'job1', reason: 'overlap', hour: T0, count: 1, lastAt: T0 + 5, ...part };
}

export function aWorker(part: Partial<WorkerRecord> & { id: string }): WorkerRecord {
  return {
    namespace: 'app', app: 'biz', ip: '10.0.0.1', comment: '', weight: 1, group: '', machineCpuUsage: '1%', machineMemoryUsage: '2%',
    processCpuUsage: '3%', processMemoryRss: '4 MB', firstSeenAt: T0, lastSeenAt: T0 + 5_000, ...part,
  };
}

export function aJob(name: string, number: number): JobDefinition {
  return {
    namespace: 'app', app: 'biz', name, description: '', schedule: { expression: '@every 1s', timezone: '', startAt: null, endAt: null, dst: 'once', jitterMs: 0 },
    category: 'standalone', model: 'max', condition: '', args: '', argsKind: 'text', maxRunning: 1, overlap: 'skip', queueLimit: 0, timeoutMs: 10_000,
    retry: { attempts: 1, backoff: 'fixed', delayMs: 1_000, maxDelayMs: 1_000, on: ['fail'] }, misfire: { policy: 'once', windowMs: 60_000, max: 1 },
    rate: null, priority: 5, state: 'enabled', tags: ['a', 'b'], owner: '', number, anchor: T0, createdAt: T0, updatedAt: T0,
  };
}
