import { UnansweredError, UnavailableError } from '../../src-core/domain/errors.ts';
import type { CancelTimer, Clock } from '../../src-core/ports/clock.ts';
import type { Bus, BusObjectsOptions, BusState, Bucket, BucketEntry, BucketWatch, Feed, FeedMessage, FeedOptions, LogPublisher, LogPublisherOptions, ReadOptions, StreamInfo } from '../../src-core/ports/bus.ts';
import { kvPrefix, kvStream, STREAM } from '../../src-core/wire/index.ts';
import { MemoryFeed } from './memory-feed.ts';
import { MemoryLog } from './memory-log.ts';
import type { MemoryNats, Responder } from './memory-nats.ts';
import { asFeedMessage, isDeletion } from './memory-streams.ts';
import type { MemoryStream } from './memory-streams.ts';
import { MemoryWatch } from './memory-watch.ts';

/** How long the client library waits for an answer. */
const CALL_LIMIT_MS = 2000;

/** A message on its way to the server. */
interface Flight {
  readonly sentAt: number;
  readonly arrive: (sentAt: number) => void;
}

/**
 * One node's connection to a MemoryNats. Beyond a Bus it can be slow, be stalled, be cut and mended, and lose
 * acknowledgements: what a fault plan does to a node. What the node has sent travels on while its process stands still;
 * what comes in waits for it.
 */
export class MemoryBus implements Bus {
  readonly serverUrl = 'nats://memory';
  readonly server: MemoryNats;
  /** Of the process whose connection this is. */
  readonly clock: Clock;
  /** While true, what is published arrives, but its acknowledgement does not. */
  losesAcks = false;
  /** One way. Asked for each message; order is kept all the same. */
  latencyMs: () => number = () => 0;
  /** What a feed of the stream takes beyond that. */
  readLatencyMs: (stream: string) => number = () => 0;
  /** Publishers that were opened and not stopped. */
  readonly logs = new Set<{ readonly term: number; maySend(): boolean }>();
  readonly #listeners = new Set<(state: BusState) => void>();
  readonly #readers = new Set<() => void>();
  readonly #stalledIn: (() => void)[] = [];
  #out: Flight[] = [];
  #lastOut = 0;
  #lastIn = 0;
  #state: BusState = 'connected';
  #isStalled = false;

  constructor(server: MemoryNats, clock: Clock = server.clock) {
    this.server = server;
    this.clock = clock;
  }

