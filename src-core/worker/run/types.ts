import type { LogLevel, WireCategory, WireModel } from '../../wire/index.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Locks } from '../locks/locks.ts';
import type { Statuses } from '../status/statuses.ts';
import type { NextStep } from './next-step.ts';

/** A run as its handler sees it. */
export interface Run<Payload = unknown> {
  readonly taskId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly category: WireCategory;
  readonly model: WireModel;
  /** The text of the job's args, or of this run's own. */
  readonly args: string;
  /** What `args` holds as JSON; undefined when it holds none. Nobody has checked its shape. */
  readonly payload: Payload;
  /** This try, from 1. */
  readonly attempt: number;
  /** The first attempt's taskId; on the first attempt the run's own. */
  readonly rootTaskId: string;
  readonly priority: number;
  /** 2 for the second step of a map run. */
  readonly step: 1 | 2;
  /** What the step before gave to `next`, JSON as text; '' on a first step. */
  readonly nextPayload: string;
  /** How often the message of this run has been handed to a worker; 1 unless one died, or stopped, before it was done. */
  readonly deliveries: number;
  /** When it was sent, epoch ms by the scheduler's clock; by this machine's where the message does not tell. */
  readonly createdAt: number;
  /** When its time is up, epoch ms by this machine's clock; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** `log('text')` is `log.info('text')`. A line has at most 4,096 characters; of one run 1,000 lines are shown. */
export interface RunLog {
  (text: string): void;
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** A piece of a run, as it is shown among its sub-runs. */
export interface SceneReport {
  readonly sceneId: string;
  readonly sceneName?: string;
  /** A word of your own. */
  readonly status?: string;
  readonly reason?: string;
  readonly startAt?: Date | number;
  readonly endAt?: Date | number;
  /** Not empty: the scheduler tells whoever listens to monitor messages. */
  readonly monitorStatus?: string;
  readonly monitorPayload?: string;
}

/** What a handler is given beside the run. Each may be taken out of the object by name. */
export interface RunContext {
  /** Aborted when the run is cancelled, its time is up, or the worker stops; `signal.reason` is RunCancelledError, RunExpiredError or WorkerStoppingError. */
  readonly signal: AbortSignal;
  readonly log: RunLog;
  /** From 0 to 100, or a small JSON value; at most ten a second are sent, the last one always. */
  readonly progress: (value: unknown) => void;
  /** Locks for as long as the run lasts: what its handler has not released is, when it is done. Waiting ends with the signal. */
  readonly lock: Locks;
  /** How far the run has come, for the next delivery or attempt. Of a map run each step has its own, of a broadcast each worker. */
  readonly checkpoint: Checkpoint;
  readonly status: Statuses;
  /** For the first step of a map run: `return next(payload)` lets it go on with its second step. */
  readonly next: (payload?: unknown) => NextStep;
  /** Tells of a piece of the run. */
  readonly report: (scene: SceneReport) => void;
  /** Makes the scheduler tell whoever listens to monitor messages how this run ended. */
  readonly monitor: (status: string, payload?: string) => void;
}

/** Does a run. What it returns is the result, JSON; what it throws is the reason of the failure. */
export type Handler<Payload = unknown, Result = unknown> = (run: Run<Payload>, context: RunContext) => Result | Promise<Result>;

export interface HandlerOptions {
  /** How many runs of this job at once. Default: the worker's. */
  readonly concurrency?: number;
  /**
   * `jetstream`, the default: at least once; a run whose worker dies is handed to another one. `core`: at most once, shared by
   * queue group with workers of any kind. What is not in the stream (lite), and what goes to one worker by name or group, is always `core`.
   */
  readonly delivery?: 'core' | 'jetstream';
  /** Every worker does every run of this job. Always `core`. */
  readonly broadcast?: boolean;
  /** jetstream: how long a worker may be silent before its runs go to another one. Default 30,000. */
  readonly ackWaitMs?: number;
  /** jetstream: how often a run is handed out before it counts as one that kills its workers. Default 10. */
  readonly maxDeliveries?: number;
}

/** How loaded worker and machine are; usages are percentages. */
export interface Load {
  readonly machineCpu: number;
  readonly machineMemory: number;
  /** Of one core: more than 100 is possible. */
  readonly processCpu: number;
  /** Bytes. */
  readonly processRss: number;
  /** Runs being done, and runs taken that wait for their turn. */
  readonly running: number;
  readonly waiting: number;
}

export type { LogLevel };
