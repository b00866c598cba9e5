import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnansweredError, UnavailableError } from '../../src-core/domain/errors.ts';
import { connectBus } from '../../src-core/nats/index.ts';
import type { Bus, FeedMessage, LogMessage } from '../../src-core/ports/bus.ts';
import { DEFINITIONS_BUCKET, STREAM } from '../../src-core/wire/index.ts';
import { awakeMs } from '../support/awake-time.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { NatsServerOptions, TestNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until as soon } from '../support/until.ts';
import { comingBack, tick, until } from './bus-stage.ts';

const OBJECTS = { replicas: 1, maxBytes: 256 * 1024 * 1024 };

describe.skipIf((await natsServerPath()) === undefined)('bus on a nats-server that fails', () => {
  const closers: (() => Promise<unknown>)[] = [];
  let recorded = recordingLog();

  beforeEach(() => {
    recorded = recordingLog();
  });
  afterEach(async () => {
    while (closers.length > 0) await closers.pop()?.();
  });

  async function startServer(options?: NatsServerOptions): Promise<TestNatsServer> {
    const server = await startNatsServer(options);
    closers.push(() => server[Symbol.asyncDispose]());
    return server;
  }
  async function openBus(url: string): Promise<Bus> {
    const bus = await connectBus({ url, log: recorded.log, name: 'test', answerMs: PATIENT_MS });
    closers.push(() => bus.close());
    return bus;
  }
  /** A plain core subscriber that counts how often it sees each message id; `arrived` resolves when all that was published before is counted. */
  async function countCore(server: TestNatsServer): Promise<{ seen: ReadonlyMap<string, number>; arrived(): Promise<void> }> {
    const seen = new Map<string, number>();
    const client = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 5, reconnectJitter: 0 });
    closers.push(() => client.close());
    client.subscribe('natsjob.job.>', { callback: (_error, message) => {
      const id = message.headers?.get('Nats-Msg-Id') ?? '';
      seen.set(id, (seen.get(id) ?? 0) + 1);
    } });
    await client.flush();
    return { seen, arrived: () => client.flush() };
  }
  function message(id: string, more: Partial<LogMessage> = {}): LogMessage {
    return { subject: 'natsjob.job.start.ns.app.job', text: 'x'.repeat(300), id, runHeader: '', giveUpAt: Date.now() + 600_000, onSettled: () => {}, ...more };
  }
  function twice(seen: ReadonlyMap<string, number>): string[] {
    return [...seen].filter(([, count]) => count > 1).map(([id]) => id);
  }
  async function followStream(bus: Bus): Promise<{ got: FeedMessage[]; ids: string[]; done(): Promise<void> }> {
    const ids: string[] = [];
    const got: FeedMessage[] = [];
    const feed = bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 1_000, onLost: (reason) => ids.push(`lost: ${reason}`), onMessage: (each) => {
      got.push(each);
      ids.push(each.header('Nats-Msg-Id'));
    } });
    return { got, ids, done: () => feed.caughtUp().then(() => feed.stop()) };
  }

  it('stores 20,000 messages once each while the server is killed eight times', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const { seen, arrived } = await countCore(server);
    const feed = await followStream(bus);
    const log = bus.openLog({ term: 1, maySend: () => true });
    const total = 20_000;
    let settled = 0;
    let zeros = 0;
    for (let i = 0; i < total; i++) {
      log.publish(message(`m${i}`, { onSettled: (sequence) => {
        settled++;
        if (sequence === 0) zeros++;
      } }));
    }
    for (let kill = 1; kill <= 8; kill++) {
      await until(() => settled >= kill * 2_000);
      await server.stop('SIGKILL');
      await server.restart();
    }
    await until(() => settled === total);
    await feed.done();
    await arrived();
    expect(zeros).toBe(0);
    expect(feed.ids).toHaveLength(total);
    expect(feed.ids.every((id, index) => id === `m${index}`)).toBe(true);
    // The server shows a message to core subscribers before it stores it. What it showed and had not stored when it was killed
    // must be sent again, else the run is lost: those, of one chunk at most, and no others are seen twice.
    const sentAgain = recorded.lines.map((line) => (line.fields as { sendAgain?: number }).sendAgain ?? 0);
    expect(twice(seen).length).toBeLessThanOrEqual(sentAgain.reduce((sum, count) => sum + count, 0));
    expect(Math.max(...sentAgain)).toBeLessThan((128 * 1024) / 300);
  }, 180_000);

  it('stores 20,000 messages once each, and shows none twice, while the line is cut twenty times', async () => {
    const server = await startServer();
    const breaker = await startBreaker(server.port);
    closers.push(() => breaker.close());
    const bus = await openBus(`nats://127.0.0.1:${breaker.port}`);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const { seen, arrived } = await countCore(server);
    const feed = await followStream(bus);
    const log = bus.openLog({ term: 1, maySend: () => true });
    const total = 20_000;
    let settled = 0;
    for (let i = 0; i < total; i++) log.publish(message(`m${i}`, { onSettled: () => settled++ }));
    for (let cut = 1; cut <= 20; cut++) {
      await until(() => settled >= cut * 900);
      await breaker.cut();
    }
    await until(() => settled === total);
    await feed.done();
    await arrived();
    expect(feed.ids).toHaveLength(total);
    expect(feed.ids.every((id, index) => id === `m${index}`)).toBe(true);
    expect(twice(seen)).toEqual([]);
    expect(seen.size).toBe(total);
  }, 180_000);

  it('shows nothing twice when the server is paused until it counts as dead', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const { seen, arrived } = await countCore(server);
    const feed = await followStream(bus);
    const log = bus.openLog({ term: 1, maySend: () => true });
    let settled = 0;
    for (let i = 0; i < 3_000; i++) log.publish(message(`m${i}`, { onSettled: () => settled++ }));
    await until(() => settled > 500);
    process.kill(server.pid, 'SIGSTOP');
    try {
      expect(await awakeMs(until(() => bus.state === 'disconnected'))).toBeLessThan(6_000);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await until(() => settled === 3_000);
    await feed.done();
    await arrived();
    expect(feed.ids).toEqual(Array.from({ length: 3_000 }, (_, i) => `m${i}`));
    expect(twice(seen)).toEqual([]);
  });

  it('notices a line that swallows everything, and comes back', async () => {
    const server = await startServer();
    const breaker = await startBreaker(server.port);
    closers.push(() => breaker.close());
    const bus = await openBus(`nats://127.0.0.1:${breaker.port}`);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const log = bus.openLog({ term: 1, maySend: () => true });
    breaker.freeze();
    const settled = new Promise<number>((resolve) => log.publish(message('one', { onSettled: resolve })));
    await until(() => bus.state === 'disconnected');
    expect(await settled).toBe(1);
  });

  it('looks a message up instead of sending it again when its acknowledgement is lost', async () => {
    const server = await startServer();
    const breaker = await startBreaker(server.port);
    closers.push(() => breaker.close());
    const bus = await openBus(`nats://127.0.0.1:${breaker.port}`);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const { seen, arrived } = await countCore(server);
    const log = bus.openLog({ term: 1, maySend: () => true });
    breaker.dropTowardsClient('"seq":');
    const settled = Promise.all(['a', 'b'].map((id) => new Promise<number>((resolve) => log.publish(message(id, { onSettled: resolve })))));
    expect(await settled).toEqual([1, 2]);
    await arrived();
    expect([...seen.values()]).toEqual([1, 1]);
  });

  it('gives a feed each message once while its consumers are deleted and the server restarts', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const admin = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 5 });
    closers.push(() => admin.close());
    const manager = await jetstreamManager(admin, { timeout: PATIENT_MS });
    const log = bus.openLog({ term: 1, maySend: () => true });
    const feed = await followStream(bus);
    let settled = 0;
    const total = 6_000;
    const publishing = (async () => {
      for (let i = 0; i < total; i++) {
        log.publish(message(`m${i}`, { onSettled: () => settled++ }));
        if (i % 100 === 0) await tick(5);
      }
    })();
    await until(() => settled > 1_000);
    for await (const info of manager.consumers.list(STREAM)) await manager.consumers.delete(STREAM, info.name).catch(unlessGone);
    await until(() => settled > 3_000);
    await server.restart();
    await publishing;
    await until(() => settled === total);
    await feed.done();
    // Where the restart met a message, an empty one without an id tried whether the stream takes messages again.
    expect(feed.ids.filter((id) => id !== '')).toEqual(Array.from({ length: total }, (_, i) => `m${i}`));
  });

  it('lets the server keep a long stream while a feed is paused', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const log = bus.openLog({ term: 1, maySend: () => true });
    const total = 5_000;
    await Promise.all(Array.from({ length: total }, (_, i) => new Promise((resolve) => log.publish(message(`m${i}`, { text: 'x'.repeat(10_000), onSettled: resolve })))));
    let got = 0;
    const feed = bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100_000, onLost: () => {}, onMessage: () => {
      if (++got === 100) feed.pause();
    } });
    await until(() => got === 100);
    await tick(300);
    expect(got).toBe(100);
    feed.resume();
    await feed.caughtUp();
    expect(got).toBe(total);
    await feed.stop();
  });

  it('gives up what the stream can never take, and goes on with the rest', async () => {
    const server = await startServer({ config: 'max_payload: 1MB' });
    const bus = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const log = bus.openLog({ term: 1, maySend: () => true });
    const settled = await Promise.all([message('a'), message('big', { text: 'x'.repeat(1_100_000) }), message('b', { subject: 'not a subject' }), message('c')].map((each) =>
      new Promise<number>((resolve) => log.publish({ ...each, onSettled: resolve }))));
    expect(settled).toEqual([1, 0, 0, 2]);
    expect(recorded.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
  });

  it('tries again what a full stream refuses once it has room, until it makes no sense', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    const admin = await connect({ servers: server.url });
    closers.push(() => admin.close());
    const manager = await jetstreamManager(admin, { timeout: PATIENT_MS });
    await manager.streams.add({ name: STREAM, subjects: ['natsjob.>'], max_msgs: 3, discard: 'new' as never });
    const { seen, arrived } = await countCore(server);
    const log = bus.openLog({ term: 1, maySend: () => true });
    const publish = (id: string, giveUpMs: number): Promise<number> =>
      new Promise((resolve) => log.publish(message(id, { giveUpAt: Date.now() + giveUpMs, onSettled: resolve })));
    const settled = [publish('a', 60_000), publish('b', 60_000), publish('c', 60_000), publish('late', 1_000), publish('d', 60_000), publish('e', 60_000)];
    expect(await Promise.all(settled.slice(0, 4))).toEqual([1, 2, 3, 0]);
    await patiently(() => bus.purge(STREAM, 3));
    // 4 is the empty message that tried whether there is room.
    expect(await Promise.all(settled.slice(4))).toEqual([5, 6]);
    await arrived();
    expect(seen.get('a')).toBe(1);
    expect(seen.get('e')).toBeLessThanOrEqual(2);
  });

  it('resolves disconnected while there is no server, and connects when one comes', async () => {
    const server = await startServer();
    await server.stop();
    const bus = await openBus(`nats://user:hidden-password@127.0.0.1:${server.port}`);
    expect(bus.state).toBe('disconnected');
    const log = bus.openLog({ term: 1, maySend: () => true });
    const got: string[] = [];
    const states: string[] = [];
    bus.onState((state) => states.push(state));
    const settled = new Promise<number>((resolve) => log.publish(message('early', { onSettled: resolve })));
    await expect(bus.ensureObjects(OBJECTS)).rejects.toMatchObject({ name: 'UnavailableError' });
    await server.restart();
    await until(() => bus.state === 'connected');
    await patiently(() => bus.ensureObjects(OBJECTS));
    bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 1_000, onMessage: (each) => got.push(each.header('Nats-Msg-Id')), onLost: () => {} });
    expect(await settled).toBe(1);
    await until(() => got.length === 1);
    expect(states).toEqual(['connected']);
    expect(recorded.text()).not.toContain('hidden-password');
    expect(bus.serverUrl).toBe(server.url);
  });

  it('keeps trying when the password is wrong, and says so once without it', async () => {
    const server = await startServer({ config: 'authorization { user: "a", password: "right" }' });
    const bus = await openBus(`nats://a:wrong-password@127.0.0.1:${server.port}`);
    const warnings = () => recorded.lines.filter((line) => line.level === 'warn').map((line) => JSON.stringify(line));
    await until(() => warnings().some((line) => /authorization/i.test(line)));
    await tick(800);
    expect(bus.state).toBe('disconnected');
    // One that stood still may meet another refusal in between, and says that, too.
    expect(warnings().filter((line, index, all) => line === all[index - 1])).toEqual([]);
    expect(recorded.text()).not.toContain('wrong-password');
    const welcome = await openBus(`nats://a:right@127.0.0.1:${server.port}`);
    await until(() => welcome.state === 'connected');
  });

  it('names what to do when the server has no JetStream', async () => {
    const bus = await openBus((await startServer({ jetstream: false })).url);
    await expect(bus.ensureObjects(OBJECTS)).rejects.toMatchObject({ name: 'JetStreamOffError' });
  });

  it('names the stream that owns the subjects already', async () => {
    const server = await startServer();
    const admin = await connect({ servers: server.url });
    closers.push(() => admin.close());
    await (await jetstreamManager(admin, { timeout: PATIENT_MS })).streams.add({ name: 'other', subjects: ['natsjob.job.>'] });
    const bus = await openBus(server.url);
    await expect(bus.ensureObjects(OBJECTS)).rejects.toMatchObject({ name: 'SubjectsTakenError', message: expect.stringContaining('stream other') as string });
  });

  it('names the permission that is missing', async () => {
    const server = await startServer({ config: 'authorization { users: [ { user: "a", password: "b", permissions: { publish: ["natsjob.>"], subscribe: [">"] } } ] }' });
    const bus = await openBus(`nats://a:b@127.0.0.1:${server.port}`);
    await expect(bus.ensureObjects(OBJECTS)).rejects.toMatchObject({ name: 'NotPermittedError' });
  });

  it('goes on without calls between nodes when they are not permitted, and says what is missing', async () => {
    const server = await startServer({ config: 'authorization { users: [ { user: "a", password: "b", permissions: { publish: ["natsjob.>", "$KV.>", "$JS.API.>", "_INBOX.>"], subscribe: ["natsjob.>", "$KV.>", "_INBOX.>"] } } ] }' });
    const bus = await openBus(`nats://a:b@127.0.0.1:${server.port}`);
    const stop = bus.respond('natsjob-node.a.*', async (payload) => payload);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const said = (): string => recorded.lines.filter(({ level }) => level === 'error').map((line) => JSON.stringify(line)).join();
    await until(() => said() !== '');
    expect(said()).toMatch(/requests cannot be heard/);
    expect(said()).toMatch(/does not permit listening on natsjob-node\.a\.\*.*natsjob-node\.>/);
    const error: unknown = await bus.request('natsjob-node.a.x', new Uint8Array(1), PATIENT_MS).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).not.toBeInstanceOf(UnansweredError);
    expect((error as Error).message).toMatch(/natsjob-node\.>/);
    expect(bus.state).toBe('connected');
    await stop();
  });

  it('takes a smaller bound when the server has less storage, and says so', async () => {
    const folder = await startServer({ jetstream: false });
    const server = await startServer({ jetstream: false, config: `jetstream { store_dir: ${JSON.stringify(`${folder.storeDir}/small`)}, max_file_store: 1GB }` });
    const bus = await openBus(server.url);
    const remarks = await bus.ensureObjects({ replicas: 1, maxBytes: 8 * 1024 ** 3 });
    expect(remarks).toEqual([expect.stringContaining('is bounded to 768 MiB instead of 8192 MiB')]);
  });

  it('adjusts only what is needed of objects that exist, and says each thing', async () => {
    const server = await startServer();
    const admin = await connect({ servers: server.url });
    closers.push(() => admin.close());
    const manager = await jetstreamManager(admin, { timeout: PATIENT_MS });
    await manager.streams.add({ name: STREAM, subjects: ['natsjob.>'], duplicate_window: 1e9, max_age: 3_600e9, storage: 'memory' as never });
    await manager.streams.add({ name: 'KV_natsjob-job-results', subjects: ['$KV.natsjob-job-results.>'], max_msgs_per_subject: 1, allow_rollup_hdrs: true });
    const bus = await openBus(server.url);
    const remarks = await bus.ensureObjects(OBJECTS);
    expect(remarks.filter((remark) => /it (is|keeps)/.test(remark))).toEqual([
      'Bucket KV_natsjob-job-results kept 1 values of a key; it keeps 8 now.',
      'Stream natsjob had a duplicate window of 1 s; it is 120 s now.',
    ]);
    const { config } = await manager.streams.info(STREAM);
    expect(config).toMatchObject({ duplicate_window: 120e9, max_age: 3_600e9, storage: 'memory' });
    expect((await manager.streams.info('KV_natsjob-job-results')).config.max_msgs_per_subject).toBe(8);
    expect(await bus.ensureObjects(OBJECTS)).toEqual(remarks.filter((remark) => remark.endsWith('that is kept.')));
  });

  it('goes on watching over a restart and tells what changed meanwhile', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    const other = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const told: [string, string | undefined][] = [];
    await bus.watch(DEFINITIONS_BUCKET, (key, text) => told.push([key, text]));
    await other.bucket(DEFINITIONS_BUCKET).compareAndSet('a', '1', 0);
    await until(() => told.length === 1);
    const isBack = comingBack(other);
    await server.restart();
    await isBack;
    await other.bucket(DEFINITIONS_BUCKET).compareAndSet('a', '2', 1);
    await until(() => told.length === 2);
    expect(told).toEqual([['a', '1'], ['a', '2']]);
  });

  it('leaves no consumer behind', async () => {
    const server = await startServer();
    const bus = await openBus(server.url);
    await patiently(() => bus.ensureObjects(OBJECTS));
    const feed = bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 1, onMessage: () => {}, onLost: () => {} });
    const watch = await bus.watch(DEFINITIONS_BUCKET, () => {});
    await feed.caughtUp();
    await feed.stop();
    await watch.stop();
    const admin = await connect({ servers: server.url });
    closers.push(() => admin.close());
    const manager = await jetstreamManager(admin, { timeout: PATIENT_MS });
    // Long before the server would drop them by itself.
    for (const stream of [STREAM, `KV_${DEFINITIONS_BUCKET}`]) await soon(async () => (await manager.streams.info(stream)).state.consumer_count === 0, { deadlineMs: 15_000, what: `no consumer of ${stream}` });
  });
});

/** A feed deletes its own consumers, too. */
function unlessGone(error: unknown): void {
  if (!/consumer not found/.test(String(error))) throw error;
}
