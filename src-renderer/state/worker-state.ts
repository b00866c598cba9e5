import type { WorkerResource } from '../../src-core/http/contract.ts';

export const WORKER_STATES = ['up', 'late', 'gone', 'drained'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** Workers beat every five seconds; one that missed a beat is late, and the server decides when it is gone. */
const LATE_MS = 7_500;

export function ageOf(worker: Pick<WorkerResource, 'lastSeenAt'>, nowMs: number): number {
  return Math.max(0, nowMs - Date.parse(worker.lastSeenAt));
}

export function stateOf(worker: Pick<WorkerResource, 'live' | 'drained' | 'lastSeenAt'>, nowMs: number): WorkerState {
  if (!worker.live) return 'gone';
  if (worker.drained) return 'drained';
  return ageOf(worker, nowMs) > LATE_MS ? 'late' : 'up';
}

/** `namespace.app.id`: ids are one app's own. */
export function workerKey({ namespace, app, id }: Pick<WorkerResource, 'namespace' | 'app' | 'id'>): string {
  return `${namespace}.${app}.${id}`;
}
