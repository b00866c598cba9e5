import { NotReachedError } from '../../domain/errors.ts';
import { roundTrip } from '../../nats/round-trip.ts';
import type { AnyNodeMethod } from '../../wire/index.ts';
import { callPatiently } from '../calls.ts';
import type { WorkerConnection } from '../connection.ts';
import { checkedWhole } from '../errors.ts';
import { NotAQueueError } from './errors.ts';
import type { QueueSettings } from './queue-settings.ts';
import { definitionOf } from './queue-settings.ts';
import type { AttemptAnswer, RunAnswer } from './run-states.ts';

export interface QueueStatus {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly state: 'enabled' | 'disabled' | 'paused';
  /** Live ones of the queue's app. */
  readonly workers: number;
  readonly oldestWaitingAt: string | null;
}

export interface QueueMetrics {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** 0 to 1; null while nothing has ended. */
  readonly successRate: number | null;
  readonly averageMs: number | null;
}

export interface QueueHealth {
  /** `degraded`: it works, but something wants a look. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly problems: readonly string[];
  readonly roundTripMs: number | undefined;
  readonly queue: QueueStatus | undefined;
}

export type CleanableState = 'completed' | 'failed' | 'expired' | 'cancelled' | 'waiting' | 'delayed';

/** At once: a scheduler refuses what is too much. */
const MOST_CALLS = 32;
const LATE_MS = 300_000;
const MOST_CLEANED = 10_000;
const YEAR_MS = 366 * 86_400_000;

/** What a scheduler does for a queue when it is asked. */
export class QueueControl {
  readonly #connection: WorkerConnection;
  readonly #settings: QueueSettings;
  readonly #inLine: (() => void)[] = [];
  #underWay = 0;

  constructor(connection: WorkerConnection, settings: QueueSettings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  /** Rejects as callPatiently does. */
  async call(method: AnyNodeMethod, input: object): Promise<unknown> {
    if (this.#underWay >= MOST_CALLS) await new Promise<void>((resolve) => this.#inLine.push(resolve));
    else this.#underWay++;
    try {
      return await callPatiently(this.#connection, method, input);
    } finally {
      const next = this.#inLine.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  /** Makes the queue's job where there is none; where there is one, changes only what was given. The job's number. */
  async declare(): Promise<number> {
    const { whenNew, given } = definitionOf(this.#settings);
    const { job, outcome } = (await this.call('job.declare', { ...this.#job(), ...whenNew, ...given, onExisting: 'keep' })) as { job: Record<string, unknown>; outcome: string };
    const number = Number(job['id']);
    if (outcome === 'created') return number;
    const key = `${this.#settings.namespace}.${this.#settings.app}.${this.#settings.job}`;
    if (job['category'] !== 'standalone') throw new NotAQueueError(key, 'its category is not standalone');
    if (job['model'] !== 'max' && job['model'] !== 'pro') throw new NotAQueueError(key, 'its model is neither max nor pro');
    if (Object.keys(given).length > 0) await this.call('job.declare', { ...this.#job(), ...given, onExisting: 'update' });
    return number;
  }

  async setState(state: 'enabled' | 'paused'): Promise<void> {
    await this.call('job.setState', { ...this.#job(), state });
  }

  async status(): Promise<QueueStatus> {
    return (await this.call('queue.status', this.#job())) as QueueStatus;
  }

  async metrics(): Promise<QueueMetrics> {
    return (await this.call('queue.metrics', this.#job())) as QueueMetrics;
  }

  async clean(olderThanMs: number, limit: number, state: CleanableState): Promise<number> {
    checkedWhole('olderThan', olderThanMs, 0, 0, YEAR_MS);
    checkedWhole('limit', limit, 100, 1, MOST_CLEANED);
    const { removed } = (await this.call('queue.clean', { ...this.#job(), olderThanMs, limit, state })) as { removed: number };
    return removed;
  }

  async run(taskId: string): Promise<RunAnswer> {
    return (await this.call('run.get', { taskId })) as RunAnswer;
  }

  /** Of the run and what it is an attempt of, or has as attempts; the first one first. */
  async attempts(taskId: string): Promise<readonly AttemptAnswer[]> {
    return ((await this.call('run.attempts', { taskId })) as { items: readonly AttemptAnswer[] }).items;
  }

  async health(): Promise<QueueHealth> {
    const { clock } = this.#connection;
    if (this.#connection.state !== 'connected') return { status: 'unhealthy', problems: ['NATS is not connected'], roundTripMs: undefined, queue: undefined };
    const from = clock.monotonic();
    try {
      await roundTrip(this.#connection.client);
      const roundTripMs = clock.monotonic() - from;
      const queue = await this.status();
      const problems = problemsOf(queue, clock.now());
      return { status: problems.length === 0 ? 'healthy' : 'degraded', problems, roundTripMs, queue };
    } catch (error) {
      const problem = error instanceof NotReachedError ? 'no scheduler is there' : error instanceof Error ? error.message : String(error);
      return { status: 'unhealthy', problems: [problem], roundTripMs: undefined, queue: undefined };
    }
  }

  #job(): { namespace: string; app: string; name: string } {
    const { namespace, app, job } = this.#settings;
    return { namespace, app, name: job };
  }
}

function problemsOf({ state, workers, waiting, oldestWaitingAt }: QueueStatus, now: number): string[] {
  const problems: string[] = [];
  if (state !== 'enabled') problems.push(`the queue is ${state}`);
  if (workers === 0 && waiting > 0) problems.push(`${waiting} jobs wait and no worker is there`);
  if (waiting > 0 && oldestWaitingAt !== null && now - Date.parse(oldestWaitingAt) > LATE_MS) problems.push(`the oldest job has waited since ${oldestWaitingAt}`);
  return problems;
}
