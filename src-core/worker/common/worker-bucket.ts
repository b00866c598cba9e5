import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { JetStreamManager, StoredMsg, StreamInfo } from '@nats-io/jetstream';
import { headers, nanos, nuid } from '@nats-io/transport-node';
import { UnavailableError } from '../../domain/errors.ts';
import { askAgain } from '../../nats/ask-again.ts';
import type { AskAgainOptions } from '../../nats/ask-again.ts';
import { openBucket } from '../../nats/bucket.ts';
import { asUnavailable } from '../../nats/errors.ts';
import { readAck } from '../../nats/publish-ack.ts';
import { STREAM, WORKER_BUCKET, WORKER_PREFIX, WORKER_STREAM } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';

export interface SharedEntry {
  readonly text: string;
  readonly revision: number;
  /** When it was stored, by the NATS server's clock, epoch ms. */
  readonly storedAt: number;
}

/** Nothing in the bucket is kept for longer than this after it was last written, on any server version. */
export const KEPT_MS = 7 * 86_400_000;
const REQUEST_TIMEOUT_MS = 2_500;
/** For those who would fail a run over a server that stands still for a moment; not for those who count by time. */
export const PATIENCE_MS = 8_000;
const NAME_IN_USE = 10_058;
const DUPLICATE_WINDOW_MS = 120_000;
/** What a clock drifts in this time does not matter to a status. */
const CLOCK_FRESH_MS = 300_000;

/**
 * The bucket natsjob-worker, made by whoever needs it first; one that is there is used as it is. Reads ask the stream's
 * leader. Revisions are sequences of the bucket's stream: they only grow, over all keys and also after a key was removed.
 * Everything rejects with UnavailableError when NATS is away; a write may have been done then all the same. What gets no answer
 * is asked again for `patienceMs`, and nothing is written twice by that.
 */
export class WorkerBucket {
  readonly #connection: WorkerConnection;
  readonly #bucket: ReturnType<typeof openBucket>;
  readonly #again: AskAgainOptions;
  #ensured: Promise<void> | undefined;
  #serverClock: { readonly ahead: number; readonly at: number } | undefined;

  constructor(connection: WorkerConnection, patienceMs = 0) {
    this.#connection = connection;
    this.#bucket = openBucket(connection, WORKER_BUCKET, { patienceMs });
    this.#again = { patienceMs, isOver: () => connection.state === 'closed' };
  }

  /** Nothing will ever be written any more. */
  get isClosed(): boolean {
    return this.#connection.state === 'closed';
  }

  get(key: string): Promise<SharedEntry | undefined> {
    return this.#do(`reading ${key}`, async () => {
      const read = async (): Promise<StoredMsg | null> => this.#connection.manager.streams.getMessage(WORKER_STREAM, { last_by_subj: WORKER_PREFIX + key });
      const stored = await unless(JetStreamApiCodes.NoMessageFound, askAgain(read, this.#again));
      if (stored === undefined || stored === null || (stored.header?.get('KV-Operation') ?? '') !== '') return undefined;
      return { text: stored.string(), revision: stored.seq, storedAt: stored.time.getTime() };
    });
  }

  /** Whatever was there before. */
  put(key: string, text: string): Promise<void> {
    return this.#do(`writing ${key}`, async () => {
      const block = headers();
      // Of one that was stored without an answer the stream knows the id: what others have put since stays.
      block.set('Nats-Msg-Id', nuid.next());
      const ack = readAck((await askAgain(async () => this.#connection.client.request(WORKER_PREFIX + key, text, { headers: block, timeout: REQUEST_TIMEOUT_MS }), this.#again)).string());
      if (ack.kind === 'refused') throw new Error(ack.reason);
    });
  }

  /** The new revision; undefined when the key is at another one. Revision 0 = there must be no entry. */
  compareAndSet(key: string, text: string, revision: number): Promise<number | undefined> {
    return this.#do(`writing ${key}`, () => this.#bucket.compareAndSet(key, text, revision));
  }

  /** Removes the entry, which those who watch the key are told. False when the key is at another revision. */
  compareAndDelete(key: string, revision: number): Promise<boolean> {
    return this.#do(`removing ${key}`, () => this.#bucket.compareAndDelete(key, revision));
  }

  /** Nothing of the key up to this revision is left, not even a marker; a later entry stays. Nobody is told. */
  forget(key: string, revision: number): Promise<void> {
    return this.#do(`removing ${key}`, async () => {
      await askAgain(() => this.#connection.manager.streams.purge(WORKER_STREAM, { filter: WORKER_PREFIX + key, seq: revision + 1 }), this.#again);
    });
  }

  /** The time by the clock that `storedAt` is told by, epoch ms, to within a round trip. */
  async serverNow(): Promise<number> {
    const { clock } = this.#connection;
    const known = this.#serverClock;
    if (known !== undefined && clock.monotonic() - known.at < CLOCK_FRESH_MS) return clock.monotonic() + known.ahead;
    await this.#do('reading the time', async () => this.#learnTime(await askAgain(() => this.#connection.manager.streams.info(WORKER_STREAM), this.#again)));
    return clock.monotonic() + (this.#serverClock?.ahead ?? clock.now() - clock.monotonic());
  }

  async #do<Result>(doing: string, action: () => Promise<Result>): Promise<Result> {
    try {
      await (this.#ensured ??= askAgain(() => this.#ensure(), this.#again));
      return await action();
    } catch (error) {
      // It may be that the bucket was deleted: then it is made again the next time.
      this.#ensured = undefined;
      if (error instanceof UnavailableError) throw error;
      throw asUnavailable(error, `${doing} in bucket ${WORKER_BUCKET}`);
    }
  }

  async #ensure(): Promise<void> {
    const { manager } = this.#connection;
    const present = (): Promise<StreamInfo | undefined> => unless(JetStreamApiCodes.StreamNotFound, manager.streams.info(WORKER_STREAM));
    const make = async (): Promise<StreamInfo> => manager.streams.add({
      name: WORKER_STREAM, subjects: [`${WORKER_PREFIX}>`], retention: RetentionPolicy.Limits, storage: StorageType.File, discard: DiscardPolicy.New,
      max_msgs_per_subject: 1, max_age: nanos(KEPT_MS), duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      allow_rollup_hdrs: true, deny_delete: true, deny_purge: false, allow_direct: true, num_replicas: await copies(manager),
    });
    // Refused when another worker has made it with other settings in between.
    const info = await present() ?? await unless(NAME_IN_USE, make()) ?? await present();
    if (info !== undefined) this.#learnTime(info);
  }

  #learnTime(info: StreamInfo): void {
    const { clock } = this.#connection;
    // Older servers do not tell: then it is this machine's.
    const told = Date.parse((info as { ts?: string }).ts ?? '');
    const now = Number.isNaN(told) ? clock.now() : told;
    this.#serverClock = { ahead: now - clock.monotonic(), at: clock.monotonic() };
  }
}

/** As many as the scheduler's stream has; where there is none yet, one. */
async function copies(manager: JetStreamManager): Promise<number> {
  const runs = await unless(JetStreamApiCodes.StreamNotFound, manager.streams.info(STREAM));
  return runs?.config.num_replicas ?? 1;
}

async function unless<Result>(code: number, asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code) return undefined;
    throw error;
  }
}
