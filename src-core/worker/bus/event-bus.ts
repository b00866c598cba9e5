import { nuid } from '@nats-io/transport-node';
import { UnavailableError } from '../../domain/errors.ts';
import { describe, isAway } from '../../nats/errors.ts';
import { roundTripWithin } from '../../nats/round-trip.ts';
import type { Log } from '../../ports/log.ts';
import { KEY_HEADER, MAX_SHARED_NAME_LENGTH, MSG_ID_HEADER, busSubject, deadEventSubject, encodeEnvelope } from '../../wire/index.ts';
import type { Envelope } from '../../wire/index.ts';
import { openActorPool } from '../actors/index.ts';
import type { ActorContext, ActorPool, AfterFailure, DeadLetter } from '../actors/index.ts';
import { afterFailure, defaultRestartDelay } from '../actors/failure.ts';
import type { RestartLimits } from '../actors/failure.ts';
import { checkKnown } from '../common/known-options.ts';
import { durationMs } from '../common/duration.ts';
import { inTime } from '../common/in-time.ts';
import type { OptionNames } from '../common/known-options.ts';
import { chooseConnection, CONNECTION_OPTIONS } from '../connection.ts';
import type { WorkerConnection } from '../connection.ts';
import { keepDeadLetter } from '../dead-letters.ts';
import { Suspects } from '../common/suspects.ts';
import { PATIENCE_MS, WorkerBucket } from '../common/worker-bucket.ts';
import { BadOptionError, BusStoppedError, DeadlyMessageError, NoEnvelopeError, checkedName, checkedWhole } from '../errors.ts';
import { silentLog } from '../silent-log.ts';
import { openLocks } from '../locks/locks.ts';
import type { OpenLocks } from '../locks/locks.ts';
import { ensureTopicStream } from './streams.ts';
import type { TopicStorage, TopicStream } from './streams.ts';
import { TopicSubscription } from './subscription.ts';
import type { BusMessage, TakenMessage } from './taken-message.ts';
import { TopicPublisher } from './topic-publisher.ts';
import type { Outgoing } from './topic-publisher.ts';
import { Turns } from './turns.ts';
import type { BusSubscription, EnvelopeContext, EnvelopeOptions, EventBus, EventBusOptions, SubscribeOptions } from './types.ts';

const BUS_OPTIONS: OptionNames<EventBusOptions> = {
  client: true, base: true, actors: true, inboxSize: true, maxRestarts: true, restartWindowMs: true, restartDelayMs: true, limits: true, connectWithin: true, registry: true, ...CONNECTION_OPTIONS,
};
const SUBSCRIBE_OPTIONS: OptionNames<EnvelopeOptions> = {
  durable: true, from: true, batch: true, maxPending: true, onFailure: true, exclusive: true, lockTtlMs: true, ackWaitMs: true, maxDeliveries: true,
};
const CONNECT_WITHIN_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
const LAST_TRIP_MS = 5_000;
const DEFAULT_BATCH = 500;
const REQUEST_MS = 30_000;
const BAD_IN_HEADER = /[\r\n]|^\s|\s$|^$/;
/** Bytes of UTF-8 that are none come back as this character. */
const REPLACEMENT = '\ufffd';

/** Resolves when the connection is up. Rejects with BadOptionError, and with UnavailableError when NATS is away for as long as `connectWithin` says. */
export async function openEventBus(options: EventBusOptions): Promise<EventBus> {
  checkKnown('openEventBus', options, BUS_OPTIONS);
  const client = checkedName('client', options.client);
  const base = checkedName('base', options.base ?? 'natsjob-bus');
  const limitMs = durationMs('connectWithin', options.connectWithin ?? CONNECT_WITHIN_MS, 0, Number.POSITIVE_INFINITY);
  const bus = new Bus({ ...options, client, base }, await chooseConnection({ name: `natsjob-bus-${client}`, ...options }));
  try {
    await bus.start(limitMs);
  } catch (error) {
    await bus.stop({ graceMs: 0 });
    throw error;
  }
  return bus;
}

