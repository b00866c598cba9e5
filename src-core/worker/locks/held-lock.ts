import { UnavailableError } from '../../domain/errors.ts';
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import { LockLostError } from '../common/errors.ts';
import type { WorkerBucket } from '../common/worker-bucket.ts';
import { ownerOf } from './lock-value.ts';

/** A lock that was acquired. `await using` releases it. */
export interface Lock {
  readonly key: string;
  /** The fencing number: a later holder has a greater one. What the lock guards should refuse a number below the greatest it has seen. */
  readonly fence: number;
  /** Aborted, with LockLostError, when the lock is lost before it is released. */
  readonly signal: AbortSignal;
  /** False once it is released, or must be taken for lost. Asks the clock, not the event loop: true after a pause of the process only if it still holds. */
  readonly isHeld: boolean;
  /** Lets the next one have it at once. Releasing what is lost, or a second time, does nothing. Never rejects: what NATS is not told runs out. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What locks need of the bucket. */
export type LockBucket = Pick<WorkerBucket, 'isClosed' | 'get' | 'compareAndSet' | 'compareAndDelete'>;

export interface Acquired {
  readonly key: string;
  readonly entry: string;
  readonly text: string;
  readonly owner: string;
  readonly ttlMs: number;
  readonly revision: number;
  /** Monotonic ms, from before the write that acquired it was sent. */
  readonly sentAt: number;
}

const RENEWALS_PER_TTL = 3;
/** For clocks that do not run at the same speed. */
const MARGIN = 0.1;
const AGAIN_MS = 100;
const RELEASE_LIMIT_MS = 5_000;

/** How long the holder may rely on a write, from when it was sent. Others wait for the whole ttl from when they saw it. */
export function reliableMs(ttlMs: number): number {
  return ttlMs * (1 - MARGIN);
}

export class HeldLock implements Lock {
  readonly key: string;
  readonly fence: number;
  readonly #bucket: LockBucket;
  readonly #clock: Clock;
  readonly #acquired: Acquired;
  readonly #whenOver: (lock: HeldLock) => void;
  readonly #controller = new AbortController();
  #revision: number;
  #until: number;
  #isOver = false;
  #cancelRenewal: CancelTimer = () => {};
  #cancelEnd: CancelTimer = () => {};
  #renewing: Promise<void> | undefined;
  #releasing: Promise<void> | undefined;

  constructor(bucket: LockBucket, clock: Clock, acquired: Acquired, whenOver: (lock: HeldLock) => void) {
    this.key = acquired.key;
    this.fence = acquired.revision;
    this.#bucket = bucket;
    this.#clock = clock;
    this.#acquired = acquired;
    this.#whenOver = whenOver;
    this.#revision = acquired.revision;
    this.#until = acquired.sentAt + reliableMs(acquired.ttlMs);
    this.#watchEnd();
    this.#planRenewal(acquired.sentAt);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isHeld(): boolean {
    return !this.#isOver && this.#clock.monotonic() < this.#until;
  }

  release(): Promise<void> {
    return (this.#releasing ??= this.#release());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #release(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    await this.#renewing;
    const { entry } = this.#acquired;
    const deadline = Math.min(this.#until, this.#clock.monotonic() + RELEASE_LIMIT_MS);
    while (this.#clock.monotonic() < deadline && !this.#bucket.isClosed) {
      try {
        const isRemoved = await this.#bucket.compareAndDelete(entry, this.#revision);
        const present = isRemoved ? undefined : await this.#bucket.get(entry);
        if (present === undefined || ownerOf(present.text) !== this.#acquired.owner) break;
        this.#revision = present.revision;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        await this.#pause(AGAIN_MS);
      }
    }
  }

  #planRenewal(from: number): void {
    const at = from + this.#acquired.ttlMs / RENEWALS_PER_TTL;
    this.#cancelRenewal = this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => {
      this.#renewing = this.#renew().finally(() => (this.#renewing = undefined));
    });
  }

  async #renew(): Promise<void> {
    const { entry, text, owner } = this.#acquired;
    while (!this.#isOver) {
      const sentAt = this.#clock.monotonic();
      try {
        const revision = await this.#bucket.compareAndSet(entry, text, this.#revision);
        if (revision !== undefined) {
          this.#revision = revision;
          if (this.#isOver) return;
          this.#until = sentAt + reliableMs(this.#acquired.ttlMs);
          this.#watchEnd();
          this.#planRenewal(sentAt);
          return;
        }
        // A renewal that was not answered may have been stored. It counts for nothing but for its revision: the next one is sent at once.
        const present = await this.#bucket.get(entry);
        if (present === undefined || ownerOf(present.text) !== owner) this.#lose('somebody else has it, or it was removed');
        else this.#revision = present.revision;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        await this.#pause(Math.min(AGAIN_MS, this.#acquired.ttlMs / 10));
      }
    }
  }

  #watchEnd(): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#clock.after(Math.max(0, this.#until - this.#clock.monotonic()), () => this.#lose('it could not be renewed in time'));
  }

  #lose(reason: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller.abort(new LockLostError(this.key, this.fence, reason));
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelRenewal();
    this.#cancelEnd();
    this.#whenOver(this);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }
}
