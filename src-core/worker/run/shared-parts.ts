import type { Log } from '../../ports/log.ts';
import { BucketCheckpoint } from '../checkpoint/checkpoint.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { WorkerConnection } from '../connection.ts';
import type { Lock } from '../locks/held-lock.ts';
import { BucketLocks } from '../locks/locks.ts';
import type { AcquireOptions, Locks } from '../locks/locks.ts';
import { PATIENCE_MS, WorkerBucket } from '../common/worker-bucket.ts';
import { BucketStatuses } from '../status/statuses.ts';
import type { Run } from './types.ts';

/** What the runs of a worker share with others, made when the first one asks for it. */
export class SharedParts {
  readonly #connection: WorkerConnection;
  readonly #holder: string;
  #bucket: WorkerBucket | undefined;
  #locks: BucketLocks | undefined;
  #statuses: BucketStatuses | undefined;

  constructor(connection: WorkerConnection, holder: string) {
    this.#connection = connection;
    this.#holder = holder;
  }

  get bucket(): WorkerBucket {
    return (this.#bucket ??= new WorkerBucket(this.#connection, PATIENCE_MS));
  }

  get locks(): Locks {
    return (this.#locks ??= new BucketLocks(this.#connection, this.#holder, false));
  }

  get statuses(): BucketStatuses {
    return (this.#statuses ??= new BucketStatuses(this.#connection));
  }
}

/** The same for one run: locks end with it, its checkpoint is its own. */
export class RunParts implements Locks {
  readonly #shared: SharedParts;
  readonly #run: Run;
  readonly #signal: AbortSignal;
  readonly #workerId: string;
  readonly #held = new Set<Lock>();
  #checkpoint: BucketCheckpoint | undefined;
  #isOver = false;

  constructor(shared: SharedParts, run: Run, signal: AbortSignal, workerId: string) {
    this.#shared = shared;
    this.#run = run;
    this.#signal = signal;
    this.#workerId = workerId;
  }

  get statuses(): BucketStatuses {
    return this.#shared.statuses;
  }

  get checkpoint(): Checkpoint {
    if (this.#checkpoint === undefined) {
      const { namespace, app, job, rootTaskId, category, step } = this.#run;
      const part = category === 'broadcast' ? this.#workerId : step === 2 ? 'step-2' : '';
      this.#checkpoint = new BucketCheckpoint(this.#shared.bucket, { namespace, app, job, rootTaskId, part });
    }
    return this.#checkpoint;
  }

  async acquire(key: string, options: AcquireOptions = {}): Promise<Lock> {
    return this.#keep(await this.#shared.locks.acquire(key, this.#bounded(options)));
  }

  async tryAcquire(key: string, options: AcquireOptions = {}): Promise<Lock | undefined> {
    const lock = await this.#shared.locks.tryAcquire(key, this.#bounded(options));
    return lock === undefined ? undefined : this.#keep(lock);
  }

  async hold<Result>(key: string, options: AcquireOptions, work: (lock: Lock) => Result | Promise<Result>): Promise<Result> {
    const lock = await this.acquire(key, options);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  }

  releaseLocks(): void {
    this.#isOver = true;
    for (const lock of this.#held) void lock.release();
    this.#held.clear();
  }

  /** Once the run's good end is stored. One that stays all the same is gone after some days. */
  forgetCheckpoint(log: Log): void {
    if (this.#checkpoint?.isUsed !== true) return;
    this.#checkpoint.clear().catch((error: unknown) => log.debug({ taskId: this.#run.taskId, error: String(error) }, 'a checkpoint that is done with stays for a while'));
  }

  #bounded(options: AcquireOptions): AcquireOptions {
    return { ...options, signal: options.signal === undefined ? this.#signal : AbortSignal.any([options.signal, this.#signal]) };
  }

  async #keep(lock: Lock): Promise<Lock> {
    if (this.#isOver) await lock.release();
    else this.#held.add(lock);
    if (this.#held.size > 100) for (const each of this.#held) if (!each.isHeld) this.#held.delete(each);
    return lock;
  }
}
