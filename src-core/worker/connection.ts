import type { JetStreamManager } from '@nats-io/jetstream';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Connection } from '../nats/connection.ts';
import type { TlsOptions } from '../nats/connection.ts';
import { roundTripWithin } from '../nats/round-trip.ts';
import { parseServerList } from '../nats/server-list.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { machineClock } from './clock.ts';
import { checkKnown, checkLog } from './common/known-options.ts';
import type { OptionNames } from './common/known-options.ts';
import { BadOptionError } from './errors.ts';
import { Outbox } from './outbox.ts';
import { Publisher } from './publisher.ts';
import { silentLog } from './silent-log.ts';

export type ConnectionState = 'connected' | 'disconnected' | 'closed';

export interface OpenConnectionOptions {
  /** `nats://user:password@host:port`, several separated by commas. Default `nats://127.0.0.1:4222`. */
  readonly url?: string;
  /** The same as a list. */
  readonly servers?: string | readonly string[];
  /** What the server's lists call this connection. Default `natsjob-worker`. */
  readonly name?: string;
  readonly tls?: TlsOptions;
  /** Contents of a NATS credentials file. */
  readonly credentials?: string;
  /** Default: silent. */
  readonly log?: Log;
  /** For tests. */
  readonly clock?: Clock;
}

/** What each part of `natsjob/worker` takes: a connection that several share, or where to connect to. */
export interface ConnectionChoice extends OpenConnectionOptions {
  /** Shared, and left open by whoever is given it. A client of your own is taken, too, if it reconnects by itself. */
  readonly connection?: WorkerConnection | NatsConnection;
}

const OPEN_OPTIONS: OptionNames<OpenConnectionOptions> = { url: true, servers: true, name: true, tls: true, credentials: true, log: true, clock: true };
/** Of all parts. */
export const CONNECTION_OPTIONS: OptionNames<ConnectionChoice> = { connection: true, ...OPEN_OPTIONS };

/** A connection that comes back by itself, for ever, and what all parts need of it. */
export interface WorkerConnection {
  readonly state: ConnectionState;
  readonly serverUrl: string;
  /** Of the present connection; another one after each reconnect. Throws UnavailableError when there is none. */
  readonly client: NatsConnection;
  /** Throws UnavailableError when there is no connection. */
  readonly manager: JetStreamManager;
  /** To streams, with acknowledgements; what is under way when the connection breaks is sent again. */
  readonly publisher: Publisher;
  /** Batches core publishes; what is given to it while disconnected is dropped. */
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Told at each change, before anything else runs on the new connection; returns the way to stop listening. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Resolves at once while connected. Rejects with UnavailableError when it was closed. */
  whenConnected(): Promise<void>;
  /** Complete when it resolves. A client that was handed in stays open. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Resolves when the first try to reach NATS has worked or failed; from then on it tries for ever. Throws BadOptionError. */
export async function openConnection(options: OpenConnectionOptions = {}): Promise<WorkerConnection> {
  checkKnown('openConnection', options, OPEN_OPTIONS);
  return open(options);
}

/** The connection to use, and whether it was opened here and is to be closed with the part that uses it. */
export async function chooseConnection(choice: ConnectionChoice): Promise<{ connection: WorkerConnection; isOwn: boolean }> {
  const { connection } = choice;
  checkLog(choice.log);
  if (connection === undefined) return { connection: await open(choice), isOwn: true };
  if (isWorkerConnection(connection)) return { connection, isOwn: false };
  if (typeof (connection as { status?: unknown }).status !== 'function') throw new BadOptionError('connection', 'what openConnection() or the NATS client\'s connect() gave');
  const source = new ClientSource(connection);
  await source.start();
  return { connection: new SharedConnection(source, choice.clock ?? machineClock), isOwn: true };
}

async function open(options: OpenConnectionOptions): Promise<WorkerConnection> {
  checkLog(options.log);
  const source = new Connection({
    servers: serverList(options),
    name: options.name ?? 'natsjob-worker',
    log: options.log ?? silentLog,
    ...(options.tls !== undefined ? { tls: options.tls } : {}),
    ...(options.credentials !== undefined ? { credentials: options.credentials } : {}),
  });
  await source.start();
  return new SharedConnection(source, options.clock ?? machineClock);
}

/** A server that is silent is not waited for. */
const LAST_TRIP_MS = 500;

type Source = Pick<Connection, 'state' | 'serverUrl' | 'client' | 'manager' | 'onState' | 'close'>;

class SharedConnection implements WorkerConnection {
  readonly publisher: Publisher;
  readonly outbox = new Outbox();
  readonly clock: Clock;
  readonly #source: Source;

