import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepDeadLetters, openActorPool, openConnection, openEventBus } from '../../src-core/worker/index.ts';
import type { BusMessage, Envelope, EventBus, EventBusOptions } from '../../src-core/worker/index.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';

describe.skipIf(!(await natsServerPath()))('the event bus', () => {
  let server: TestNatsServer;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  const buses: EventBus[] = [];
  let count = 0;

  beforeAll(async () => {
    server = await startNatsServer();
    connection = await connect({ servers: server.url });
    manager = await jetstreamManager(connection, { timeout: PATIENT_MS });
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.stop({ graceMs: 0 })));
  });
  afterAll(async () => {
    await connection?.close();
    await server?.[Symbol.asyncDispose]();
  });

  async function open(options: Partial<EventBusOptions> = {}): Promise<EventBus> {
    const bus = await openEventBus({ url: server.url, client: `c${++count}`, restartDelayMs: () => 1, ...options });
    buses.push(bus);
    return bus;
  }

  describe('TC-F6: storage types', () => {
    it('keeps a topic of subscribe in memory, and does not handle a message again that failed', async () => {
      const bus = await open({ base: 'f6' });
      const seen: string[] = [];
      await bus.subscribe('topic-memory', (message) => {
        seen.push(message.text);
        if (message.text === 'first') throw new Error('once only');
      });
      await bus.publish('topic-memory', 'first', { key: 'a' });
      await bus.publish('topic-memory', 'second', { key: 'a' });
      await until(() => seen.includes('second'));
      expect(seen).toEqual(['first', 'second']);
      expect((await manager.streams.info('f6_topic-memory')).config).toMatchObject({ storage: 'memory', subjects: ['f6.topic-memory'] });
      expect((await manager.consumers.info('f6_topic-memory', bus.client)).config.ack_policy).toBe('none');
      expect(bus.pool.figures()).toMatchObject({ processed: 1, failed: 1, deadLetters: 0 });
    });

    it('keeps a topic of envelopes in files, and handles a message again that failed', async () => {
      const bus = await open({ base: 'f6' });
      const seen: string[] = [];
      await bus.subscribeEnvelope('topic-file', ({ type }, { attempt }) => {
        seen.push(`${type} ${attempt}`);
        if (type === 'first' && attempt < 3) throw new Error('not yet');
      });
      for (const type of ['first', 'second']) await bus.publishEnvelope('topic-file', envelope({ type }));
      await until(() => bus.pool.figures().processed === 2);
      expect(seen).toEqual(['first 1', 'first 2', 'first 3', 'second 1']);
      expect((await manager.streams.info('f6_topic-file')).config).toMatchObject({ storage: 'file', subjects: ['f6.topic-file'] });
      await untilConfirmed('f6_topic-file', bus.client, 2);
    });

    it('gives a failed message back to the server with a nak where that was asked for, which delivers it again', async () => {
      const bus = await open({ base: 'f6' });
      const seen: string[] = [];
      await bus.subscribeEnvelope('topic-nak', ({ type }, { message }) => {
        seen.push(`${type} ${message.deliveries}`);
        if (type === 'first' && message.deliveries < 3) throw new Error('not yet');
      }, { onFailure: 'nak' });
      for (const type of ['first', 'second']) await bus.publishEnvelope('topic-nak', envelope({ type }));
      await until(() => bus.pool.figures().processed === 2);
      expect([...seen].sort()).toEqual(['first 1', 'first 2', 'first 3', 'second 1']);
      await untilConfirmed('f6_topic-nak', bus.client, 2);
    });

    it('warns about a stream that is stored otherwise, and uses it as it is', async () => {
      const { log, lines } = recordingLog();
      const bus = await open({ base: 'f6', log });
      const seen: string[] = [];
      await bus.publishEnvelope('topic-mixed', envelope({}));
      await bus.subscribe('topic-mixed', (message) => void seen.push(message.text));
      await bus.publish('topic-mixed', 'here it is');
      await until(() => seen.includes('here it is'));
      expect((await manager.streams.info('f6_topic-mixed')).config.storage).toBe('file');
      // The connection may have something to say, too.
      expect(lines.filter(({ level, fields }) => level === 'warn' && 'wanted' in fields)).toMatchObject([{ fields: { topic: 'topic-mixed', storage: 'file', wanted: 'memory' } }]);
    });
  });

  it('TC-F7: routes messages with a key to one actor in order, those without to one after the other, and loses none', async () => {
    const bus = await open({ base: 'f7', actors: 8 });
    const byKey = new Map<string, { actors: Set<number>; numbers: number[] }>();
    const withoutKey: { actor: number; number: number }[] = [];
    await bus.subscribe('mixed', async (message, { actor }) => {
      const number = message.json<number>();
      if (number % 7 === 0) await new Promise(setImmediate);
      if (message.key === undefined) {
        withoutKey.push({ actor, number });
        return;
      }
      const entry = byKey.get(message.key) ?? { actors: new Set(), numbers: [] };
      byKey.set(message.key, entry);
      entry.actors.add(actor);
      entry.numbers.push(number);
    });
    const numbers = Array.from({ length: 3_000 }, (_, number) => number);
    await Promise.all(numbers.map((number) => bus.publish('mixed', String(number), number % 3 === 0 ? {} : { key: `order-${number % 50}` })));
    await until(() => bus.pool.figures().processed === 3_000, { what: () => JSON.stringify(bus.pool.figures()) });
    for (const [key, { actors, numbers: own }] of byKey) {
      expect(actors.size, key).toBe(1);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
    expect(new Set([...byKey.values()].flatMap(({ actors }) => [...actors])).size).toBeGreaterThan(1);
    expect(withoutKey).toHaveLength(1_000);
    for (let actor = 0; actor < 8; actor++) expect(withoutKey.filter((one) => one.actor === actor)).toHaveLength(125);
    expect([...byKey.values()].reduce((sum, { numbers: own }) => sum + own.length, 0)).toBe(2_000);
  });

  describe('TC-F8: recovery of an actor', () => {
    it('restarts it, redelivers its message first, and counts both', async () => {
      const registry = new Registry();
      const bus = await open({ base: 'f8', client: 'f8', actors: 4, registry });
      const seen: string[] = [];
      await bus.subscribeEnvelope('orders', ({ aggregateId, version }, { attempt }) => {
        if (aggregateId === 'a' && version === 3 && attempt <= 2) throw new Error('its state is broken');
        if (aggregateId === 'a') seen.push(`${version}`);
      });
      await Promise.all(Array.from({ length: 20 }, (_, i) => bus.publishEnvelope('orders', envelope({ aggregateId: i % 2 === 0 ? 'a' : 'b', version: i >> 1 }))));
      await until(() => bus.pool.figures().processed === 20);
      expect(seen).toEqual(Array.from({ length: 10 }, (_, version) => String(version)));
      const text = await registry.metrics();
      const prefix = 'nats_eventbus_f8_actor_pool';
      expect(text).toMatch(new RegExp(`${prefix}_actor_restarted_total\\{actor="\\d"\\} 2`));
      for (const line of ['messages_sent_total 20', 'messages_processed_total{result="success"} 20', 'messages_processed_total{result="error"} 2', 'dead_letters_total 0', 'message_latency_seconds_count 20']) {
        expect(text.split('\n')).toContain(`${prefix}_${line}`);
      }
      await untilConfirmed('f8_orders', 'f8', 20);
    });

    it('keeps a message as a dead letter that restarts do not help, with what was wrong, and goes on with the next of its key', async () => {
      const bus = await open({ base: 'f8', client: 'f8-dead', maxRestarts: 2 });
      const seen: number[] = [];
      await bus.subscribeEnvelope('payments', ({ version }) => {
        if (version === 1) throw new Error('poison');
        seen.push(version);
      });
      for (const version of [0, 1, 2]) await bus.publishEnvelope('payments', envelope({ aggregateId: 'order-1', version }));
      await connection.request('f8.payments', 'no envelope at all', { timeout: PATIENT_MS });
      await bus.publishEnvelope('payments', envelope({ aggregateId: 'order-1', version: 3 }));
      await untilConfirmed('f8_payments', 'f8-dead', 5);
      expect(seen).toEqual([0, 2, 3]);
      expect(await deadLetter('natsjob-dead.bus.f8.payments.f8-dead.2')).toMatchObject({ subject: 'f8.payments', key: 'order-1', error: 'Error: poison', deliveries: 3, payload: expect.stringContaining('"version":1') });
      expect(await deadLetter('natsjob-dead.bus.f8.payments.f8-dead.4')).toMatchObject({ key: '', error: expect.stringContaining('NoEnvelopeError'), payload: 'no envelope at all' });
      expect(bus.pool.figures()).toMatchObject({ deadLetters: 2, restarted: 4 });
    });
  });

  it('TC-F9: asks for nothing more while an inbox is full, keeps what it holds bounded, and loses nothing', async () => {
    const registry = new Registry();
    const bus = await open({ base: 'f9', client: 'f9', actors: 4, inboxSize: 10, registry });
    const gate = openGate();
    const seen: number[] = [];
    const subscription = await bus.subscribeEnvelope('flood', async ({ version }) => {
      await gate.promise;
      seen.push(version);
    }, { batch: 50, maxPending: 100 });
    await Promise.all(Array.from({ length: 2_000 }, (_, version) => bus.publishEnvelope('flood', envelope({ aggregateId: 'one key', version }))));
    // All that was asked for has come: the server holds the rest. It counts what waits a moment after it confirmed it.
    const { num_pending: waiting } = await until(async () => {
      const info = await manager.consumers.info('f9_flood', 'f9');
      const isLevel = info.num_pending + info.num_ack_pending === 2_000;
      return isLevel && info.num_waiting === 0 && info.num_ack_pending === subscription.inHand && subscription.inHand > 10 && info;
    });
    // One batch: nothing more was asked for once the eleventh of its messages found the inbox full.
    expect(subscription.inHand).toBe(50);
    expect(waiting).toBe(2_000 - subscription.inHand);
    expect(bus.pool.figures().waiting).toBe(10);
    expect(bus.pool.figures().inboxFull).toBeGreaterThan(0);
    const text = await registry.metrics();
    expect(text).toMatch(/nats_eventbus_f9_actor_pool_inbox_utilization\{actor="\d"\} 1\n/);
    expect(text).toMatch(/nats_eventbus_f9_actor_pool_inbox_full_total [1-9]/);
    gate.open();
    await until(() => seen.length === 2_000, { what: () => `${seen.length} of 2,000` });
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, version) => version));
    await untilConfirmed('f9_flood', 'f9', 2_000);
  });

  it('TC-F9: takes no more than it may have in hand, also while all inboxes have room', async () => {
    const bus = await open({ base: 'f9', client: 'f9-pending', actors: 4, inboxSize: 1_000 });
    const gate = openGate();
    const subscription = await bus.subscribeEnvelope('many', () => gate.promise, { batch: 50, maxPending: 120 });
    await Promise.all(Array.from({ length: 1_000 }, (_, version) => bus.publishEnvelope('many', envelope({ aggregateId: `k${version % 40}`, version }))));
    await until(async () => {
      const { num_ack_pending: taken, num_waiting: requests } = await manager.consumers.info('f9_many', 'f9-pending');
      return requests === 0 && taken === subscription.inHand && taken > 95;
    });
    expect(subscription.inHand).toBeLessThanOrEqual(120);
    expect(bus.pool.figures()).toMatchObject({ inboxFull: 0 });
    gate.open();
    await untilConfirmed('f9_many', 'f9-pending', 1_000);
  });

  it('delivers again first, in order, what a subscriber had that is gone, and only what it had not confirmed', async () => {
    const first = await open({ base: 'again', client: 'again' });
    const gate = openGate();
    await first.subscribeEnvelope('orders', ({ version }) => (version < 5 ? undefined : gate.promise));
    await Promise.all(Array.from({ length: 200 }, (_, version) => first.publishEnvelope('orders', envelope({ aggregateId: `k${version % 3}`, version }))));
    await until(async () => {
      const { ack_floor: floor, num_ack_pending: unconfirmed } = await manager.consumers.info('again_orders', 'again');
      return floor.stream_seq === 5 && unconfirmed === 195;
    });
    await first.stop({ graceMs: 0 });
    const second = await open({ base: 'again', client: 'again' });
    const seen: number[] = [];
    await second.subscribeEnvelope('orders', ({ aggregateId, version }) => void (aggregateId === 'k2' && seen.push(version)));
    await second.publishEnvelope('orders', envelope({ aggregateId: 'k2', version: 200 }));
    await untilConfirmed('again_orders', 'again', 201);
    expect(seen).toEqual([...Array.from({ length: 200 }, (_, version) => version).filter((version) => version % 3 === 2 && version >= 5), 200]);
  });

  it('carries bytes that are no text, and tells where and when a message was stored', async () => {
    const bus = await open({ base: 'bytes' });
    const seen: BusMessage[] = [];
    await bus.subscribe('raw', (message) => void seen.push(message));
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const before = Date.now();
    const sequence = await bus.publish('raw', bytes, { key: '客户 7' });
    await bus.publish('raw', bytes);
    await until(() => seen.length === 2);
    expect(seen.map(({ key }) => key)).toEqual(['客户 7', undefined]);
    expect(seen[0]).toMatchObject({ topic: 'raw', sequence, deliveries: 1 });
    expect(Buffer.from(seen[0]!.bytes).equals(Buffer.from(bytes))).toBe(true);
    expect(Math.abs(seen[0]!.at - before)).toBeLessThan(60_000);
  });

  it('drops a second envelope of the same id', async () => {
    const bus = await open({ base: 'ids' });
    const first = await bus.publishEnvelope('orders', envelope({}), { id: 'order-1/7' });
    expect(await bus.publishEnvelope('orders', envelope({}), { id: 'order-1/7' })).toBe(first);
    expect((await manager.streams.info('ids_orders')).state.messages).toBe(1);
  });

  it('tells the publisher when the stream takes no more', async () => {
    const bus = await open({ base: 'small', limits: { file: { maxBytes: 2_000 } } });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => bus.publishEnvelope('orders', envelope({ payload: 'x'.repeat(200) }))));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { name: 'NotStoredError', message: expect.stringContaining('maximum bytes exceeded') } });
    expect((await manager.streams.info('small_orders')).state.messages).toBe(20 - refused.length);
  });

  it.each([
    ['a topic that is no name', (bus: EventBus) => bus.publish('a.b', ''), /^topic must be a name/],
    ['a key with a line break', (bus: EventBus) => bus.publish('a', '', { key: 'a\r\nNats-Msg-Id: 1' }), /^key must be a text without line breaks/],
    ['an envelope without aggregate', (bus: EventBus) => bus.publishEnvelope('a', envelope({ aggregateId: '' })), /^envelope must be an aggregateId/],
    ['more pending than a batch allows', (bus: EventBus) => bus.subscribe('a', () => {}, { batch: 100, maxPending: 50 }), /^maxPending/],
  ])('refuses %s', async (_what, act, message) => {
    await expect(act(await open())).rejects.toThrow(message);
  });

  it('refuses a durable name that is taken by the other kind of subscription', async () => {
    const bus = await open({ base: 'kinds' });
    await bus.subscribeEnvelope('orders', () => {});
    await expect(bus.subscribe('orders', () => {})).rejects.toThrow(/^durable must be another name/);
    await bus.subscribe('orders', () => {}, { durable: 'other' });
  });

  it('keeps dead letters of a pool that stands alone', async () => {
    const own = await openConnection({ url: server.url });
    try {
      const pool = openActorPool<{ id: string }>({
        name: 'pictures', maxRestarts: 0, handler: () => Promise.reject(new Error('cannot be read')),
        onDeadLetter: keepDeadLetters({ connection: own, pool: 'pictures', describe: ({ id }) => ({ key: id, payload: `picture ${id}` }) }),
      });
      await pool.send({ id: '7' }, '7');
      await pool.drained();
      expect(await deadLetter('natsjob-dead.actors.pictures.*')).toMatchObject({ key: '7', error: 'Error: cannot be read', deliveries: 1, payload: 'picture 7' });
      await pool.stop();
    } finally {
      await own.close();
    }
  });

  async function untilConfirmed(stream: string, consumer: string, sequence: number): Promise<void> {
    await until(async () => {
      const { ack_floor: floor, num_ack_pending: open } = await manager.consumers.info(stream, consumer);
      return open === 0 && floor.stream_seq === sequence;
    }, { what: `all up to ${sequence} of ${stream} to be confirmed` });
  }

  async function deadLetter(subject: string): Promise<unknown> {
    return (await manager.streams.getMessage('natsjob-dead-letters', { last_by_subj: subject }))?.json();
  }
});

function envelope(fields: Partial<Envelope>): Envelope {
  return { aggregateId: 'order-1', type: 'changed', version: 1, at: 1_770_000_000_000, payload: { amount: 7 }, ...fields };
}

function openGate(): { readonly promise: Promise<void>; open(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, open: () => resolve() };
}
