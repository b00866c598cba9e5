/** A worker as its heartbeats describe it. Times in epoch milliseconds. */
export interface WorkerRecord {
  readonly id: string;
  readonly namespace: string;
  readonly app: string;
  ip: string;
  comment: string;
  /** 0 = send nothing to it. */
  weight: number;
  /** Runs it takes at once, 0 or missing = it does not say. Known from its beats only: the view does not have it. */
  capacity?: number;
  group: string;
  machineCpuUsage: string;
  machineMemoryUsage: string;
  processCpuUsage: string;
  processMemoryRss: string;
  firstSeenAt: number;
  lastSeenAt: number;
}

/** Three beats of five seconds. */
export const WORKER_SILENCE_MS = 15_000;

export function workerKey(worker: { namespace: string; app: string; id: string }): string {
  return `${worker.namespace}.${worker.app}.${worker.id}`;
}

export function isLive(worker: WorkerRecord, now: number): boolean {
  return now - worker.lastSeenAt < WORKER_SILENCE_MS;
}
