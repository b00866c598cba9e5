import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RawData, WebSocket } from 'ws';
import { ConflictError } from '../../domain/errors.ts';
import type { SchedulerApi } from '../../ports/api.ts';
import type { BusAccess } from '../../ports/bus-access.ts';
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { readBearer } from '../auth/session.ts';
import type { Session } from '../auth/session.ts';
import { API_BASE } from '../contract.ts';
import { ProblemError } from '../errors.ts';
import { isOwnOrigin } from '../server/check-origin.ts';
import { CLOSE_NOT_LOGGED_IN } from './live-connection.ts';
import type { LiveConnection } from './live-connection.ts';
import { LiveHub } from './live-hub.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import type { LiveLimits } from './live-limits.ts';
import { readLiveRequest } from './read-live-request.ts';
import { SharedWatches } from './shared-watches.ts';
import { SubjectWatch } from './subject-watch.ts';
import { refuseUpgrade, serveWithoutUpgrade } from './upgrade.ts';

export interface LiveOptions {
  readonly server: Server;
  readonly api: SchedulerApi;
  /** Of NATS. */
  readonly watch: BusAccess['watch'];
  readonly session: Session;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly allowOrigins: readonly string[];
  readonly limits?: Partial<LiveLimits>;
}

export interface LiveServer {
  readonly connections: number;
  /** Resolves when every WebSocket is closed. */
  stop(): Promise<void>;
}

/** Puts the live feed on the server. */
export function startLive(options: LiveOptions): LiveServer {
  return new LiveSockets(options);
}

interface Client {
  readonly socket: WebSocket;
  connection: LiveConnection | undefined;
  watch: SubjectWatch | undefined;
  alive: boolean;
  messages: number;
  authTimer: CancelTimer | undefined;
  pongTimer: CancelTimer | undefined;
  /** Messages are worked off one after the other. */
  work: Promise<void>;
}

class LiveSockets implements LiveServer {
  readonly #options: LiveOptions;
  readonly #limits: LiveLimits;
  readonly #hub: LiveHub;
  readonly #watches: SharedWatches;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Set<Client>();
  readonly #stopListening: () => void;
  #pingTimer: CancelTimer | undefined;
  #rateTimer: CancelTimer | undefined;
  #stopping = false;

