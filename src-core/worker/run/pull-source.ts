import { AckPolicy, DeliverPolicy, JetStreamApiCodes, JetStreamApiError, ReplayPolicy } from '@nats-io/jetstream';
import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import { createInbox, nanos } from '@nats-io/transport-node';
import type { Subscription } from '@nats-io/transport-node';
import { describe } from '../../nats/errors.ts';
import { listen } from '../../nats/fast-reader.ts';
import { headerStatus, headerValue } from '../../nats/header-block.ts';
import type { Incoming } from '../../nats/incoming.ts';
import { takeRest } from '../../nats/round-trip.ts';
import type { CancelTimer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { STREAM } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';

export interface PullSourceOptions {
  readonly connection: WorkerConnection;
  readonly log: Log;
  /** Of the durable consumer, which all workers of the job share. */
  readonly name: string;
  readonly subjects: readonly string[];
  readonly ackWaitMs: number;
  onMessage(message: Incoming): void;
  /** How many messages there is room for, beside those already asked for. 0 or less: none. */
  room(): number;
  /** It can be worked with, or cannot any more. */
  onReady(isReady: boolean): void;
}

const HEARTBEAT_MS = 5_000;
const REQUEST_MS = 60_000;
/** Checks in a row without a sign of life. Checks, not time: a process that was paused reads first, judges later. */
const MAX_SILENT_CHECKS = 3;
const AGAIN_MS = 1_000;
const MEASURE_AGAIN_MS = 600_000;
/** An answer that took longer, as when this process stood still meanwhile, tells the server's time too vaguely to count runs by. */
const VAGUE_MS = 250;
/** A job nobody works on any more; its messages are gone by then. */
const CONSUMER_KEPT_MS = 72 * 3_600_000;
/**
 * A consumer that is new also gives what was sent so long before it was made, to a job whose first worker comes after its first
 * run. No longer: the scheduler keeps ends for ten minutes, and of an older run nobody could tell that it was done.
 */
const LOOK_BACK_MS = 540_000;
/** Between all workers of the job. */
const MAX_UNACKNOWLEDGED = 50_000;
const NS_PER_MS = 1_000_000;
const REQUEST_TAIL = `,"expires":${nanos(REQUEST_MS)},"idle_heartbeat":${nanos(HEARTBEAT_MS)}}`;

/** Fetches the runs of one job from the stream, never more than there is room for. */
export class PullSource {
  readonly #options: PullSourceOptions;
  readonly #apiSubject: string;
  #inbox = '';
  #requests = 0;
  #subscription: Subscription | undefined;
  /** Messages asked for that have not come. */
  #awaited = 0;
  #checkScheduled = false;
  #silentChecks = 0;
  #cancelTimer: CancelTimer | undefined;
  #round = 0;
  #state: 'open' | 'leaving' | 'closed' = 'open';
  /** What to add to this machine's monotonic clock to get the server's; NaN: not known. */
  #serverAheadMs = Number.NaN;
  #measuredAt = 0;
  /** How long the answer took that it is known by, ms. */
  #measuredWithin = Number.POSITIVE_INFINITY;
  #lastFailure = '';
  /** When the consumer was made, by the server's clock, epoch ms. */
  createdAt = Number.NEGATIVE_INFINITY;
  /** How long the server waits for a sign of life; no longer than this worker thinks. */
  ackWaitMs: number;

  constructor(options: PullSourceOptions) {
    this.#options = options;
    this.ackWaitMs = options.ackWaitMs;
    this.#apiSubject = `$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${options.name}`;
  }

  get isLeaving(): boolean {
    return this.#state !== 'open';
  }

  /** The server's clock, epoch ms; NaN when it is not known. Does not jump when this machine's is set. */
  serverNow(): number {
    return this.#options.connection.clock.monotonic() + this.#serverAheadMs;
  }

  /** For the present connection. Resolves when the first try has worked or failed; it is tried on. */
  async open(): Promise<void> {
    this.disconnected();
    const round = this.#round;
    try {
      await this.#start(round);
    } catch (error) {
      if (round !== this.#round || this.#state !== 'open') return;
      const failure = describe(error);
      if (failure !== this.#lastFailure) this.#options.log.warn({ consumer: this.#options.name, error: failure }, 'the runs of a job cannot be fetched yet, trying on');
      this.#lastFailure = failure;
      this.#cancelTimer = this.#options.connection.clock.after(AGAIN_MS, () => void this.open());
    }
  }

  /** There may be room. Looked at once the process has taken what lies on its socket. */
  more(): void {
    if (this.#checkScheduled || this.#subscription === undefined) return;
    this.#checkScheduled = true;
    this.#options.connection.clock.soon(() => this.#ask());
  }

  disconnected(): void {
    this.#round++;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
    this.#subscription = undefined;
    this.#awaited = 0;
    // The next connection may be to another server.
    this.#measuredWithin = Number.POSITIVE_INFINITY;
    this.#options.onReady(false);
  }

  /** Takes no more. Resolves when what was on its way has come, which goes to onMessage still. */
  async leave(): Promise<void> {
    this.#state = 'leaving';
    this.#cancelTimer?.();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription !== undefined) await takeRest(subscription);
    this.#state = 'closed';
    this.#round++;
  }

  async #start(round: number): Promise<void> {
    const { client } = this.#options.connection;
    await this.#measure(this.#consumer());
    if (round !== this.#round || this.#state !== 'open') return;
    this.#inbox = `${createInbox()}.`;
    this.#awaited = 0;
    this.#silentChecks = 0;
    this.#subscription = listen(client, `${this.#inbox}*`, (message) => this.#onRaw(message, round));
    this.#watch(round);
    this.#lastFailure = '';
    this.#options.onReady(true);
    this.#ask();
  }

  /** Answers about the consumer bear the server's time. */
  async #measure(asking: Promise<ConsumerInfo>): Promise<void> {
    const { clock } = this.#options.connection;
    const asked = clock.monotonic();
    const info = await asking;
    this.createdAt = Date.parse(info.created);
    this.ackWaitMs = Math.min(this.#options.ackWaitMs, (info.config.ack_wait ?? Number.POSITIVE_INFINITY) / NS_PER_MS);
    const told = Date.parse((info as { ts?: string }).ts ?? '');
    const answered = clock.monotonic();
    const within = answered - asked;
    if (within > VAGUE_MS && within >= this.#measuredWithin) return;
    this.#measuredAt = answered;
    this.#measuredWithin = within;
    this.#serverAheadMs = told - (asked + answered) / 2;
  }

  async #consumer(): Promise<ConsumerInfo> {
    const { consumers } = this.#options.connection.manager;
    const { name, subjects, ackWaitMs } = this.#options;
    const present = await consumers.info(STREAM, name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return undefined;
      throw error;
    });
    if (present !== undefined) return present.config.ack_wait === nanos(ackWaitMs) ? present : this.#withOwnWait(present);
    const config: Partial<ConsumerConfig> = {
      durable_name: name, ack_policy: AckPolicy.Explicit, ack_wait: nanos(ackWaitMs), max_deliver: -1, deliver_policy: DeliverPolicy.StartTime, opt_start_time: await this.#lookBackTo(),
      replay_policy: ReplayPolicy.Instant, filter_subjects: [...subjects], max_ack_pending: MAX_UNACKNOWLEDGED, max_waiting: 4_096, inactive_threshold: nanos(CONSUMER_KEPT_MS),
    };
    try {
      return await consumers.add(STREAM, config);
    } catch (error) {
      // Another worker has made it in between.
      if (!(error instanceof JetStreamApiError) || error.status !== 400) throw error;
      return consumers.info(STREAM, name);
    }
  }

  async #withOwnWait(present: ConsumerInfo): Promise<ConsumerInfo> {
    const { connection, name, ackWaitMs, log } = this.#options;
    try {
      return await connection.manager.consumers.update(STREAM, name, { ack_wait: nanos(ackWaitMs) });
    } catch (error) {
      // The first servers 2.10 change nothing of a consumer that begins at a time. Then signs of life are given as it needs them.
      if (!(error instanceof JetStreamApiError)) throw error;
      log.info({ consumer: name, ackWaitMs, error: describe(error) }, 'the consumer keeps the time to wait that it has');
      return present;
    }
  }

  /** By the server's clock, as this machine's may be wrong; older servers do not tell. */
  async #lookBackTo(): Promise<string> {
    const { manager, clock } = this.#options.connection;
    const told = Date.parse(((await manager.streams.info(STREAM)) as { ts?: string }).ts ?? '');
    return new Date((Number.isNaN(told) ? clock.now() : told) - LOOK_BACK_MS).toISOString();
  }

  #ask(): void {
    this.#checkScheduled = false;
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const room = this.#options.room() - this.#awaited;
    // In halves, so that fast handlers do not ask for each message apart.
    if (room < 1 || room < this.#awaited) return;
    this.#awaited += room;
    const { outbox } = this.#options.connection;
    outbox.send(this.#apiSubject, this.#inbox + this.#requests++, `{"batch":${room}${REQUEST_TAIL}`);
    outbox.flush();
  }

  #onRaw(message: Incoming, round: number): void {
    if (round !== this.#round) return;
    this.#silentChecks = 0;
    const { reply } = message;
    if (reply.startsWith('$JS.ACK.')) {
      this.#awaited--;
      this.#options.onMessage(message);
      if (this.#awaited <= 0) this.more();
      return;
    }
    const { head } = message;
    const status = headerStatus(head);
    if (status === 100) return;
    const left = Number(headerValue(head, 'Nats-Pending-Messages'));
    if (status === 404 || status === 408) {
      this.#awaited = Math.max(0, this.#awaited - (Number.isFinite(left) ? left : 0));
      this.more();
      return;
    }
    if (status >= 400) this.#break(`the server ended the delivery with status ${status}`, round);
  }

  #watch(round: number): void {
    this.#cancelTimer = this.#options.connection.clock.after(HEARTBEAT_MS, () => {
      if (round !== this.#round) return;
      this.#silentChecks = this.#awaited > 0 ? this.#silentChecks + 1 : 0;
      if (this.#silentChecks >= MAX_SILENT_CHECKS) this.#break('no heartbeat from the server', round);
      else this.#watch(round);
      this.more();
      const { connection, name } = this.#options;
      // Clocks drift apart.
      const keepsMs = this.#measuredWithin > VAGUE_MS ? 0 : MEASURE_AGAIN_MS;
      if (connection.clock.monotonic() - this.#measuredAt > keepsMs && connection.state === 'connected') this.#measure(connection.manager.consumers.info(STREAM, name)).catch(() => {});
    });
  }

  #break(reason: string, round: number): void {
    if (round !== this.#round || this.#state !== 'open') return;
    this.#options.log.info({ consumer: this.#options.name, reason }, 'fetching the runs of a job anew');
    this.disconnected();
    this.#cancelTimer = this.#options.connection.clock.after(AGAIN_MS, () => void this.open());
  }
}