  get state(): BusState {
    return this.#state;
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Nothing gets through in either direction, and nobody notices. */
  stall(): void {
    if (this.#state === 'connected') this.#isStalled = true;
  }

  /** What was held up arrives, late. */
  flow(): void {
    if (!this.#isStalled) return;
    this.#isStalled = false;
    this.#land();
    for (const action of this.#stalledIn.splice(0)) this.clock.soon(action);
    for (const wake of [...this.#readers]) wake();
  }

  /** Those who read streams are told when they can go on. */
  onFlow(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => this.#readers.delete(wake);
  }

  /** Breaks the connection. What is on its way to the server arrives or is lost; answers under way are lost. */
  cut({ loses = false }: { loses?: boolean } = {}): void {
    if (this.#state !== 'connected') return;
    if (loses || this.#isStalled) this.#out = [];
    this.#isStalled = false;
    this.#stalledIn.length = 0;
    this.#land();
    this.#enter('disconnected');
  }

  /** Hands over to the server: at once, or after the way there, in order. */
  send(arrive: (sentAt: number) => void): void {
    const sentAt = this.server.clock.monotonic();
    const latency = this.latencyMs();
    if (latency === 0 && !this.#isStalled && this.#out.length === 0) {
      arrive(sentAt);
      return;
    }
    const flight = { sentAt, arrive };
    this.#out.push(flight);
    this.#lastOut = Math.max(this.#lastOut, sentAt + latency);
    this.server.clock.after(this.#lastOut - sentAt, () => {
      if (this.#isStalled || !this.#out.includes(flight)) return;
      while (this.#out.length > 0) {
        const next = this.#out.shift() as Flight;
        next.arrive(next.sentAt);
        if (next === flight) return;
      }
    });
  }

  /** The process takes it in: at its next turn, or after the way back. Lost when the connection breaks before. */
  receive(action: () => void): void {
    const latency = this.latencyMs();
    if (latency === 0 && !this.#isStalled) {
      this.clock.soon(action);
      return;
    }
    let isLost = false;
    const stopListening = this.onState((state) => {
      if (state !== 'connected') isLost = true;
    });
    const take = (): void => {
      stopListening();
      if (!isLost) action();
    };
    const now = this.server.clock.monotonic();
    this.#lastIn = Math.max(this.#lastIn, now + latency);
    this.server.clock.after(this.#lastIn - now, () => {
      if (this.#isStalled) this.#stalledIn.push(take);
      else this.clock.soon(take);
    });
  }

  #land(): void {
    for (const { arrive, sentAt } of this.#out.splice(0)) arrive(sentAt);
  }

  mend(): void {
    if (this.#state === 'disconnected') this.#enter('connected');
  }

  onState(listener: (state: BusState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async ensureObjects({ reportsMaxBytes = 0 }: Partial<BusObjectsOptions> = {}): Promise<readonly string[]> {
    await this.ask(() => this.server.makeObjects(reportsMaxBytes > 0));
    return [];
  }

  /** Its streams deal with a message as it comes. */
  async settleLog(): Promise<void> {
    await this.streamInfo(STREAM);
  }

  publishVoid(subject: string, text: string): void {
    if (this.#state === 'connected') this.send((sentAt) => void this.server.publish(subject, text, {}, sentAt));
  }

  openLog(options: LogPublisherOptions): LogPublisher {
    return new MemoryLog(this, options);
  }

  openFeed(options: FeedOptions): Feed {
    return new MemoryFeed(this, options);
  }

  async streamInfo(stream: string): Promise<StreamInfo | undefined> {
    return this.ask(() => this.server.stream(stream)?.info(this.server.clock.now()));
  }

  async purge(stream: string, throughSequence: number): Promise<void> {
    await this.ask(() => this.need(stream).purge(throughSequence));
  }

  bucket(name: string): Bucket {
    const prefix = kvPrefix(name);
    const newest = (key: string): BucketEntry | undefined => {
      const message = this.need(kvStream(name)).newestOf(prefix + key, this.server.clock.now());
      return message === undefined || isDeletion(message) ? undefined : { key, text: message.text, revision: message.sequence };
    };
    const lastSequence = (key: string): number => this.need(kvStream(name)).newestOf(prefix + key, this.server.clock.now())?.sequence ?? 0;
    return {
      get: (key) => this.ask(() => newest(key)),
      compareAndSet: (key, text, revision) => this.ask(() => {
        const fits = revision === 0 ? newest(key) === undefined : lastSequence(key) === revision;
        return fits ? this.server.put(name, key, text) : undefined;
      }),
      compareAndDelete: (key, revision) => this.ask(() => {
        if (lastSequence(key) !== revision) return false;
        this.server.put(name, key, '', { 'KV-Operation': 'DEL' });
        return true;
      }),
    };
  }

  async watch(bucket: string, onEntry: (key: string, text: string | undefined) => void): Promise<BucketWatch> {
    await this.roundTrip();
    this.need(kvStream(bucket));
    return new MemoryWatch(this, bucket, onEntry);
  }

  async readMessage(stream: string, sequence: number): Promise<FeedMessage | undefined> {
    await this.roundTrip();
    const message = this.server.stream(stream)?.at(sequence, this.server.clock.now());
    return message === undefined ? undefined : asFeedMessage(message, Number.POSITIVE_INFINITY);
  }

  async read({ stream, subjects, from = 1, storedFrom = 0, onMessage }: ReadOptions): Promise<boolean> {
    await this.roundTrip();
    const kept = this.server.stream(stream);
    const last = kept?.lastSequence ?? 0;
    for (let message = kept?.next(from, this.server.clock.now()); message !== undefined && message.sequence <= last; message = kept?.next(message.sequence + 1, this.server.clock.now())) {
      if (message.storedAt < storedFrom || !subjects.some((subject) => covers(subject, message!.subject))) continue;
      if (!onMessage({ ...asFeedMessage(message, Number.POSITIVE_INFINITY), headers: message.headers })) return true;
    }
    return true;
  }

  readonly maxPayloadBytes = 1024 * 1024;

  request(subject: string, payload: Uint8Array, limitMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (payload.length > this.maxPayloadBytes) return reject(new UnavailableError('That is more than one message may hold.'));
      if (this.#state !== 'connected') return reject(new UnavailableError(`The connection in memory is ${this.#state}.`));
      const settle = (act: () => void): void => {
        stopListening();
        cancelLimit();
        act();
      };
      const unanswered = (reason: string) => (): void => settle(() => reject(new UnansweredError(`No answer on ${subject}: ${reason}.`)));
      const stopListening = this.onState(unanswered('the connection broke'));
      const cancelLimit = this.clock.after(limitMs, unanswered(`none within ${limitMs} ms`));
      const bytes = payload.slice();
      this.clock.soon(() => this.send(() => {
        const responders = this.server.respondersOf((each) => each.bus.state === 'connected' && covers(each.subject, subject));
        if (responders.length === 0) return this.receive(() => settle(() => reject(new UnavailableError(`Nobody answers on ${subject}.`))));
        for (const responder of responders) {
          responder.bus.receive(() => void responder.handler(bytes).then((answer) => {
            if (responder.bus.state !== 'connected' || answer.length > this.maxPayloadBytes) return;
            responder.bus.send(() => this.receive(() => settle(() => resolve(answer))));
          }, () => undefined));
        }
      }));
    });
  }

  respond(subject: string, handler: (payload: Uint8Array) => Promise<Uint8Array>, queue = ''): () => Promise<void> {
    const underWay = new Set<Promise<Uint8Array>>();
    const responder: Responder = {
      bus: this, subject, queue,
      handler(payload) {
        const answering = handler(payload);
        underWay.add(answering);
        return answering.finally(() => underWay.delete(answering));
      },
    };
    this.server.responders.add(responder);
    return async () => {
      this.server.responders.delete(responder);
      await Promise.allSettled(underWay);
    };
  }

  async roundTripMs(): Promise<number> {
    const start = this.server.clock.monotonic();
    await this.roundTrip();
    return this.server.clock.monotonic() - start;
  }

  async close(): Promise<void> {
    if (this.#state !== 'closed') this.#enter('closed');
  }

  /** A call to the server: there, and back with what it says. Rejects when the connection breaks meanwhile, or nothing comes. */
  ask<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new UnavailableError(`The connection in memory is ${this.#state}.`));
      if (this.#state !== 'connected') {
        gone();
        return;
      }
      let isOpen = true;
      let cancel: CancelTimer = () => {};
      const end = (how: () => void): void => {
        if (!isOpen) return;
        isOpen = false;
        stopListening();
        cancel();
        how();
      };
      const stopListening = this.onState((state) => {
        if (state !== 'connected') end(gone);
      });
      this.clock.soon(() => {
        if (!isOpen) return;
        if (this.#isStalled) cancel = this.clock.after(CALL_LIMIT_MS, () => end(() => reject(new UnavailableError('NATS did not answer in time.'))));
        this.send(() => {
          const say = said(act, resolve, reject);
          this.receive(() => end(say));
        });
      });
    });
  }

  async roundTrip(): Promise<void> {
    await this.ask(() => undefined);
  }

  need(stream: string): MemoryStream {
    const found = this.server.stream(stream);
    if (found === undefined) throw new UnavailableError(`There is no stream ${stream}.`);
    return found;
  }

  #enter(state: BusState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

function said<T>(act: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
  try {
    const value = act();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}

/** As NATS reads `*` and `>`. */
function covers(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  if (wanted.at(-1) === '>') return tokens.length >= wanted.length && wanted.slice(0, -1).every((token, index) => token === '*' || token === tokens[index]);
  return tokens.length === wanted.length && wanted.every((token, index) => token === '*' || token === tokens[index]);
}