  constructor(source: Source, clock: Clock) {
    this.#source = source;
    this.clock = clock;
    this.publisher = new Publisher(this.outbox, clock);
    source.onState((state) => this.#take(state));
    if (source.state === 'connected') this.#take('connected');
  }

  get state(): ConnectionState {
    return this.#source.state;
  }

  get serverUrl(): string {
    return this.#source.serverUrl;
  }

  get client(): NatsConnection {
    return this.#source.client;
  }

  get manager(): JetStreamManager {
    return this.#source.manager;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    return this.#source.onState(listener);
  }

  whenConnected(): Promise<void> {
    if (this.state === 'connected') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.onState((state) => {
        if (state === 'disconnected') return;
        stop();
        if (state === 'connected') resolve();
        else reject(new UnavailableError('The NATS connection is closed.'));
      });
      if (this.state === 'closed') {
        stop();
        reject(new UnavailableError('The NATS connection is closed.'));
      }
    });
  }

  async close(): Promise<void> {
    this.outbox.flush();
    this.publisher.close();
    await this.#source.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(state: ConnectionState): void {
    this.publisher.disconnected();
    if (state !== 'connected') {
      this.outbox.attach(undefined);
      if (state === 'closed') this.publisher.close();
      return;
    }
    this.outbox.attach(this.#source.client);
    this.publisher.connected(this.#source.client);
  }
}

/** A client that somebody else opened, and that reconnects by the library's own means. */
class ClientSource implements Source {
  readonly #client: NatsConnection;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #manager: JetStreamManager | undefined;
  #state: ConnectionState = 'connected';
  #given = true;

  constructor(client: NatsConnection) {
    this.#client = client;
  }

  async start(): Promise<void> {
    if (this.#client.isClosed()) throw new BadOptionError('connection', 'open');
    this.#manager = await jetstreamManager(this.#client, { checkAPI: false });
    void this.#follow();
    void this.#client.closed().then(() => this.#enter('closed'));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get serverUrl(): string {
    return this.#client.getServer();
  }

  get client(): NatsConnection {
    if (this.#state !== 'connected') throw new UnavailableError('NATS is not connected.');
    return this.#client;
  }

  get manager(): JetStreamManager {
    if (this.#state !== 'connected' || this.#manager === undefined) throw new UnavailableError('NATS is not connected.');
    return this.#manager;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets go of the client, which is not ours to close. */
  async close(): Promise<void> {
    if (this.#state === 'connected') await roundTripWithin(this.#client, LAST_TRIP_MS);
    this.#given = false;
    this.#enter('closed');
    this.#listeners.clear();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#client.status()) {
      if (!this.#given) return;
      if (type === 'disconnect') this.#enter('disconnected');
      else if (type === 'reconnect') this.#enter('connected');
    }
  }

  #enter(state: ConnectionState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch {
        // The client has ended again, or is about to: the next state tells.
      }
    }
  }
}

function serverList({ url, servers }: OpenConnectionOptions): ReturnType<typeof parseServerList> {
  if (url !== undefined && typeof url !== 'string') throw new BadOptionError('url', 'of the form nats://user:password@host:port', url);
  const text = url ?? (servers === undefined ? 'nats://127.0.0.1:4222' : typeof servers === 'string' ? servers : servers.join(','));
  try {
    return parseServerList(text);
  } catch (error) {
    throw new BadOptionError(url === undefined ? 'servers' : 'url', `of the form nats://user:password@host:port (${(error as Error).message})`);
  }
}

function isWorkerConnection(connection: WorkerConnection | NatsConnection): connection is WorkerConnection {
  return 'publisher' in connection && 'whenConnected' in connection;
}