type Pooled = TakenMessage<TopicSubscription>;

class Bus implements EventBus {
  readonly client: string;
  readonly pool: ActorPool<Pooled>;
  readonly #options: EventBusOptions & { readonly base: string };
  readonly #connection: WorkerConnection;
  readonly #isOwn: boolean;
  readonly #log: Log;
  readonly #publisher: TopicPublisher;
  readonly #suspects: Suspects;
  readonly #subscriptions = new Set<TopicSubscription>();
  /** Of this connection; the promise of the one who asked first. */
  #streams = new Map<string, Promise<TopicStream>>();
  /** Topics whose streams have copies. */
  readonly #replicated = new Set<string>();
  /** Asked for so far, to be there again after a break. */
  readonly #topics = new Map<string, TopicStorage>();
  readonly #turns = new Set<Turns>();
  #locks: Promise<OpenLocks> | undefined;
  readonly #opening = new Map<string, Promise<void>>();
  readonly #said = new Set<string>();
  readonly #idPrefix = `${nuid.next()}-`;
  #nextId = 0;
  #stopListening: () => void = () => {};
  #stopped: Promise<void> | undefined;
  #tellStopped: (error: Error) => void = () => {};
  readonly #whenStopped: Promise<never>;

  constructor(options: EventBusOptions & { readonly base: string }, { connection, isOwn }: { connection: WorkerConnection; isOwn: boolean }) {
    const { client, actors, inboxSize, maxRestarts = 3, restartWindowMs = 60_000, restartDelayMs, registry, log = silentLog } = options;
    this.client = client;
    this.#options = options;
    this.#connection = connection;
    this.#isOwn = isOwn;
    this.#log = log;
    this.#whenStopped = new Promise((_, reject) => (this.#tellStopped = reject));
    this.#whenStopped.catch(() => {});
    this.#publisher = new TopicPublisher(connection.clock, (subject) => this.#reopen(subject.slice(options.base.length + 1)));
    let bucket: WorkerBucket | undefined;
    this.#suspects = new Suspects(() => (bucket ??= new WorkerBucket(connection, PATIENCE_MS)), log);
    const limits = { maxRestarts, windowMs: restartWindowMs };
    this.pool = openActorPool<Pooled>({
      name: client, log, clock: connection.clock, maxRestarts, restartWindowMs,
      ...(actors !== undefined ? { actors } : {}), ...(inboxSize !== undefined ? { inboxSize } : {}),
      ...(restartDelayMs !== undefined ? { restartDelayMs } : {}), ...(registry !== undefined ? { registry } : {}),
      handler: (message, context) => message.owner.handle(message, context),
      onFailure: (message, error, failures) => verdictOf(message, error, failures, limits, restartDelayMs),
      onDeadLetter: (letter) => this.#keepDeadLetter(letter),
      onGone: (message) => message.owner.gone(message),
    });
  }

