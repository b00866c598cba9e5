import type { Bus, BusObjectsOptions, BusState, Bucket, BucketOptions, BucketWatch, Feed, FeedMessage, FeedOptions, LogPublisher, LogPublisherOptions, StreamInfo, ReadOptions } from '../ports/bus.ts';
import type { BusAccess } from '../ports/bus-access.ts';
import type { Log } from '../ports/log.ts';
import { STREAM } from '../wire/index.ts';
import { openBucket } from './bucket.ts';
import { openBusAccess } from './bus-access.ts';
import { maxPayloadOf, request, respond } from './calls.ts';
import { Connection } from './connection.ts';
import type { TlsOptions } from './connection.ts';
import { ensureObjects } from './ensure-objects.ts';
import { NotPermittedError, apiCode, asUnavailable, isNotPermitted, isStreamMissing } from './errors.ts';
import { storedMessage } from './feed-message.ts';
import { openStreamFeed } from './feed.ts';
import { openLogPublisher } from './log-publisher.ts';
import { passBarrier } from './log-reconcile.ts';
import { readStored } from './read-stored.ts';
import { parseServerList } from './server-list.ts';
import { watchBucket } from './watch.ts';

export interface ConnectBusOptions {
  /** `nats://user:password@host:port`, several separated by commas. */
  readonly url: string;
  readonly log: Log;
  /** What the server's own lists call this connection. */
  readonly name: string;
  readonly tls?: TlsOptions;
  /** Contents of a NATS credentials file (JWT and seed). */
  readonly credentials?: string;
  /** How long NATS has for an answer to one question, instead of the two seconds or so after which a scheduler had better ask again. */
  readonly answerMs?: number;
}

const NO_MESSAGE = 10037;

/**
 * Resolves when the first try to reach NATS has worked or failed: `state` tells which. From then on it tries for ever.
 * Rejects with a TypeError when the URL is none.
 */
export async function connectBus(options: ConnectBusOptions): Promise<NatsBus> {
  const connection = new Connection({
    servers: parseServerList(options.url),
    name: options.name,
    log: options.log,
    ...(options.tls !== undefined ? { tls: options.tls } : {}),
    ...(options.credentials !== undefined ? { credentials: options.credentials } : {}),
    ...(options.answerMs !== undefined ? { answerMs: options.answerMs } : {}),
  });
  await connection.start();
  return new NatsBus(connection, options.log);
}

/** The Bus on a server, and the same connection for people. */
export class NatsBus implements Bus {
  readonly access: BusAccess;
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #reception = { isSuspect: false, owed: 0 };

  constructor(connection: Connection, log: Log) {
    this.#connection = connection;
    this.#log = log;
    this.access = openBusAccess(connection);
  }

  get state(): BusState {
    return this.#connection.state;
  }

  get serverUrl(): string {
    return this.#connection.serverUrl;
  }

  onState(listener: (state: BusState) => void): () => void {
    return this.#connection.onState(listener);
  }

  ensureObjects(options: BusObjectsOptions): Promise<readonly string[]> {
    return ensureObjects(this.#connection, options);
  }

  publishVoid(subject: string, text: string): void {
    if (this.#connection.state === 'connected') this.#connection.client.publish(subject, text);
  }

  openLog(options: LogPublisherOptions): LogPublisher {
    return openLogPublisher(this.#connection, options, this.#log, this.#reception);
  }

  openFeed(options: FeedOptions): Feed {
    return openStreamFeed(this.#connection, options, this.#log);
  }

  async settleLog(term: number): Promise<void> {
    try {
      // One server deals with one message after the other, and has by now.
      const { config } = await this.#connection.manager.streams.info(STREAM);
      if (config.num_replicas > 1) await passBarrier(this.#connection, term, 1);
    } catch (error) {
      if (!isStreamMissing(error)) throw explain(error, 'settling the runs stream');
    }
  }

  async streamInfo(stream: string): Promise<StreamInfo | undefined> {
    try {
      const { created, state } = await this.#connection.manager.streams.info(stream);
      return { created, firstSequence: state.first_seq, lastSequence: state.last_seq, messages: state.messages, bytes: state.bytes };
    } catch (error) {
      if (isStreamMissing(error)) return undefined;
      throw explain(error, `asking for stream ${stream}`);
    }
  }

  async purge(stream: string, throughSequence: number): Promise<void> {
    try {
      // The server's bound is the first sequence that stays.
      await this.#connection.manager.streams.purge(stream, { seq: throughSequence + 1 });
    } catch (error) {
      throw explain(error, `purging stream ${stream}`);
    }
  }

  bucket(name: string, options?: BucketOptions): Bucket {
    return openBucket(this.#connection, name, options);
  }

  watch(bucket: string, onEntry: (key: string, text: string | undefined) => void): Promise<BucketWatch> {
    return watchBucket(this.#connection, bucket, onEntry, this.#log);
  }

  async readMessage(stream: string, sequence: number): Promise<FeedMessage | undefined> {
    try {
      const stored = await this.#connection.manager.streams.getMessage(stream, { seq: sequence });
      return stored === null ? undefined : storedMessage(stored);
    } catch (error) {
      if (isStreamMissing(error) || apiCode(error) === NO_MESSAGE) return undefined;
      throw explain(error, `reading message ${sequence} of ${stream}`);
    }
  }

  async read(options: ReadOptions): Promise<boolean> {
    try {
      return await readStored(this.#connection, options);
    } catch (error) {
      throw explain(error, `reading ${options.stream}`);
    }
  }

  async request(subject: string, payload: Uint8Array, limitMs: number): Promise<Uint8Array> {
    return request(this.#connection, subject, payload, limitMs);
  }

  respond(subject: string, handler: (payload: Uint8Array) => Promise<Uint8Array>, queue?: string): () => Promise<void> {
    return respond(this.#connection, { subject, handler, ...(queue === undefined ? {} : { queue }) }, this.#log);
  }

  get maxPayloadBytes(): number {
    return maxPayloadOf(this.#connection);
  }

  roundTripMs(): Promise<number> {
    return this.#connection.roundTripMs();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function explain(error: unknown, doing: string): Error {
  return isNotPermitted(error) ? new NotPermittedError(doing, error) : asUnavailable(error, doing);
}
