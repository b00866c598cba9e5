import { connect, credsAuthenticator } from '@nats-io/transport-node';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { BusState } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { UnavailableError } from '../domain/errors.ts';
import { resetSocket } from './client-internals.ts';
import { asUnavailable, describe } from './errors.ts';
import { readFast } from './fast-reader.ts';
import { requestPatiently } from './patient-requests.ts';
import { roundTrip, roundTripWithin } from './round-trip.ts';
import { discovered, publicUrl } from './server-list.ts';
import type { ServerAddress } from './server-list.ts';

export interface ConnectionOptions {
  readonly servers: readonly ServerAddress[];
  readonly name: string;
  readonly log: Log;
  readonly tls?: TlsOptions;
  /** Contents of a NATS credentials file. */
  readonly credentials?: string;
  /** How long the server has for an answer to one question; without it, as long as suits a scheduler. */
  readonly answerMs?: number;
}

/** File names, as the client library takes them. */
export interface TlsOptions {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

const DIAL_TIMEOUT_MS = 5_000;
/** A request to a leader that has just died is never answered; asking again is. */
const REQUEST_TIMEOUT_MS = 2_500;
const PING_MS = 1_000;
/** Pings without an answer after which the peer counts as dead. Ticks, not time: a process that was paused gets its chance to read. */
const MAX_SILENT_PINGS = 3;
/** For what a connection that is closed still has to send. */
const LAST_TRIP_MS = 500;
const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;

/**
 * One connection that comes back by itself, for ever. Each coming back is a fresh client: the library's own
 * reconnecting drops what was published meanwhile without an error and may send what was published in the middle of
 * dialling, whereas a client that is closed refuses at once. Whoever subscribes does so again at each 'connected'.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #log: Log;
  readonly #listeners = new Set<(state: BusState) => void>();
  #servers: readonly ServerAddress[];
  #next = 0;
  #state: BusState = 'disconnected';
  #client: NatsConnection | undefined;
  #manager: JetStreamManager | undefined;
  #serverUrl: string;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;
  #lastFailure = '';

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#log = options.log;
    // Nodes of one configuration spread over the servers of a cluster.
    this.#servers = options.servers.length > 1 ? shuffled(options.servers) : options.servers;
    this.#serverUrl = publicUrl(this.#servers[0] as ServerAddress);
  }

  get answerMs(): number | undefined {
    return this.#options.answerMs;
  }

  get state(): BusState {
    return this.#state;
  }

  get serverUrl(): string {
    return this.#serverUrl;
  }

  /** Starts dialling; resolves when the first try has worked or failed. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#running = this.#run(resolve);
    });
  }

  /** The client of the present connection. Throws UnavailableError when there is none. */
  get client(): NatsConnection {
    if (this.#client === undefined) throw this.#notConnected();
    return this.#client;
  }

  /** JetStream's API over the present connection. Throws UnavailableError when there is none. */
  get manager(): JetStreamManager {
    if (this.#manager === undefined) throw this.#notConnected();
    return this.#manager;
  }

  /** Calls back at each change, before anything else runs on the new connection; returns the way to stop listening. */
  onState(listener: (state: BusState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the present connection, and what the kernel still holds of what it was given; a fresh one is dialled. */
  drop(): void {
    if (this.#client !== undefined) resetSocket(this.#client);
  }

  async roundTripMs(): Promise<number> {
    const start = performance.now();
    try {
      await roundTrip(this.client);
    } catch (error) {
      throw asUnavailable(error, 'a round trip');
    }
    return performance.now() - start;
  }

  /** Complete when it resolves: no timer, no socket is left. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const client = this.#client;
    this.#leave('closed');
    this.#wake();
    if (client !== undefined) await closeGently(client);
    await this.#running;
    this.#listeners.clear();
  }

  async #run(firstTryDone: () => void): Promise<void> {
    let waitMs = MIN_WAIT_MS;
    while (!this.#isClosed()) {
      const client = await this.#dial();
      if (client !== undefined) {
        waitMs = MIN_WAIT_MS;
        await this.#serve(client, firstTryDone);
      }
      firstTryDone();
      if (this.#isClosed()) return;
      // Jitter, so that the nodes of a cluster do not come back in step.
      await this.#pause(waitMs * (0.5 + Math.random()));
      waitMs = Math.min(MAX_WAIT_MS, waitMs * 2);
    }
  }

  async #dial(): Promise<NatsConnection | undefined> {
    const server = this.#servers[this.#next++ % this.#servers.length] as ServerAddress;
    try {
      const client = await connect(this.#dialOptions(server));
      readFast(client);
      requestPatiently(client);
      if (this.#isClosed()) {
        await client.close();
        return undefined;
      }
      this.#serverUrl = publicUrl(server);
      this.#learnServers(client, server);
      return client;
    } catch (error) {
      const failure = `${publicUrl(server)}: ${describe(error)}`;
      if (failure !== this.#lastFailure) this.#log.warn({ server: publicUrl(server), error: describe(error) }, 'NATS cannot be reached, trying on');
      this.#lastFailure = failure;
      return undefined;
    }
  }

  /** Lives through one connection, from 'connected' to its end. */
  async #serve(client: NatsConnection, whenUp: () => void): Promise<void> {
    this.#client = client;
    this.#manager = await jetstreamManager(client, { checkAPI: false, timeout: this.answerMs ?? REQUEST_TIMEOUT_MS });
    this.#lastFailure = '';
    this.#log.info({ server: this.#serverUrl, version: client.info?.version }, 'NATS connected');
    void this.#logStatus(client);
    const stopPinging = this.#ping(client);
    this.#enter('connected');
    whenUp();
    const reason = await client.closed();
    stopPinging();
    if (this.#isClosed()) return;
    this.#log.warn({ server: this.#serverUrl, ...(reason instanceof Error ? { error: describe(reason) } : {}) }, 'NATS connection lost');
    this.#leave('disconnected');
  }

  #ping(client: NatsConnection): () => void {
    let silent = 0;
    let waiting = false;
    const timer = setInterval(() => {
      if (waiting && ++silent >= MAX_SILENT_PINGS) {
        this.#log.warn({ server: this.#serverUrl }, 'NATS does not answer, giving the connection up');
        this.drop();
        return;
      }
      if (waiting) return;
      waiting = true;
      client.flush().then(
        () => {
          waiting = false;
          silent = 0;
        },
        () => {},
      );
    }, PING_MS);
    return () => clearInterval(timer);
  }

  async #logStatus(client: NatsConnection): Promise<void> {
    for await (const status of client.status()) {
      if (status.type === 'error') this.#log.warn({ error: describe(status.error) }, 'NATS reports an error');
      else if (status.type === 'ldm') this.#log.info({ server: this.#serverUrl }, 'NATS server is about to stop');
    }
  }

  #dialOptions(server: ServerAddress): NodeConnectionOptions {
    const { tls, credentials } = this.#options;
    return {
      servers: [server.address],
      name: this.#options.name,
      reconnect: false,
      timeout: DIAL_TIMEOUT_MS,
      // Their stacks cost more than the request itself.
      noAsyncTraces: true,
      ...(tls !== undefined ? { tls: { ...tls } } : server.tls ? { tls: {} } : {}),
      ...(credentials !== undefined ? { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) } : {}),
      ...(server.user !== undefined ? { user: server.user } : {}),
      ...(server.password !== undefined ? { pass: server.password } : {}),
      ...(server.token !== undefined ? { token: server.token } : {}),
    };
  }

  /** A cluster's servers name each other; they are dialled after the configured ones. */
  #learnServers(client: NatsConnection, server: ServerAddress): void {
    // A lone server tells its own other addresses; only a cluster's are of use.
    if (client.info?.cluster === undefined) return;
    const configured = this.#options.servers;
    const known = new Set(configured.map((each) => each.address));
    const told = (client.info.connect_urls ?? []).filter((address) => !known.has(address));
    this.#servers = [...configured, ...told.map((address) => discovered(address, server))];
  }

  #enter(state: BusState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (error) {
        this.#log.error({ error: describe(error) }, 'a listener of the NATS state failed');
      }
    }
  }

  #leave(state: 'disconnected' | 'closed'): void {
    this.#client = undefined;
    this.#manager = undefined;
    this.#enter(state);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #notConnected(): UnavailableError {
    return new UnavailableError(this.#isClosed() ? 'The NATS connection is closed.' : `NATS at ${this.#serverUrl} is not connected.`);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Sends what is still in the library's buffer; a peer that does not answer is not waited for. */
async function closeGently(client: NatsConnection): Promise<void> {
  await roundTripWithin(client, LAST_TRIP_MS);
  await client.close();
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j] as Item, copy[i] as Item];
  }
  return copy;
}
