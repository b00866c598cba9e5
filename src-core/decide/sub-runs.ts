import type { SubRunRecord } from '../domain/run.ts';

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
