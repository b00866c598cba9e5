import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { runRecord } from '../../support/fake-api.ts';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';
import type { VirtualClock } from '../../support/http-virtual-clock.ts';

let http: HttpFixture;
const open: Client[] = [];

beforeAll(async () => {
  http = await startFixture({ liveLimits: { authMs: 120_000, maxConnections: 8, maxMessages: 40, pingMs: 120_000 } });
});
afterAll(async () => {
  await http.server.stop();
});

// oxlint-disable-next-line typescript/no-explicit-any
type Frame = any;

interface Client {
  readonly socket: WebSocket;
  send(message: unknown): void;
  /** The next frame. */
  next(): Promise<Frame>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

function connect(options: ClientOptions & { protocols?: string[]; path?: string; to?: HttpFixture } = {}): Client {
  const { protocols = [], path = '/natsjob/api/live', to = http, ...rest } = options;
  const socket = new WebSocket(to.origin.replace('http', 'ws') + path, protocols, rest);
  const frames: Frame[] = [];
  const waiting: ((frame: Frame) => void)[] = [];
  socket.on('message', (data) => {
    const frame: Frame = JSON.parse(String(data));
    const taker = waiting.shift();
    if (taker) taker(frame);
    else frames.push(frame);
  });
  socket.on('error', () => undefined);
  const client: Client = {
    socket,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: () => (frames.length > 0 ? Promise.resolve(frames.shift()) : new Promise((resolve) => waiting.push(resolve))),
    closed: new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))),
  };
  open.push(client);
  return client;
}

async function connected(options: Parameters<typeof connect>[0] = {}): Promise<Client> {
  const client = connect(options);
  await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
  return client;
}

/** Status and problem of a refused connection. */
function refused(options: Parameters<typeof connect>[0]): Promise<{ status: number; body: Frame }> {
  return new Promise((resolve, reject) => {
    const { socket } = connect(options);
    socket.once('open', () => reject(new Error('was let in')));
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) }));
    });
  });
}

test('the token comes with the first message, a subprotocol or a header', async () => {
  const byMessage = await connected();
  byMessage.send({ token: http.token });
  const byProtocol = await connected({ protocols: ['natsjob', `bearer.${http.token}`] });
  expect(byProtocol.socket.protocol).toBe('natsjob');
  const byHeader = await connected({ headers: { authorization: `Bearer ${http.token}` } });
  for (const client of [byMessage, byProtocol, byHeader]) {
    expect(await client.next()).toMatchObject({ type: 'hello', seq: expect.any(Number), version: '1.2.3', role: 'leader', natsConnected: true });
    client.socket.close();
    await client.closed;
  }
});

test('with a bad token, or with something else first, it is closed', async () => {
  const bad = await connected();
  bad.send({ token: 'x.y.z' });
  expect((await bad.closed).code).toBe(4401);
  const other = await connected();
  other.send({ subscribe: ['runs'] });
  expect((await other.closed).code).toBe(4401);
});

test('changes come, and a second connection goes on where the first was', async () => {
  const first = await connected({ protocols: ['natsjob', `bearer.${http.token}`] });
  const hello = await first.next();
  first.send({ subscribe: ['runs'] });
  expect(await first.next()).toEqual({ seq: hello.seq, type: 'subscribed', types: ['runs'] });
  http.change({ type: 'run', run: runRecord({ id: '1' }) });
  const frame = await first.next();
  expect(frame).toMatchObject({ type: 'changes', runs: [{ taskId: '1', state: 'active' }] });
  expect(frame.seq).toBeGreaterThan(hello.seq);
  first.socket.close();
  await first.closed;
  http.change({ type: 'run', run: runRecord({ id: '2' }) });
  const second = await connected();
  second.send({ token: http.token, subscribe: { types: ['runs'] }, since: frame.seq });
  expect([(await second.next()).type, (await second.next()).type]).toEqual(['hello', 'subscribed']);
  expect((await second.next()).runs).toMatchObject([{ taskId: '2' }]);
  second.send({ subscribe: { types: ['runs'] }, since: 5 });
  expect([(await second.next()).type, (await second.next()).type]).toEqual(['subscribed', 'reset']);
  second.socket.close();
  await second.closed;
});

test('counters come soon after they are asked for', async () => {
  const client = await connected();
  client.send({ token: http.token, subscribe: ['counters'] });
  await client.next();
  await client.next();
  expect(await client.next()).toMatchObject({ type: 'changes', counters: { jobs: 1, unackedPublishes: 2, natsRoundTripMs: 1.5 } });
  client.socket.close();
  await client.closed;
});

