import type { SubRunRecord } from '../domain/run.ts';
import type { End, FlowReport } from '../wire/index.ts';

/** What tells a sub-run from all others. */
export function subRunKey(subRun: SubRunRecord): string {
  return `${subRun.runId}/${subRun.kind}/${subRun.number}`;
}

/** A sub-run with nothing said yet. */
export function blankSubRun(runId: string, kind: SubRunRecord['kind'], number: number, createdAt: number): SubRunRecord {
  return {
    runId, kind, number, workerId: '', sceneId: '', sceneName: '', status: '', reason: '', monitorStatus: '', monitorPayload: '',
    startedAt: 0, endedAt: 0, createdAt,
  };
}

/** A late answer of a broadcast. */
export function answerOf(runId: string, end: End, sequence: number, storedAt: number): SubRunRecord {
  return {
    ...blankSubRun(runId, 'answer', sequence, storedAt),
    workerId: end.clientId, status: end.status, reason: end.reason, monitorStatus: end.monitorStatus, monitorPayload: end.monitorPayload, endedAt: storedAt,
  };
}

/** What a worker reported of a piece of its work. */
export function flowOf(report: FlowReport, sequence: number, storedAt: number): SubRunRecord {
  return {
    ...blankSubRun(report.taskId, 'flow', sequence, storedAt),
    workerId: report.clientId, sceneId: report.sceneId, sceneName: report.sceneName, status: report.status, reason: report.reason,
    monitorStatus: report.monitorStatus, monitorPayload: report.monitorPayload, startedAt: report.startAt ?? 0, endedAt: report.endAt ?? 0,
  };
}
