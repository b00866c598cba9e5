import { hostname } from 'node:os';
import { nuid } from '@nats-io/transport-node';
import { UnavailableError } from '../../domain/errors.ts';
import { isSharedName, lockKey, MAX_SHARED_NAME_LENGTH } from '../../wire/index.ts';
import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { chooseConnection, CONNECTION_OPTIONS } from '../connection.ts';
import type { ConnectionChoice, WorkerConnection } from '../connection.ts';
import { BadOptionError } from '../errors.ts';
import { durationMs } from '../common/duration.ts';
import type { Duration } from '../common/duration.ts';
import { LockHeldError } from '../common/errors.ts';
import { WorkerBucket } from '../common/worker-bucket.ts';
import { FreedHint } from './freed-hint.ts';
import { HeldLock } from './held-lock.ts';
import type { Acquired, Lock, LockBucket } from './held-lock.ts';
import { decodeLock, encodeLock, MAX_TTL_MS, MIN_TTL_MS } from './lock-value.ts';

export interface AcquireOptions {
  /** How long the lock outlives a holder that is gone; renewed every third of it. 1 s to 1 day, default 30 s. */
  readonly ttl?: Duration;
  /** How long to wait for it. Default 0; `Infinity` is allowed. To take over from a holder that died, wait for its ttl at least. */
  readonly wait?: Duration;
  /** Ends the waiting: `acquire` rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Locks over a key-value bucket of NATS, for programs of one NATS account. A key is any text of 1 to 128 characters. */
export interface Locks {
  /** Rejects with LockHeldError when it is held by another for all the time to wait, and with UnavailableError when NATS was away at the end of it. */
  acquire(key: string, options?: AcquireOptions): Promise<Lock>;
  /** The same, but undefined when it is held. */
  tryAcquire(key: string, options?: AcquireOptions): Promise<Lock | undefined>;
  /** Does the work while it holds the lock, and releases it. Resolves with what the work gave. */
  hold<Result>(key: string, options: AcquireOptions, work: (lock: Lock) => Result | Promise<Result>): Promise<Result>;
}

export interface OpenLocks extends Locks {
  /** Releases what is held here, and closes the connection unless it was given. Waiting ones are rejected. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface LocksOptions extends ConnectionChoice {
  /** Who holds what is acquired here, for people. Default: host and process. */
  readonly holder?: string;
}

const LOCKS_OPTIONS: OptionNames<LocksOptions> = { holder: true, ...CONNECTION_OPTIONS };
const ACQUIRE_OPTIONS: OptionNames<AcquireOptions> = { ttl: true, wait: true, signal: true };
const DEFAULT_TTL_MS = 30_000;
/** Holders that were seen; one that is not remembered is waited for anew. */
const MOST_SIGHTINGS = 10_000;
/** How often it is tried to reach NATS. */
const AWAY_MS = 100;
const ALL_TIME = Number.POSITIVE_INFINITY;

interface NotFree {
  readonly holder: string;
  /** How long it may be until it is free. */
  readonly freeInMs: number;
  /** Nobody could be asked who holds it. */
  readonly away?: UnavailableError;
}

/** Throws BadOptionError. */
export async function openLocks(options: LocksOptions = {}): Promise<OpenLocks> {
  checkKnown('openLocks', options, LOCKS_OPTIONS);
  const { connection, isOwn } = await chooseConnection(options);
  return new BucketLocks(connection, options.holder ?? `${hostname()} pid ${process.pid}`, isOwn);
}

/**
 * Why two never hold one lock at the same time, as far as clocks can tell. A holder relies on a write for nine tenths of the
 * ttl, counted from before it was sent. Another one takes a held lock only if its own clock has seen the same revision
 * stand for the whole ttl, counted from after it was read, which is after it was stored. Both count on clocks of their own that cannot
 * be set (monotonic), so no two clocks are ever compared; they may differ in speed by a tenth. The write itself is a
 * compare-and-set on that revision, so of several who wait one gets it, and none if the holder renewed in between.
 * A holder that is paused after it looked at `isHeld` can still act too late; no lock can prevent that. That is what the
 * fencing number is for: it is the revision of the acquiring write, and grows with each.
 */
export class BucketLocks implements OpenLocks {
  readonly #connection: WorkerConnection;
  readonly #holder: string;
  readonly #isOwn: boolean;
  readonly #bucket: LockBucket;
  /** By entry: the revision that stands, and since when it has been seen to (monotonic ms). */
  readonly #seen = new Map<string, { readonly revision: number; readonly at: number }>();
  readonly #held = new Set<HeldLock>();
  readonly #acquiring = new Set<Promise<Lock>>();
  readonly #closing = new AbortController();