  constructor(options: LiveOptions) {
    const { server, session } = options;
    this.#options = options;
    this.#limits = { ...LIVE_LIMITS, ...options.limits };
    this.#hub = new LiveHub({ ...options, limits: this.#limits, onExpired: (connection) => this.#expel(connection) });
    this.#watches = new SharedWatches(options.watch);
    this.#sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: this.#limits.maxMessageBytes, perMessageDeflate: false, handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL });
    this.#stopListening = session.onLogout(() => this.#expelLoggedOut());
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  get connections(): number {
    return this.#clients.size;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopListening();
    this.#hub.stop();
    this.#pingTimer?.();
    this.#rateTimer?.();
    await Promise.all([...this.#clients].map((client) => this.#closeAndWait(client)));
    this.#sockets.close();
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      serveWithoutUpgrade(this.#options.server, request, socket, head);
      return;
    }
    const refusal = this.#refusalOf(request);
    if (refusal) refuseUpgrade(socket, refusal);
    else this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#onConnect(webSocket, request));
  }

  #refusalOf(request: IncomingMessage): ProblemError | undefined {
    const [path, query] = (request.url ?? '').split('?', 2);
    if (path !== `${API_BASE}/live`) return new ProblemError(404, 'no-such-path', 'Not found', 'There is no WebSocket at this path.');
    if (query) return new ProblemError(400, 'invalid-input', 'Invalid input', 'The live feed takes no query: send the token in the first message.', { errors: [{ field: query.split('=')[0]!.slice(0, 64), message: 'is not a parameter here' }] });
    if (!isOwnOrigin(request.headers, this.#options.allowOrigins)) return new ProblemError(403, 'foreign-origin', 'Not from here', 'The WebSocket is opened by a page of another site.');
    if (this.#stopping || !this.#hasRoom()) {
      return new ProblemError(503, 'too-many-connections', 'Too many connections', `There are ${this.#clients.size} live connections already.`, { extra: { retryAfter: 5 }, headers: { 'retry-after': '5' } });
    }
    return undefined;
  }

  /** Whoever has not shown a token yet makes room: strangers cannot use up the places. */
  #hasRoom(): boolean {
    if (this.#clients.size < this.#limits.maxConnections) return true;
    for (const client of this.#clients) {
      if (client.connection) continue;
      client.socket.terminate();
      this.#forget(client);
      return true;
    }
    return false;
  }

  #onConnect(socket: WebSocket, request: IncomingMessage): void {
    const client: Client = { socket, connection: undefined, watch: undefined, alive: true, messages: 0, authTimer: undefined, pongTimer: undefined, work: Promise.resolve() };
    this.#clients.add(client);
    const { clock } = this.#options;
    client.authTimer = clock.after(this.#limits.authMs, () => {
      client.authTimer = clock.after(LAST_WORD_MS, () => {
        if (!client.connection) socket.close(CLOSE_NOT_LOGGED_IN, 'no token came');
      });
    });
    socket.on('pong', () => (client.alive = true));
    // A broken frame or a message that is too long: the library closes with the right code.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#forget(client));
    const token = tokenOf(request);
    if (token !== undefined) this.#queue(client, () => this.#logIn(client, token));
    socket.on('message', (data, binary) => this.#onMessage(client, data, binary));
    this.#startTimers();
  }

  #onMessage(client: Client, data: RawData, binary: boolean): void {
    client.messages += 1;
    if (client.messages > this.#limits.maxMessages) {
      client.socket.close(1008, 'too many messages');
      return;
    }
    this.#queue(client, () => this.#handle(client, binary ? undefined : (data as Buffer).toString('utf8')));
  }

  #queue(client: Client, action: () => Promise<void>): void {
    client.work = client.work.then(() => (client.socket.readyState === client.socket.OPEN ? action() : undefined)).catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'A message on the live feed failed.');
      client.socket.close(1011, 'internal error');
    });
  }

  async #handle(client: Client, text: string | undefined): Promise<void> {
    const request = text === undefined ? 'The message must be text.' : readLiveRequest(text);
    if (typeof request === 'string') {
      if (client.connection) client.connection.fail(request);
      else client.socket.send(JSON.stringify({ seq: this.#hub.changes.seq, type: 'error', message: request }));
      return;
    }
    if (!client.connection) {
      if (request.token === undefined) {
        client.socket.close(CLOSE_NOT_LOGGED_IN, 'the first message must bring the token');
        return;
      }
      await this.#logIn(client, request.token);
    }
    const { connection } = client;
    if (!connection) return;
    if (request.subscribe) connection.subscribe(request.subscribe, request.since);
    if (request.pause !== undefined) connection.pause(request.pause);
    if (request.subscribe || request.pause === false) this.#hub.refresh();
    if (request.watch !== undefined) this.#watch(client, connection, request.watch);
  }

  #watch(client: Client, connection: LiveConnection, subject: string | null): void {
    client.watch ??= new SubjectWatch({ socket: client.socket, watches: this.#watches, clock: this.#options.clock, limits: this.#limits, seq: () => this.#hub.changes.seq });
    try {
      client.watch.watch(subject);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      connection.fail(`watch: ${error.message}`);
    }
  }

  async #logIn(client: Client, token: string): Promise<void> {
    const { session, api, version } = this.#options;
    try {
      const caller = await session.authenticate(token);
      if (client.socket.readyState !== client.socket.OPEN) return;
      client.connection = this.#hub.join(client.socket);
      client.connection.caller = caller;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      client.socket.close(CLOSE_NOT_LOGGED_IN, 'the token is not valid');
      return;
    }
    client.authTimer?.();
    const { role, natsConnected } = api.health();
    client.connection.send({ seq: this.#hub.changes.seq, type: 'hello', version, role, natsConnected, pingMs: this.#limits.pingMs });
  }

  #forget(client: Client): void {
    client.authTimer?.();
    client.pongTimer?.();
    client.watch?.end();
    this.#clients.delete(client);
    if (client.connection) this.#hub.leave(client.connection);
    if (this.#clients.size > 0) return;
    this.#pingTimer?.();
    this.#rateTimer?.();
    this.#pingTimer = this.#rateTimer = undefined;
  }

  #startTimers(): void {
    const { clock } = this.#options;
    this.#pingTimer ??= clock.after(this.#limits.pingMs, () => this.#ping());
    this.#rateTimer ??= clock.after(RATE_MS, () => this.#forgetCounts());
  }

  #ping(): void {
    this.#pingTimer = undefined;
    for (const client of this.#clients) {
      if (!client.alive) this.#hearLastWord(client);
      else if (client.socket.readyState === client.socket.OPEN) {
        client.alive = false;
        client.socket.ping();
      }
    }
    this.#expelLoggedOut();
    if (this.#clients.size > 0 && !this.#stopping) this.#startTimers();
  }

  #hearLastWord(client: Client): void {
    client.pongTimer ??= this.#options.clock.after(LAST_WORD_MS, () => {
      client.pongTimer = undefined;
      if (!client.alive) client.socket.terminate();
    });
  }

  #forgetCounts(): void {
    this.#rateTimer = undefined;
    for (const client of this.#clients) client.messages = 0;
    if (this.#clients.size > 0 && !this.#stopping) this.#startTimers();
  }

  #expelLoggedOut(): void {
    for (const { connection } of this.#clients) {
      if (connection?.caller && !this.#options.session.isGood(connection.caller)) this.#expel(connection);
    }
  }

  #expel(connection: LiveConnection): void {
    for (const client of this.#clients) {
      if (client.connection !== connection) continue;
      client.watch?.end();
      client.socket.close(CLOSE_NOT_LOGGED_IN, 'the token is not valid any more');
    }
  }

  #closeAndWait({ socket }: Client): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(CLOSE_GRACE_MS, () => socket.terminate());
      socket.once('close', () => {
        cancel();
        resolve();
      });
      socket.close(1001, 'the server stops');
    });
  }
}

const PROTOCOL = 'natsjob';
const RATE_MS = 10_000;
const CLOSE_GRACE_MS = 1_000;
/** A process that stood still finds its timers due before it has read what came meanwhile: it reads first, and judges so much later. */
const LAST_WORD_MS = 1_000;

/** A browser can set no header on a WebSocket, but name subprotocols: `natsjob, bearer.<token>`. */
function tokenOf(request: IncomingMessage): string | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => name.startsWith('bearer.'))?.slice('bearer.'.length) ?? readBearer(request.headers.authorization);
}
