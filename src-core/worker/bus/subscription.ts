import type { NatsConnection } from '@nats-io/transport-node';
import type { Delivery } from '../../nats/delivery.ts';
import { describe } from '../../nats/errors.ts';
import { headerValue } from '../../nats/header-block.ts';
import type { Incoming } from '../../nats/incoming.ts';
import type { CancelTimer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { KEY_HEADER, begunKey, busStream, decodeEnvelope } from '../../wire/index.ts';
import type { ActorContext, ActorPool } from '../actors/index.ts';
import type { WorkerConnection } from '../connection.ts';
import { isSuspect } from '../common/suspects.ts';
import type { Suspects } from '../common/suspects.ts';
import { DeadlyMessageError, NoEnvelopeError } from '../errors.ts';
import type { Lock } from '../locks/held-lock.ts';
import { ensureConsumer, othersDone, recoverDeliveries } from './consumers.ts';
import type { Recovery } from './consumers.ts';
import { Ledger } from './ledger.ts';
import { PullReader } from './pull-reader.ts';
import type { TopicStream } from './streams.ts';
import { TakenMessage } from './taken-message.ts';

export type OnFailure = 'hold' | 'nak';

export interface SubscriptionOptions {
  readonly connection: WorkerConnection;
  readonly pool: ActorPool<TakenMessage<TopicSubscription>>;
  readonly log: Log;
  readonly base: string;
  readonly topic: string;
  readonly durable: string;
  readonly atLeastOnce: boolean;
  readonly from: 'all' | 'new';
  readonly onFailure: OnFailure;
  /** Most messages in hand. */
  readonly maxPending: number;
  readonly batch: number;
  readonly ackWaitMs: number;
  /** Delivered more often, it counts as a message that kills its process. */
  readonly maxDeliveries: number;
  readonly suspects: Suspects;
  /** False: it reads only between beginTurn() and endTurn(). */
  readonly hasTurn: boolean;
  /**
   * How long the server keeps a request for messages. Of an exclusive subscription no longer than its lock outlives its process:
   * whoever stands still then has no request left, into which messages would go, when the next one begins.
   */
  readonly expiresMs: number;
  ensureStream(): Promise<TopicStream>;
  handle(message: TakenMessage, context: ActorContext): unknown;
}

/** From the oldest message in hand to the newest delivered, so that what a crash leaves open can be asked for again one by one. */
const MAX_SPREAD = 50_000;
/** So long after the last one of what comes again, the server is asked whether there are more, and so often at most. */
const NOTHING_COMES_MS = 2_000;
const MOST_LOOKS = 4;
const OTHERS_LATE_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/** Brings what a durable consumer has into the actors' inboxes, and tells the server what became of it. */
export class TopicSubscription {
  readonly topic: string;
  readonly #options: SubscriptionOptions;
  readonly #stream: string;
  #ledger: Ledger<TakenMessage>;
  #reader: PullReader | undefined;
  /** Another one after each break: what an older one waited for means nothing any more. */
  #round = 0;
  #epoch = 0;
  #created = '';
  #highest = 0;
  #inHand = 0;
  /** While what was delivered before comes again. */
  #recovery: Recovery | undefined;
  /** What has come of it, over several connections if need be. */
  #again: TakenMessage<TopicSubscription>[] = [];
  #cancelLater: CancelTimer | undefined;
  /** Messages that found their inbox full. While there are any, no more are asked for. */
  #outside = 0;
  #isStopped = false;
  #hasTurn: boolean;
  #isInDoubt = false;
  /** By which it has its turn. */
  #lock: Pick<Lock, 'isHeld' | 'fence'> | undefined;
  #cancelTimer: CancelTimer | undefined;
  #cancelTouch: CancelTimer | undefined;
  #whenEmpty: (() => void)[] = [];

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.#stream = busStream(options.base, options.topic);
    this.#ledger = new Ledger(MAX_SPREAD + options.maxPending);
    this.#hasTurn = options.hasTurn;
    if (this.atLeastOnce) this.#touchLater();
  }

  get durable(): string {
    return this.#options.durable;
  }

  /** Of the stream, as the server wrote it. */
  get created(): string {
    return this.#created;
  }

  get atLeastOnce(): boolean {
    return this.#options.atLeastOnce;
  }

  /** Of its turn; the next one has a greater number. */
  get fence(): number | undefined {
    return this.#lock?.fence;
  }

  get onFailure(): OnFailure {
    return this.#options.onFailure;
  }

  /** Messages taken and not done. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Whether messages are asked for; false: the connection broke meanwhile. Rejects with BadOptionError, or with the client library's errors. */
  async start(): Promise<boolean> {
    this.disconnected();
    await this.#begin(this.#round, this.#options.connection.client);
    return this.#reader !== undefined;
  }

  connected(client: NatsConnection): void {
    if (!this.#isStopped && this.#hasTurn) void this.#tryOn(++this.#round, client, FIRST_PAUSE_MS);
  }

  disconnected(): void {
    this.#round++;
    this.#cancelTimer?.();
    this.#cancelLater?.();
    this.#reader?.close();
    this.#reader = undefined;
  }

  /** Its turn among several processes: it reads from now on, and tries until that works. */
  beginTurn(lock: Pick<Lock, 'isHeld' | 'fence'>): void {
    this.#lock = lock;
    this.#hasTurn = true;
    if (this.#options.connection.state === 'connected') this.connected(this.#options.connection.client);
  }

  /** Another process may have begun: what is in hand and not begun is left to it. */
  endTurn(): void {
    this.#hasTurn = false;
    this.disconnected();
    for (const [, message] of this.#ledger.held()) message.isDiscarded = true;
    this.#inHand -= this.#again.splice(0).length;
    this.#recovery = undefined;
    this.#ledger = new Ledger(MAX_SPREAD + this.#options.maxPending);
  }

  /** Of the pool's handler. */
  handle(message: TakenMessage, context: ActorContext): unknown {
    // After a pause of the process its messages come before word of the lock.
    if (this.#isInDoubt || this.#lock?.isHeld === false) this.#leave(message);
    if (message.isDiscarded) return undefined;
    if (!message.isReadable) throw new NoEnvelopeError(this.topic);
    if (this.atLeastOnce && message.deliveries > 1 && isSuspect(message.deliveries, this.#options.maxDeliveries)) return this.#handleAlone(message, context);
    return this.#options.handle(message, context);
  }

  /** The pool needs the message no more. */
  gone(message: TakenMessage): void {
    this.#inHand--;
    if (this.atLeastOnce && message.epoch === this.#epoch && !message.isDiscarded) {
      if (message.returnAfterMs === undefined) this.#confirm(message);
      else this.#giveBack(message);
    }
    if (this.#inHand === 0 && this.#whenEmpty.length > 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#reader?.refill();
  }

  /** Asks for nothing more. What is in hand goes on. */
  stopReading(): void {
    this.#isStopped = true;
    this.disconnected();
    // They are with no actor yet, so nobody is to wait for them; giveUp() sends them back.
    this.#inHand -= this.#again.splice(0).length;
  }

  /** Resolves when nothing is in hand. */
  drained(): Promise<void> {
    if (this.#inHand === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** What is still in hand goes back to the server, in order; its handlers, where they have not begun, never do. */
  giveUp(): void {
    this.#cancelTouch?.();
    for (const [, message] of [...this.#ledger.held()]) {
      message.returnAfterMs = 0;
      message.isDiscarded = true;
      this.#giveBack(message);
    }
  }

  /** The lock is lost, as far as the clock tells. A renewal that is on its way may say otherwise: then what was left has to come again, and until then nothing gets past it. */
  #leave(message: TakenMessage): void {
    message.isDiscarded = true;
    if (this.#isInDoubt) return;
    this.#isInDoubt = true;
    this.#options.connection.clock.after(FIRST_PAUSE_MS, () => {
      this.#isInDoubt = false;
      const lock = this.#lock;
      if (!this.#hasTurn || this.#isStopped || lock?.isHeld !== true) return;
      this.endTurn();
      this.beginTurn(lock);
    });
  }

  async #handleAlone(message: TakenMessage, context: ActorContext): Promise<unknown> {
    const { base, durable, maxDeliveries, suspects } = this.#options;
    const { deliveries } = message;
    const key = begunKey('bus', base, this.topic, durable, this.#created, String(message.sequence));
    const turn = await suspects.begin({ key, deliveries, maxDeliveries, isWanted: () => !message.isDiscarded });
    try {
      if (turn.verdict === 'unwanted') return undefined;
      if (turn.verdict === 'deadly') throw new DeadlyMessageError(this.topic, deliveries - 1);
      return await this.#options.handle(message, context);
    } finally {
      turn.end();
    }
  }

  async #tryOn(round: number, client: NatsConnection, pauseMs: number): Promise<void> {
    const { log, connection } = this.#options;
    try {
      await this.#begin(round, client);
    } catch (error) {
      if (round !== this.#round) return;
      log.warn({ topic: this.topic, error: describe(error) }, 'subscribing did not work, trying again');
      this.#cancelTimer = connection.clock.after(pauseMs, () => void this.#tryOn(round, client, Math.min(pauseMs * 2, MAX_PAUSE_MS)));
    }
  }

  async #begin(round: number, client: NatsConnection): Promise<void> {
    const { connection, durable, atLeastOnce, ackWaitMs, maxPending, batch, from, log } = this.#options;
    const { manager } = connection;
    const { created } = await this.#options.ensureStream();
    if (round !== this.#round) return;
    if (created !== this.#created) this.#newStream(created);
    await ensureConsumer(manager, { stream: this.#stream, name: durable, atLeastOnce, ackWaitMs, maxAckPending: maxPending + batch, from: this.#highest > 0 ? this.#firstMissing() : from });
    if (round !== this.#round) return;
    if (atLeastOnce) {
      if (this.#lock !== undefined) await othersDone(connection, this.#stream, durable, this.#options.expiresMs + OTHERS_LATE_MS);
      if (round !== this.#round) return;
      const recovery = await recoverDeliveries(client, manager, connection.outbox, this.#stream, durable, this.#ledger);
      if (round !== this.#round) return;
      this.#recovery = { until: recovery.until, messages: recovery.messages + this.#again.length };
      if (recovery.messages > 0) {
        log.info({ topic: this.topic, messages: recovery.messages }, 'messages come again that were delivered and not confirmed');
        this.#comeLater();
      } else this.#endRecovery();
    }
    this.#reader = new PullReader({
      client, outbox: connection.outbox, clock: connection.clock, stream: this.#stream, consumer: durable, batch, expiresMs: this.#options.expiresMs,
      room: () => (this.#outside > 0 || this.#ledger.spread > MAX_SPREAD ? 0 : Math.max(maxPending, this.#recovery?.messages ?? 0) - this.#inHand),
      onMessage: (message, delivery) => this.#take(message, delivery),
      onBroken: (reason) => this.#broken(reason, client),
    });
    this.#reader.start();
  }

  #broken(reason: string, client: NatsConnection): void {
    this.#reader = undefined;
    this.#options.log.warn({ topic: this.topic, reason }, 'the consumer broke off, opening it again');
    const round = ++this.#round;
    this.#cancelTimer = this.#options.connection.clock.after(FIRST_PAUSE_MS, () => void this.#tryOn(round, client, FIRST_PAUSE_MS));
  }

  /** Sequences begin anew, so what was known of them counts no more; what is in hand is still handled. */
  #newStream(created: string): void {
    if (this.#created !== '') {
      this.#options.log.warn({ topic: this.topic }, 'the stream is another one than before: it was deleted or lost');
      this.#epoch++;
      this.#ledger = new Ledger(MAX_SPREAD + this.#options.maxPending);
      this.#highest = 0;
    }
    this.#created = created;
  }

  /** Where a consumer that was deleted has to begin again. */
  #firstMissing(): number {
    return this.#ledger.oldest ?? this.#highest + 1;
  }

  #take(incoming: Incoming, { streamSequence: sequence, reply }: Delivery): void {
    const { atLeastOnce, connection } = this.#options;
    if (atLeastOnce) {
      const arrival = this.#ledger.look(sequence);
      if (arrival === 'held') return;
      if (arrival === 'done') return connection.outbox.send(reply, '', '+ACK');
    }
    const { head } = incoming;
    const named = head === '' ? '' : headerValue(head, KEY_HEADER);
    const envelope = atLeastOnce ? decodeEnvelope(incoming.text) : undefined;
    const key = envelope?.aggregateId ?? (named === '' ? undefined : named);
    const message = new TakenMessage<TopicSubscription>(this, { key, sequence, bytes: incoming.bytes, reply, epoch: this.#epoch, now: connection.clock.monotonic() });
    message.envelope = envelope;
    message.isReadable = !atLeastOnce || envelope !== undefined;
    if (sequence > this.#highest) this.#highest = sequence;
    if (atLeastOnce) this.#ledger.hold(sequence, message);
    this.#inHand++;
    if (this.#recovery !== undefined) {
      if (sequence <= this.#recovery.until || message.deliveries > 1) {
        this.#again.push(message);
        if (this.#again.length < this.#recovery.messages) this.#comeLater();
        else this.#endRecovery();
        return;
      }
      this.#endRecovery();
    }
    this.#hand(message);
  }

  /** What comes again is sorted before it goes to the actors. */
  #endRecovery(): void {
    this.#recovery = undefined;
    this.#cancelLater?.();
    this.#cancelLater = undefined;
    for (const message of this.#again.splice(0).sort((a, b) => a.sequence - b.sequence)) this.#hand(message);
  }

  /** Messages that the stream has no more do not come, and are not said to be missing. Others may be on the socket of a process that stood still, or late. */
  #comeLater(looks = MOST_LOOKS): void {
    this.#cancelLater?.();
    this.#cancelLater = this.#options.connection.clock.after(NOTHING_COMES_MS, () => void this.#lookForMore(looks));
  }

  async #lookForMore(looks: number): Promise<void> {
    const round = this.#round;
    const { length } = this.#again;
    const areLeft = looks > 0 && await this.#areLeft();
    // Whatever came meanwhile has its own time to wait.
    if (round !== this.#round || this.#recovery === undefined || this.#again.length !== length) return;
    if (areLeft) this.#comeLater(looks - 1);
    else this.#endRecovery();
  }

  /** Whether the server has delivered what is not in hand here, or cannot be asked. */
  async #areLeft(): Promise<boolean> {
    try {
      return (await this.#options.connection.manager.consumers.info(this.#stream, this.durable)).num_ack_pending > this.#ledger.count;
    } catch {
      return true;
    }
  }

  #hand(message: TakenMessage<TopicSubscription>): void {
    const waiting = this.#options.pool.take(message, message.key);
    if (waiting === undefined) return;
    this.#outside++;
    const inside = (): void => {
      this.#outside--;
      this.#reader?.refill();
    };
    // A pool that stops refuses: the message stays in hand, and goes back to the server.
    waiting.then(inside, () => {});
  }

  #confirm(message: TakenMessage): void {
    this.#ledger.finish(message.sequence);
    this.#options.connection.outbox.send(message.reply, '', '');
  }

  #giveBack(message: TakenMessage): void {
    if (this.#ledger.look(message.sequence) !== 'held') return;
    this.#ledger.release(message.sequence);
    const delay = message.returnAfterMs ?? 0;
    this.#options.connection.outbox.send(message.reply, '', delay > 0 ? `-NAK {"delay":${Math.round(delay * 1e6)}}` : '-NAK');
  }

  /** The server delivers again what it hears nothing of. */
  #touchLater(): void {
    const { connection, ackWaitMs } = this.#options;
    this.#cancelTouch = connection.clock.after(ackWaitMs / 3, () => {
      const now = connection.clock.monotonic();
      for (const [, message] of this.#ledger.held()) {
        if (now - message.touchedAt < ackWaitMs / 3) continue;
        message.touchedAt = now;
        connection.outbox.send(message.reply, '', '+WPI');
      }
      this.#touchLater();
    });
  }
}