test('what is not understood is answered, and nothing breaks', async () => {
  const client = await connected();
  client.send({ token: http.token });
  await client.next();
  for (const message of ['', '{', 'null', '[]', '5', { subscribe: ['run'] }, { subscribe: 'runs' }, { subscribe: { namespace: '*' } }, { since: 1 }, { since: -1, subscribe: [] }, { pause: 'yes' }, { unsubscribe: [] }, { watch: 5 }, { watch: '$JS.>' }, { watch: 'natsjob.>.x' }, '['.repeat(10_000)]) {
    client.send(message);
    expect(await client.next(), JSON.stringify(message)).toMatchObject({ type: 'error', message: expect.any(String), seq: expect.any(Number) });
  }
  client.socket.send(Buffer.from([1, 2, 3]));
  expect((await client.next()).type).toBe('error');
  client.send({ pause: true });
  expect(await client.next()).toMatchObject({ type: 'paused', paused: true });
  client.socket.close();
  await client.closed;
});

test('a message that is too long, and too many of them, end the connection', async () => {
  const long = await connected();
  long.send({ token: 'x'.repeat(70_000) });
  expect((await long.closed).code).toBe(1009);
  const many = await connected();
  for (let index = 0; index < 100; index += 1) many.send({ token: http.token });
  expect((await many.closed).code).toBe(1008);
});

test('logging out closes what the token had opened', async () => {
  const { token } = (await http.send('POST', '/login', { user: 'admin', password: 'correct horse' })).body as { token: string };
  const client = await connected({ protocols: ['natsjob', `bearer.${token}`] });
  await client.next();
  await http.send('POST', '/logout', undefined, { authorization: `Bearer ${token}` });
  expect((await client.closed).code).toBe(4401);
});

describe('when its time is up', () => {
  let clock: VirtualClock;
  let to: HttpFixture;
  beforeEach(async () => {
    clock = createVirtualClock();
    to = await startFixture({ clock });
  });
  afterEach(() => to.server.stop());

  test('a client without a token is closed, but not one whose token the server had no time to read', async () => {
    const [late, silent] = [await connected({ to }), await connected({ to })];
    clock.pass(5_000);
    late.send({ token: to.token });
    expect((await late.next()).type).toBe('hello');
    clock.pass(1_000);
    expect((await silent.closed).code).toBe(4401);
    late.send({ pause: true });
    expect((await late.next()).type).toBe('paused');
  });

  test('a client that does not answer pings is dropped, but not one whose answer the server had no time to read', async () => {
    const client = await connected({ to, protocols: ['natsjob', `bearer.${to.token}`], autoPong: false });
    await client.next();
    let pinged = once(client.socket, 'ping');
    clock.pass(25_000);
    await pinged;
    clock.pass(25_000);
    client.socket.pong();
    client.send({ pause: true });
    // The answer to the ping was read before this.
    expect((await client.next()).type).toBe('paused');
    clock.pass(1_000);
    pinged = once(client.socket, 'ping');
    clock.pass(24_000);
    await pinged;
    clock.pass(25_999);
    client.send({ pause: false });
    expect((await client.next()).type).toBe('paused');
    clock.pass(1);
    expect((await client.closed).code).toBe(1006);
  });
});

test('pages of other sites, tokens in the URL, other paths and one too many are refused', async () => {
  expect(await refused({ origin: 'http://evil.example' })).toMatchObject({ status: 403, body: { type: 'urn:natsjob:problem:foreign-origin' } });
  expect(await refused({ path: `/natsjob/api/live?token=${http.token}` })).toMatchObject({ status: 400 });
  expect(await refused({ path: '/natsjob/api/other' })).toMatchObject({ status: 404 });
  const protocols = ['natsjob', `bearer.${http.token}`];
  const clients = await Promise.all(Array.from({ length: 7 }, () => connected({ protocols, origin: http.origin })));
  await Promise.all(clients.map((client) => client.next()));
  const stranger = await connected();
  clients.push(await connected({ protocols }));
  expect((await stranger.closed).code).toBe(1006);
  await clients.at(-1)!.next();
  expect(await refused({})).toMatchObject({ status: 503, body: { retryAfter: 5 } });
  for (const client of clients) client.socket.terminate();
  await Promise.all(clients.map((client) => client.closed));
});

test('stop closes open sockets, also those that do not answer', async () => {
  const client = await connected({ protocols: ['natsjob', `bearer.${http.token}`] });
  await client.next();
  const dead = await connected();
  (dead.socket as unknown as { _socket: { pause(): void } })._socket.pause();
  await http.server.stop();
  expect((await client.closed).code).toBe(1001);
  dead.socket.terminate();
  expect(http.listeners()).toBe(0);
});
