import type { JobEnd } from './ends-reader.ts';

/** What a queue tells of its jobs. */
export interface QueueEvents {
  readonly completed: CompletedEvent;
  /** Each failed attempt, and each job that was cancelled; `willRetry` false = the job has ended. */
  readonly failed: FailedEvent;
  readonly progress: ProgressEvent;
  /** It was not done, because another job has its key. */
  readonly duplicate: DuplicateEvent;
  /** Its worker went silent, another has it now. */
  readonly stalled: StalledEvent;
}

/** Which job it is about. */
export interface JobEvent {
  readonly queue: string;
  /** As it was added with; '' where nobody can tell: what is said of a run that this process saw nothing of, while no scheduler answers. */
  readonly name: string;
  /** The job's, the same over all its attempts. */
  readonly id: string;
  /** The attempt's. */
  readonly runId: string;
}

export interface CompletedEvent extends JobEvent {
  readonly attempt: number;
  readonly result: unknown;
}

export interface FailedEvent extends JobEvent {
  readonly attempt: number;
  readonly status: 'fail' | 'expired' | 'cancelled';
  readonly reason: string;
  readonly willRetry: boolean;
}

export interface DuplicateEvent extends JobEvent {
  /** The id of the other one. */
  readonly duplicateOf: string;
}

export interface ProgressEvent extends JobEvent {
  readonly progress: unknown;
}

export interface StalledEvent extends JobEvent {
  /** How often it was given out, this time included. */
  readonly deliveries: number;
}

export function failedEvent(queue: string, { name, rootId, runId, attempt, status, reason, willRetry }: JobEnd): FailedEvent {
  return { queue, name, id: rootId, runId, attempt, status: status === 'success' ? 'fail' : status, reason, willRetry };
}

/** Core NATS, nothing stored: `<prefix>.<run id>`. */
export function stalledSubject(namespace: string, app: string, job: string, runId: string): string {
  return `natsjob-queue.stalled.${namespace}.${app}.${job}.${runId}`;
}

type Stall = Omit<StalledEvent, 'queue' | 'runId'>;

export function encodeStall({ name, id, deliveries }: Stall): string {
  return JSON.stringify({ v: 1, name, id, deliveries });
}

/** Undefined for what is none. Never throws. */
export function decodeStall(text: string): Stall | undefined {
  try {
    const { name, id, deliveries } = JSON.parse(text) as Record<string, unknown>;
    return typeof name === 'string' && typeof id === 'string' && Number.isSafeInteger(deliveries) ? { name, id, deliveries: deliveries as number } : undefined;
  } catch {
    return undefined;
  }
}