  constructor(connection: WorkerConnection, holder: string, isOwn: boolean, bucket: LockBucket = new WorkerBucket(connection)) {
    this.#connection = connection;
    this.#holder = holder;
    this.#isOwn = isOwn;
    this.#bucket = bucket;
  }

  acquire(key: string, options: AcquireOptions = {}): Promise<Lock> {
    const acquiring = this.#acquire(key, options);
    this.#acquiring.add(acquiring);
    const settled = (): void => void this.#acquiring.delete(acquiring);
    acquiring.then(settled, settled);
    return acquiring;
  }

  async #acquire(key: string, options: AcquireOptions): Promise<Lock> {
    const { clock } = this.#connection;
    const { ttlMs, waitMs } = checked(key, options);
    const entry = lockKey(key);
    const owner = nuid.next();
    const text = encodeLock({ owner, holder: this.#holder, ttlMs });
    const signal = options.signal === undefined ? this.#closing.signal : AbortSignal.any([options.signal, this.#closing.signal]);
    const deadline = clock.monotonic() + waitMs;
    let hint: FreedHint | undefined;
    try {
      for (;;) {
        signal.throwIfAborted();
        const tried = await this.#try({ key, entry, text, owner, ttlMs });
        if (tried instanceof HeldLock) {
          if (!signal.aborted) return tried;
          await tried.release();
          continue;
        }
        const leftMs = deadline - clock.monotonic();
        if (leftMs <= 0) throw tried.away ?? new LockHeldError(key, tried.holder);
        // What happens from here on is heard of, so the lock is looked at once more before it is waited for.
        if (hint === undefined) hint = new FreedHint(this.#connection, entry);
        else await hint.wait(Math.min(leftMs, tried.freeInMs), signal);
      }
    } finally {
      hint?.close();
    }
  }

  async tryAcquire(key: string, options: AcquireOptions = {}): Promise<Lock | undefined> {
    try {
      return await this.acquire(key, options);
    } catch (error) {
      if (error instanceof LockHeldError) return undefined;
      throw error;
    }
  }

  async hold<Result>(key: string, options: AcquireOptions, work: (lock: Lock) => Result | Promise<Result>): Promise<Result> {
    const lock = await this.acquire(key, options);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new UnavailableError('The locks are closed.'));
    // Of those a write may be under way: what it acquires is released while there is a connection.
    await Promise.allSettled(this.#acquiring);
    await Promise.all([...this.#held].map((lock) => lock.release()));
    if (this.#isOwn) await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #try(wanted: Omit<Acquired, 'revision' | 'sentAt'>): Promise<HeldLock | NotFree> {
    const { clock } = this.#connection;
    const { entry, text, owner } = wanted;
    try {
      const present = await this.#bucket.get(entry);
      const value = present === undefined ? undefined : decodeLock(present.text);
      const freeInMs = present === undefined || value === undefined || value.owner === owner ? 0 : this.#freeIn(entry, present.revision, value.ttlMs);
      if (freeInMs > 0) return { holder: value?.holder ?? '', freeInMs };
      const sentAt = clock.monotonic();
      const revision = await this.#bucket.compareAndSet(entry, text, present?.revision ?? 0);
      if (revision === undefined) return { holder: 'another', freeInMs: 0 };
      const lock = new HeldLock(this.#bucket, clock, { ...wanted, revision, sentAt }, (gone) => this.#held.delete(gone));
      this.#held.add(lock);
      return lock;
    } catch (error) {
      // It may have been written all the same; then the next look finds an entry of this owner, or it runs out.
      if (!(error instanceof UnavailableError) || this.#bucket.isClosed) throw error;
      return { holder: '', freeInMs: AWAY_MS, away: error };
    }
  }

  #freeIn(entry: string, revision: number, ttlMs: number): number {
    const now = this.#connection.clock.monotonic();
    const seen = this.#seen.get(entry);
    if (seen?.revision === revision) return seen.at + ttlMs - now;
    this.#seen.delete(entry);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size >= MOST_SIGHTINGS && oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.set(entry, { revision, at: now });
    return ttlMs;
  }
}

function checked(key: unknown, options: AcquireOptions): { ttlMs: number; waitMs: number } {
  checkKnown('a lock', options, ACQUIRE_OPTIONS);
  const { ttl, wait, signal } = options;
  if (!isSharedName(key)) throw new BadOptionError('key of a lock', `text of 1 to ${MAX_SHARED_NAME_LENGTH} characters`, key);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new BadOptionError('signal', 'an AbortSignal', signal);
  return { ttlMs: durationMs('ttl', ttl ?? DEFAULT_TTL_MS, MIN_TTL_MS, MAX_TTL_MS), waitMs: durationMs('wait', wait ?? 0, 0, ALL_TIME) };
}
