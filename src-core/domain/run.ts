import type { Category, Model } from './job.ts';

export const RUN_STATES = ['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const TRIGGERS = ['schedule', 'manual', 'retry', 'catch-up', 'map', 'api'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Why a fire was not dispatched. `paused`, `window` and `queue-full` refine what would else be one of the first group. */
export const SKIP_REASONS = [
  'overlap', 'no-worker', 'weight-zero', 'disabled', 'misfire', 'rate', 'not-leader', 'nats-down',
  'paused', 'window', 'queue-full',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Bits of `RunRecord.retryOn`. */
export const RETRY_ON_FAIL = 1;
export const RETRY_ON_EXPIRED = 2;

/**
 * One attempt of a run, as the view keeps it. A retry is a record of its own that names the first attempt in `rootId`.
 * Times are epoch milliseconds, 0 = not yet. Texts are empty when there is nothing to say.
 */
export interface RunRecord {
  /** taskId: decimal, fits in 63 bits, sorts by time. */
  readonly id: string;
  readonly jobNumber: number;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  category: Category;
  model: Model;
  state: RunState;
  trigger: Trigger;
  attempt: number;
  /** Tries allowed in all. */
  attempts: number;
  retryOn: number;
  rootId: string;
  priority: number;
  /** Map: 1 first step sent, 2 `success:next` seen, 3 second step sent. Others: 1 once dispatched. 0 before. */
  step: number;
  scheduledAt: number;
  /** When a delayed run comes due. */
  dueAt: number;
  dispatchedAt: number;
  expiresAt: number;
  endedAt: number;
  runningCount: number;
  args: string;
  /** What it has of its own instead of its job's, as encodeRunOptions writes it; '' = nothing. Its attempts have it from it. */
  ownOptions: string;
  /** Worker asked for by hand, or the one an ultra run went to; replaced by the one that answered. */
  workerId: string;
  /** The answer's own status word: success, fail, expired, cancelled. */
  status: string;
  reason: string;
  monitorStatus: string;
  monitorPayload: string;
  /** Answers that could not be understood, and what was wrong with the last one. */
  badAnswers: number;
  badAnswer: string;
  /** Fan-out (ultra, group): ends expected, ends seen, worst status seen (0 success, 1 expired, 2 fail, 3 cancelled). */
  targets: number;
  targetsEnded: number;
  targetsWorst: number;
  /** An attempt must follow and its event is not in the log yet. */
  retryPending: boolean;
  /** Id of the attempt that followed. */
  retryId: string;
}

export const SUB_RUN_KINDS = ['target', 'flow', 'answer'] as const;
export type SubRunKind = (typeof SUB_RUN_KINDS)[number];

/** A piece of a run: an ultra or group target, a worker's flow report, or a broadcast's later answer. */
export interface SubRunRecord {
  readonly runId: string;
  readonly kind: SubRunKind;
  /** Target: its number from 1; flow and answer: the stream sequence of the message. */
  readonly number: number;
  workerId: string;
  sceneId: string;
  sceneName: string;
  status: string;
  reason: string;
  monitorStatus: string;
  monitorPayload: string;
  startedAt: number;
  endedAt: number;
  createdAt: number;
}

export function isFinal(state: RunState): boolean {
  return state === 'completed' || state === 'failed' || state === 'expired' || state === 'cancelled';
}