  /** Rejects with UnavailableError. */
  async start(limitMs: number): Promise<void> {
    this.#stopListening = this.#connection.onState((state) => {
      this.#streams = new Map();
      this.#publisher.pause();
      for (const subscription of this.#subscriptions) subscription.disconnected();
      if (state === 'connected') this.#connected();
    });
    const away = (): Error => new UnavailableError(`NATS at ${this.#connection.serverUrl} was not reached within ${limitMs} ms.`);
    await inTime(this.#connection.clock, limitMs, this.#connection.whenConnected(), away);
    if (this.#connection.state === 'connected') this.#publisher.resume(this.#connection.client);
  }

  async publish(topic: string, payload: string | Uint8Array, { key }: { readonly key?: string } = {}): Promise<number> {
    if (key !== undefined && BAD_IN_HEADER.test(key)) throw new BadOptionError('key', 'a text without line breaks, and without blanks at its ends', key);
    const head = key === undefined ? '' : `NATS/1.0\r\n${KEY_HEADER}: ${key}\r\n\r\n`;
    return this.#publish(topic, 'memory', head, payload, false, undefined);
  }

  async publishEnvelope(topic: string, envelope: Envelope, { id }: { readonly id?: string } = {}): Promise<number> {
    if (id !== undefined && BAD_IN_HEADER.test(id)) throw new BadOptionError('id', 'a text without line breaks, and without blanks at its ends', id);
    const body = encodeEnvelope(envelope);
    if (body === undefined) throw new BadOptionError('envelope', 'an aggregateId, a type, a whole version from 0, at in epoch ms, and a payload that JSON has');
    return this.#publish(topic, 'file', `NATS/1.0\r\n${MSG_ID_HEADER}: ${id ?? this.#idPrefix + this.#nextId++}\r\n\r\n`, body, true, envelope.aggregateId);
  }

  subscribe(topic: string, handler: (message: BusMessage, context: ActorContext) => unknown, options: SubscribeOptions = {}): Promise<BusSubscription> {
    return this.#subscribe(topic, 'memory', options, (message, context) => handler(message, context));
  }

  subscribeEnvelope<Payload>(topic: string, handler: (envelope: Envelope<Payload>, context: EnvelopeContext) => unknown, options: EnvelopeOptions = {}): Promise<BusSubscription> {
    return this.#subscribe(topic, 'file', options, (message, context) => handler(message.envelope as Envelope<Payload>, { ...context, message, fence: message.owner.fence }));
  }

  stop({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    return (this.#stopped ??= this.#stop(graceMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(graceMs: number): Promise<void> {
    this.#tellStopped(new BusStoppedError(this.client));
    for (const subscription of this.#subscriptions) subscription.stopReading();
    await Promise.all([this.pool.stop({ graceMs }), this.#within(graceMs, this.#publisher.drained())]);
    for (const subscription of this.#subscriptions) subscription.giveUp();
    this.#suspects.close();
    this.#connection.outbox.flush();
    await Promise.all([...this.#turns].map((turns) => turns.stop()));
    await (await this.#locks)?.close();
    this.#stopListening();
    this.#publisher.close();
    this.#connection.outbox.flush();
    if (this.#isOwn) await this.#connection.close();
    else if (this.#connection.state === 'connected') await roundTripWithin(this.#connection.client, LAST_TRIP_MS);
  }

  /** Without a wait once the stream is there, so that messages go out in the order of the calls. */
  #publish(topic: string, storage: TopicStorage, head: string, body: string | Uint8Array, isRepeated: boolean, key: string | undefined): Promise<number> {
    this.#checkRunning();
    const message = { subject: busSubject(this.#options.base, topic), head, body, isRepeated };
    if (this.#topics.has(topic)) return this.#hand(topic, key, message);
    return this.#firstPublish(topic, storage, key, message);
  }

  async #firstPublish(topic: string, storage: TopicStorage, key: string | undefined, message: Outgoing): Promise<number> {
    checkedName('topic', topic);
    let opening = this.#opening.get(topic);
    if (opening === undefined) {
      opening = this.#open(topic, storage).finally(() => this.#opening.delete(topic));
      this.#opening.set(topic, opening);
    }
    await opening;
    this.#topics.set(topic, this.#topics.get(topic) ?? storage);
    return this.#hand(topic, key, message);
  }

  #hand(topic: string, key: string | undefined, message: Outgoing): Promise<number> {
    return this.#publisher.publish(key !== undefined && this.#replicated.has(topic) ? { ...message, lane: `${topic} ${key}` } : message);
  }

  /** One for all who publish meanwhile, so that they go on in the order in which they came. */
  async #open(topic: string, storage: TopicStorage): Promise<void> {
    for (;;) {
      const streams = this.#streams;
      try {
        await this.#ensure(topic, storage);
        return;
      } catch (error) {
        // Word of a break of the connection may come a moment after its errors.
        await new Promise<void>((resolve) => this.#connection.clock.soon(resolve));
        if (streams === this.#streams) await this.#waitOut(error);
        this.#checkRunning();
        if (this.#connection.state === 'closed') throw error;
      }
    }
  }

  async #start(subscription: TopicSubscription): Promise<void> {
    for (;;) {
      this.#checkRunning();
      try {
        if (await subscription.start()) return;
        await this.#whenConnected();
      } catch (error) {
        await this.#waitOut(error);
      }
    }
  }

  /** Resolves when it may be tried again: NATS was silent or away. Rejects with any other error. */
  async #waitOut(error: unknown): Promise<void> {
    if (this.#stopped === undefined && isAway(error)) await new Promise<void>((resolve) => this.#connection.clock.after(FIRST_PAUSE_MS, resolve));
    this.#checkRunning();
    if (!isAway(error) || this.#connection.state === 'closed') throw error;
    await this.#whenConnected();
  }

  /** Rejects with BusStoppedError as soon as the bus stops. */
  #whenConnected(): Promise<void> {
    return Promise.race([this.#connection.whenConnected(), this.#whenStopped]);
  }

  #checkRunning(): void {
    if (this.#stopped !== undefined) throw new BusStoppedError(this.client);
  }

  async #subscribe(topic: string, storage: TopicStorage, options: EnvelopeOptions, handle: (message: TakenMessage, context: ActorContext) => unknown): Promise<BusSubscription> {
    this.#checkRunning();
    checkedName('topic', topic);
    checkKnown('a subscription', options, SUBSCRIBE_OPTIONS);
    const atLeastOnce = storage === 'file';
    const lockTtlMs = checkedWhole('lockTtlMs', options.lockTtlMs, 10_000, 1_000, 3_600_000);
    const batch = checkedWhole('batch', options.batch, DEFAULT_BATCH, 1, 10_000);
    const subscription = new TopicSubscription({
      connection: this.#connection, pool: this.pool, log: this.#log, base: this.#options.base, topic, atLeastOnce, batch, handle,
      durable: checkedName('durable', options.durable ?? this.client), from: options.from ?? (atLeastOnce ? 'all' : 'new'), onFailure: options.onFailure ?? 'hold',
      maxPending: checkedWhole('maxPending', options.maxPending, 4 * batch, batch, 100_000), ackWaitMs: checkedWhole('ackWaitMs', options.ackWaitMs, 30_000, 100, 86_400_000),
      maxDeliveries: checkedWhole('maxDeliveries', options.maxDeliveries, 10, 1, 1_000_000), suspects: this.#suspects,
      ensureStream: () => this.#ensure(topic, storage), hasTurn: options.exclusive !== true, expiresMs: options.exclusive === true ? Math.min(lockTtlMs, REQUEST_MS) : REQUEST_MS,
    });
    await this.#whenConnected();
    this.#checkRunning();
    this.#subscriptions.add(subscription);
    let turns: Turns | undefined;
    try {
      if (options.exclusive === true) turns = await this.#takeTurns(subscription, lockTtlMs);
      else await this.#start(subscription);
    } catch (error) {
      subscription.stopReading();
      subscription.giveUp();
      this.#subscriptions.delete(subscription);
      throw error;
    }
    const stop = async ({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> => {
      subscription.stopReading();
      await this.#within(graceMs, subscription.drained());
      subscription.giveUp();
      this.#connection.outbox.flush();
      this.#subscriptions.delete(subscription);
      if (turns !== undefined) {
        this.#turns.delete(turns);
        await turns.stop();
      }
    };
    return {
      topic,
      get inHand() {
        return subscription.inHand;
      },
      stop,
      [Symbol.asyncDispose]: () => stop(),
    };
  }

  async #takeTurns(subscription: TopicSubscription, ttlMs: number): Promise<Turns> {
    this.#locks ??= openLocks({ connection: this.#connection, holder: `event bus ${this.client}` });
    const locks = await this.#locks;
    this.#checkRunning();
    const turns = new Turns({
      locks, ttlMs, log: this.#log, clock: this.#connection.clock, isOver: () => this.#connection.state === 'closed', key: `bus ${this.#options.base} ${subscription.topic} ${subscription.durable}`.slice(0, MAX_SHARED_NAME_LENGTH),
      begin: (lock) => subscription.beginTurn(lock), end: () => subscription.endTurn(),
    });
    this.#turns.add(turns);
    turns.start();
    return turns;
  }

  #ensure(topic: string, wanted: TopicStorage): Promise<TopicStream> {
    const { base, limits = {} } = this.#options;
    const asked = this.#streams.get(topic);
    const streams = this.#streams;
    const stream = asked ?? this.#whenConnected().then(() => ensureTopicStream(this.#connection.manager, base, topic, wanted, limits[wanted] ?? {}));
    if (asked === undefined) {
      streams.set(topic, stream);
      // The next one who asks tries again.
      stream.catch(() => streams.delete(topic));
    }
    return stream.then((found) => {
      this.#compare(topic, wanted, found.storage);
      if (found.isReplicated) this.#replicated.add(topic);
      return found;
    });
  }

  #reopen(topic: string): Promise<unknown> {
    this.#streams.delete(topic);
    return this.#ensure(topic, this.#topics.get(topic) ?? 'file');
  }

  #compare(topic: string, wanted: TopicStorage, found: TopicStorage): void {
    const said = `${topic} ${wanted}`;
    if (found === wanted || this.#said.has(said)) return;
    this.#said.add(said);
    this.#log.warn({ topic, storage: found, wanted }, 'the stream of the topic is stored otherwise than this asks for; it is used as it is');
  }

  #connected(): void {
    const { client } = this.#connection;
    for (const subscription of this.#subscriptions) subscription.connected(client);
    void this.#resume(this.#streams, FIRST_PAUSE_MS);
  }

  /** The streams first: those in memory are gone when the server was started anew. */
  async #resume(streams: Map<string, Promise<TopicStream>>, pauseMs: number): Promise<void> {
    try {
      await Promise.all([...this.#topics].map(([topic, storage]) => this.#ensure(topic, storage)));
      if (streams === this.#streams && this.#connection.state === 'connected') this.#publisher.resume(this.#connection.client);
    } catch (error) {
      if (streams !== this.#streams) return;
      this.#log.warn({ error: describe(error) }, 'the streams of the event bus are not there, trying again');
      this.#connection.clock.after(pauseMs, () => {
        if (streams === this.#streams && this.#connection.state === 'connected') void this.#resume(streams, Math.min(pauseMs * 2, MAX_PAUSE_MS));
      });
    }
  }

  async #keepDeadLetter({ message, error, failures }: DeadLetter<Pooled>): Promise<void> {
    const { topic, sequence, key = '', deliveries, text } = message;
    const { base } = this.#options;
    const subject = deadEventSubject(base, topic, message.owner.durable, sequence);
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#log.error({ topic, key, sequence, error: reason, failures }, 'a message was given up');
    await keepDeadLetter(this.#connection, subject, {
      at: this.#connection.clock.now(), subject: busSubject(base, topic), key, error: reason, deliveries: deliveries - 1 + failures,
      payload: text.includes(REPLACEMENT) ? `base64:${message.bytes.toString('base64')}` : text,
    }, `${subject} ${message.owner.created}`);
  }

  /** Resolves when the other does, or the time is up. */
  #within(ms: number, other: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#connection.clock.after(ms, resolve);
      void other.then(() => {
        cancel();
        resolve();
      });
    });
  }
}

/** A message at most once is dropped. One that goes back to the server is counted by the server. */
function verdictOf(message: Pooled, error: unknown, failures: number, limits: RestartLimits, delay = defaultRestartDelay): AfterFailure {
  const { owner, deliveries } = message;
  if (!owner.atLeastOnce) return 'drop';
  if (error instanceof NoEnvelopeError || error instanceof DeadlyMessageError) return 'dead-letter';
  if (owner.onFailure === 'hold') return afterFailure(failures, error, limits);
  const verdict = afterFailure(deliveries, error, limits);
  if (verdict === 'dead-letter') return verdict;
  message.returnAfterMs = delay(deliveries);
  return 'drop';
}
