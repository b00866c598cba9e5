import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadOptionError, UnavailableError, UnconfirmedError, openEventBus } from '../../src-core/worker/index.ts';
import type { Envelope, EventBus } from '../../src-core/worker/index.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';
import { seeded, testSeed } from '../support/seeded.ts';
import { until } from '../support/until.ts';

interface Handled {
  readonly key: string;
  readonly version: number;
  readonly fence?: number;
}

/** What another process said: `ready`, `warned`, `lost`, or an envelope it has handled. */
type Said = Handled | string;

const SUBSCRIBER = fileURLToPath(new URL('../support/bus-subscriber.ts', import.meta.url));
const POISONED = fileURLToPath(new URL('../support/bus-poisoned.ts', import.meta.url));
/** Longer than an answer is waited for. */
const SILENT_MS = 3_500;
const QUIET = ['--disable-warning=ExperimentalWarning'];

describe.skipIf(!(await natsServerPath()))('the event bus, when something breaks,', { timeout: 300_000 }, () => {
  let server: TestNatsServer;
  const clean: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    server = await startNatsServer();
    clean.push(() => server[Symbol.asyncDispose]());
  });
  afterEach(async () => {
    for (const act of clean.splice(0).reverse()) await act();
  });

  async function open(url: string, client: string): Promise<EventBus> {
    const bus = await openEventBus({ url, client, base: 'bus', actors: 16 });
    clean.push(() => bus.stop({ graceMs: 0 }));
    return bus;
  }

  it('is not there before NATS is, and says so when that takes too long', async () => {
    await server.stop();
    const options = { url: server.url, client: 'early', base: 'bus' };
    await expect(openEventBus({ ...options, connectWithin: 'soon' })).rejects.toThrow(new BadOptionError('connectWithin', 'a duration from 0 ms to for ever, in milliseconds or as text such as "30s"', 'soon'));
    const late = await openEventBus({ ...options, connectWithin: '200ms' }).catch((error: unknown) => error);
    expect(late).toBeInstanceOf(UnavailableError);
    expect(String(late)).toContain('not reached within 200 ms');
    const opening = openEventBus({ ...options, connectWithin: Number.POSITIVE_INFINITY });
    await server.restart();
    const bus = await opening;
    clean.push(() => bus.stop({ graceMs: 0 }));
    expect(await bus.publish('news', 'open')).toBe(1);
  });

  it('waits for a server that is silent when a topic is first used', async () => {
    const bus = await open(server.url, 'client');
    const handled: Handled[] = [];
    process.kill(server.pid, 'SIGSTOP');
    const subscribed = bus.subscribeEnvelope('orders', ({ aggregateId, version }) => void handled.push({ key: aggregateId, version }));
    const published = Promise.all([bus.publish('news', 'one'), bus.publishEnvelope('orders', event('a', 0))]);
    published.catch(() => undefined);
    const early = await Promise.race([subscribed, new Promise((resolve) => setTimeout(resolve, SILENT_MS))]).catch((error: unknown) => error);
    process.kill(server.pid, 'SIGCONT');
    expect(early).not.toBeInstanceOf(Error);
    await subscribed;
    await published;
    await until(() => handled.length === 1);
  });

  it('keeps every envelope and its order, each handled once, through broken connections of publisher and subscriber', async () => {
    const [ofPublisher, ofSubscriber] = [await startBreaker(server.port), await startBreaker(server.port)];
    clean.push(() => ofPublisher.close(), () => ofSubscriber.close());
    const publisher = await open(`nats://127.0.0.1:${ofPublisher.port}`, 'publisher');
    const subscriber = await open(`nats://127.0.0.1:${ofSubscriber.port}`, 'subscriber');
    const handled: Handled[] = [];
    await subscriber.subscribeEnvelope('orders', async ({ aggregateId, version }) => {
      if (version % 5 === 0) await new Promise(setImmediate);
      handled.push({ key: aggregateId, version });
    });
    const keys = 20;
    const each = 300;
    const sent: Promise<number>[] = [];
    for (let version = 0; version < each; version++) {
      for (let key = 0; key < keys; key++) sent.push(publisher.publishEnvelope('orders', event(`k${key}`, version)));
      if (version % 30 === 29) await new Promise(setImmediate);
      if (version % 60 === 50) await ofPublisher.cut();
      if (version % 60 === 20) await ofSubscriber.cut();
    }
    await Promise.all(sent);
    await ofSubscriber.cut();
    await until(() => handled.length >= keys * each, { deadlineMs: 120_000, what: () => `${handled.length} of ${keys * each} handled` });
    for (let key = 0; key < keys; key++) expect(versionsOf(handled, `k${key}`)).toEqual(Array.from({ length: each }, (_, version) => version));
  });

  it('goes on when the server was started anew: envelopes are there, topics in memory are made again', async () => {
    const bus = await open(server.url, 'client');
    const handled: Handled[] = [];
    const raw: string[] = [];
    await bus.subscribeEnvelope('orders', ({ aggregateId, version }) => void handled.push({ key: aggregateId, version }));
    await bus.subscribe('news', (message) => void raw.push(message.text));
    await bus.publish('news', 'before');
    await bus.publishEnvelope('orders', event('a', 0));
    await until(() => handled.length === 1 && raw.length === 1);
    await server.stop('SIGKILL');
    const meanwhile = bus.publishEnvelope('orders', event('a', 1));
    await server.restart();
    await meanwhile;
    await until(() => handled.length === 2, { deadlineMs: 60_000 });
    // The other subscription may be there later, and hears what is published from then on. Its stream is another one than before.
    const connection = await connect({ servers: server.url });
    clean.push(() => connection.close());
    const manager = await jetstreamManager(connection, { timeout: PATIENT_MS });
    await until(() => manager.consumers.info('bus_news', 'client').then(() => true, () => false), { what: 'the topic in memory to be subscribed to again' });
    await bus.publish('news', 'after');
    await until(() => raw.length === 2);
    expect(versionsOf(handled, 'a')).toEqual([0, 1]);
    expect(raw).toEqual(['before', 'after']);
  });

  it('keeps every envelope and its order while the server is killed and started again under load', async () => {
    const publisher = await open(server.url, 'publisher');
    const subscriber = await open(server.url, 'subscriber');
    const handled: Handled[] = [];
    await subscriber.subscribeEnvelope('orders', ({ aggregateId, version }) => void handled.push({ key: aggregateId, version }));
    const keys = 20;
    const each = 250;
    const sent: Promise<number>[] = [];
    for (let round = 0; round < 5; round++) {
      for (let version = round * 50; version < (round + 1) * 50; version++) {
        for (let key = 0; key < keys; key++) sent.push(publisher.publishEnvelope('orders', event(`k${key}`, version)));
        await new Promise(setImmediate);
      }
      const { length } = handled;
      await until(() => handled.length > length);
      await server.stop('SIGKILL');
      await server.restart();
    }
    await Promise.all(sent);
    await until(() => seenOf(handled) === keys * each, { deadlineMs: 120_000, what: () => `${seenOf(handled)} of ${keys * each} handled` });
    for (let key = 0; key < keys; key++) expect(versionsOf(handled, `k${key}`)).toEqual(Array.from({ length: each }, (_, version) => version));
  });

  it('tells the server of messages that wait long, which delivers none of them twice', async () => {
    const bus = await open(server.url, 'client');
    const connection = await connect({ servers: server.url });
    clean.push(() => connection.close());
    const manager = await jetstreamManager(connection, { timeout: PATIENT_MS });
    const from = performance.now();
    let calls = 0;
    await bus.subscribeEnvelope('orders', async () => {
      calls++;
      // Longer than the server waits for a sign of life, which is longer than this process may stand still.
      await until(() => performance.now() - from > 10_000);
    }, { ackWaitMs: 6_000 });
    await Promise.all([0, 1, 2].map((version) => bus.publishEnvelope('orders', event('a', version))));
    await until(async () => (await manager.consumers.info('bus_orders', 'client')).ack_floor.stream_seq === 3);
    expect(calls).toBe(3);
    expect((await manager.consumers.info('bus_orders', 'client')).delivered).toMatchObject({ consumer_seq: 3, stream_seq: 3 });
  });

  it('says of a message at most once that nobody knows whether it arrived, and does not send it again', async () => {
    const breaker = await startBreaker(server.port);
    clean.push(() => breaker.close());
    const bus = await open(`nats://127.0.0.1:${breaker.port}`, 'client');
    await bus.publish('news', 'first');
    const cut = breaker.cutAt('the-second', '"seq":2');
    await expect(bus.publish('news', 'the-second')).rejects.toThrow(UnconfirmedError);
    await cut;
    expect(await bus.publish('news', 'third')).toBe(3);
  });

  it('handles everything at least once, in the order of each key, while its process is killed at random', async () => {
    await killAtRandom(8, []);
  });

  it('keeps the order of each key between two processes when the subscription is exclusive, while the one that reads is killed at random', async () => {
    await killAtRandom(4, ['exclusive']);
  });

  it('gives an envelope up that kills every process which handles it, and no other one, in the order of each key', async () => {
    const connection = await connect({ servers: server.url });
    clean.push(() => connection.close());
    const manager = await jetstreamManager(connection, { timeout: PATIENT_MS });
    const publisher = await open(server.url, 'publisher');
    const keys = 6;
    const each = 8;
    const kills = new Set([3 * keys + 1, 5 * keys + 2]);
    for (let at = 0; at < keys * each; at++) await publisher.publishEnvelope('orders', { ...event(`k${at % keys}`, Math.floor(at / keys)), type: kills.has(at) ? 'kills' : 'changed' });
    const handled: Handled[] = [];
    let deaths = 0;
    let isOver = false;
    let last: ChildProcess | undefined;
    clean.push(async () => {
      isOver = true;
      if (last?.exitCode === null && last.signalCode === null) {
        last.kill('SIGKILL');
        await once(last, 'exit');
      }
    });
    const start = (): void => {
      last = fork(POISONED, [server.url, '4'], { execArgv: QUIET });
      last.on('message', (one: Handled) => void handled.push(one));
      last.once('exit', () => {
        if (isOver) return;
        deaths++;
        start();
      });
    };
    start();
    await until(async () => {
      const info = await manager.consumers.info('bus_orders', 'poisoned').catch(() => undefined);
      // The server may know of the last one before its word of it is read here.
      return info?.ack_floor.stream_seq === keys * each && seenOf(handled) === keys * each - kills.size;
    }, { deadlineMs: 240_000, what: () => `all to be confirmed; ${seenOf(handled)} handled, ${deaths} deaths` });
    expect((await manager.streams.info('natsjob-dead-letters', { subjects_filter: '>' })).state.subjects).toEqual({
      'natsjob-dead.bus.bus.orders.poisoned.20': 1, 'natsjob-dead.bus.bus.orders.poisoned.33': 1,
    });
    const letter = (await manager.streams.getMessage('natsjob-dead-letters', { last_by_subj: 'natsjob-dead.bus.bus.orders.poisoned.20' }))?.json<{ key: string; error: string; deliveries: number }>();
    expect(letter).toMatchObject({ key: 'k1', error: expect.stringMatching(/^DeadlyMessageError: .* processes died over it/) as string });
    // Each is found out by itself: neither is given up for what the other did.
    expect(deaths).toBeGreaterThanOrEqual(5);
    for (let key = 0; key < keys; key++) {
      const first = [...new Set(versionsOf(handled, `k${key}`))];
      const expected = Array.from({ length: each }, (_, version) => version).filter((version) => !kills.has(version * keys + key));
      expect(first, `k${key}`).toEqual(expected);
    }
    await until(async () => Object.keys((await manager.streams.info('KV_natsjob-worker', { subjects_filter: '$KV.natsjob-worker.begun.>' })).state.subjects ?? {}).length === 2, { what: 'only the notes of those two to be left' });
  });

  async function subscriber(...modes: string[]): Promise<{ child: ChildProcess; said: string[]; handled: Handled[] }> {
    const child = fork(SUBSCRIBER, [server.url, ...modes], { execArgv: QUIET });
    const said: string[] = [];
    const handled: Handled[] = [];
    child.on('message', (one: Said) => void (typeof one === 'string' ? said.push(one) : handled.push(one)));
    clean.push(async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    });
    await until(() => said.includes('ready'));
    return { child, said, handled };
  }

  it('handles nothing in a process that wakes after another one has taken its exclusive subscription over', async () => {
    const publisher = await open(server.url, 'publisher');
    const publish = (from: number, to: number): Promise<unknown> => Promise.all(Array.from({ length: (to - from) * 4 }, (_, at) => publisher.publishEnvelope('orders', event(`k${at % 4}`, from + Math.floor(at / 4)))));
    const first = await subscriber('exclusive', 'at-once');
    await publish(0, 5);
    await until(() => seenOf(first.handled) === 20);
    first.child.kill('SIGSTOP');
    // The server sends these to the process that asked for more: they wait on its socket.
    await publish(5, 20);
    // With a lock that it does not lose to the first one by being slow.
    const second = await subscriber('exclusive', 'long');
    const seen = (): number => seenOf([...first.handled, ...second.handled]);
    await until(() => seen() === 80, { deadlineMs: 60_000, what: () => `${seen()} of 80` });
    const before = first.handled.length;
    first.child.kill('SIGCONT');
    await until(() => first.said.includes('lost'));
    await publish(20, 25);
    await until(() => seen() === 100, { what: () => `${seen()} of 100` });
    expect(first.handled.slice(before)).toEqual([]);
    for (let key = 0; key < 4; key++) expect([...new Set([...versionsOf(first.handled, `k${key}`), ...versionsOf(second.handled, `k${key}`)])]).toEqual(Array.from({ length: 25 }, (_, version) => version));
    expect(second.handled[0]!.fence).toBeGreaterThan(first.handled[0]!.fence!);
  });

  it('handles nothing twice in a process that stood still for longer than the server waits', async () => {
    const connection = await connect({ servers: server.url });
    clean.push(() => connection.close());
    const manager = await jetstreamManager(connection, { timeout: PATIENT_MS });
    const publisher = await open(server.url, 'publisher');
    const { child, handled } = await subscriber('short');
    // The server has been asked for 200: what comes while it stands still waits on its socket, and is sent there again.
    const publish = (from: number, to: number): Promise<unknown> => Promise.all(Array.from({ length: (to - from) * 10 }, (_, at) => publisher.publishEnvelope('orders', event(`k${at % 10}`, from + Math.floor(at / 10)))));
    await publish(0, 5);
    await until(() => handled.length === 50);
    child.kill('SIGSTOP');
    await publish(5, 15);
    await until(async () => (await manager.consumers.info('bus_orders', 'subscriber')).num_redelivered > 0, { what: 'the server to deliver again' });
    child.kill('SIGCONT');
    await until(async () => (await manager.consumers.info('bus_orders', 'subscriber')).ack_floor.stream_seq === 150 && seenOf(handled) === 150, { deadlineMs: 60_000 });
    for (let key = 0; key < 10; key++) expect(versionsOf(handled, `k${key}`)).toEqual(Array.from({ length: 15 }, (_, version) => version));
  });

  async function killAtRandom(kills: number, mode: readonly string[]): Promise<void> {
    const seed = testSeed();
    const random = seeded(seed);
    const keys = 40;
    const each = 150;
    const total = keys * each;
    const handled: Handled[] = [];
    const running = new Set<ChildProcess>();
    let reading: ChildProcess | undefined;
    let sinceKill = 0;
    const kill = async (child: ChildProcess): Promise<void> => {
      running.delete(child);
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    clean.push(() => Promise.all([...running].map(kill)));
    const start = async (): Promise<void> => {
      const child = fork(SUBSCRIBER, [server.url, ...mode], { execArgv: QUIET });
      running.add(child);
      const ready = once(child, 'message');
      child.on('message', (one: Said) => {
        if (typeof one === 'string') return;
        // What it still had to say may come after its end.
        if (running.has(child)) reading = child;
        handled.push(one);
        sinceKill++;
      });
      await ready;
    };
    const publisher = await open(server.url, 'publisher');
    const perPhase = Math.ceil(each / (kills + 1));
    const publish = (from: number): Promise<unknown> => Promise.all(Array.from({ length: keys * Math.min(perPhase, each - from) }, (_, i) => publisher.publishEnvelope('orders', event(`k${i % keys}`, from + Math.floor(i / keys)))));
    const published: Promise<unknown>[] = [];
    // Where only one reads, there is always another one that waits for its turn.
    if (mode.length > 0) await start();
    for (let done = 0; done < kills; done++) {
      await start();
      published.push(publish(done * perPhase));
      const most = Math.floor(random() * perPhase * keys * 0.9);
      await until(() => reading !== undefined && sinceKill > most, { deadlineMs: 120_000, what: () => `seed ${seed}: ${sinceKill} of ${most} before kill ${done}` });
      await kill(reading as unknown as ChildProcess);
      reading = undefined;
      sinceKill = 0;
    }
    await start();
    await Promise.all([...published, publish(kills * perPhase)]);
    await until(() => seenOf(handled) === total, { deadlineMs: 120_000, what: () => `seed ${seed}: ${seenOf(handled)} of ${total}` });
    for (let key = 0; key < keys; key++) {
      // A kill may hide that something was done, so it is done again from there on; nothing is ever passed over.
      let highest = -1;
      for (const version of versionsOf(handled, `k${key}`)) {
        expect(version, `seed ${seed}, key ${key}`).toBeLessThanOrEqual(highest + 1);
        highest = Math.max(highest, version);
      }
      expect(highest).toBe(each - 1);
    }
  }
});

function event(aggregateId: string, version: number): Envelope {
  return { aggregateId, type: 'changed', version, at: 1_770_000_000_000, payload: null };
}

function versionsOf(handled: readonly Handled[], key: string): number[] {
  return handled.filter((one) => one.key === key).map(({ version }) => version);
}

function seenOf(handled: readonly Handled[]): number {
  return new Set(handled.map(({ key, version }) => `${key}/${version}`)).size;
}
