/** What a job of a queue can be asked; its queue does it. */
export interface JobAsker {
  stateOf(id: string): Promise<QueueJobState>;
  waitFor(id: string, limitMs: number | undefined): Promise<unknown>;
  attemptsOf(id: string): Promise<readonly ExecutionLog[]>;
  cancel(id: string, reason: string | undefined): Promise<void>;
  doubledBy(id: string): Promise<string | undefined>;
}

/** `unknown`: no scheduler knows it (any more). A job that expired is `failed`. */
export type QueueJobState = 'waiting' | 'delayed' | 'paused' | 'active' | 'completed' | 'failed' | 'cancelled' | 'unknown';

/** One attempt of a job. */
export interface ExecutionLog {
  /** The job's id. */
  readonly jobId: string;
  /** The attempt's. */
  readonly executionId: string;
  readonly status: QueueJobState;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly durationMs: number | undefined;
  readonly result: unknown;
  readonly errorMessage: string | undefined;
  /** Attempts before this one. */
  readonly retryCount: number;
}

/** A job that was added. Its id is known as soon as NATS has stored it. */
export class QueueJob<Data = unknown> {
  readonly id: string;
  readonly name: string;
  readonly data: Data;
  readonly #asker: JobAsker;

  constructor(asker: JobAsker, id: string, name: string, data: Data) {
    this.#asker = asker;
    this.id = id;
    this.name = name;
    this.data = data;
  }

  getState(): Promise<QueueJobState> {
    return this.#asker.stateOf(this.id);
  }

  /** Its result; of a double, that of the job it doubles. Rejects with JobFailedError when it has failed for good, or was cancelled; with JobWaitError after `limitMs`, if that is given. */
  waitUntilFinished(limitMs?: number): Promise<unknown> {
    return this.#asker.waitFor(this.id, limitMs);
  }

  /** All attempts so far, the first one first. */
  attempts(): Promise<readonly ExecutionLog[]> {
    return this.#asker.attemptsOf(this.id);
  }

  /** The id of the job that had its `dedupeKey`, so that this one was not done; undefined when there was none, and while no scheduler has decided. */
  duplicateOf(): Promise<string | undefined> {
    return this.#asker.doubledBy(this.id);
  }

  /** The attempt that waits or runs; a running one gets its signal aborted. */
  cancel(reason?: string): Promise<void> {
    return this.#asker.cancel(this.id, reason);
  }
}
