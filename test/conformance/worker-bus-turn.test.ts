import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { ensureTopicStream } from '../../src-core/worker/bus/streams.ts';
import { TopicSubscription } from '../../src-core/worker/bus/subscription.ts';
import type { TakenMessage } from '../../src-core/worker/bus/taken-message.ts';
import { Suspects } from '../../src-core/worker/common/suspects.ts';
import { machineClock } from '../../src-core/worker/clock.ts';
import { openActorPool, openConnection, openEventBus } from '../../src-core/worker/index.ts';
import { silentLog } from '../../src-core/worker/silent-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';

/** Of a subscription. */
const NOTHING_COMES_MS = 2_000;

it.skipIf(!(await natsServerPath()))('an exclusive subscription that took its lock for lost handles what it left when the lock is held after all', async () => {
  await using server = await startNatsServer();
  const connection = await openConnection({ url: server.url });
  const client = await connect({ servers: server.url });
  const manager = await jetstreamManager(client, { timeout: PATIENT_MS });
  const pool = openActorPool<TakenMessage<TopicSubscription>>({ name: 'turn', actors: 4, handler: (message, context) => message.owner.handle(message, context), onGone: (message) => message.owner.gone(message) });
  let isInDoubt = false;
  /** In doubt for one look at it: then the renewal that was on its way has come. */
  const lock = {
    get isHeld(): boolean {
      const isHeld = !isInDoubt;
      isInDoubt = false;
      return isHeld;
    },
    fence: 7,
  };
  const seen: number[] = [];
  const subscription = new TopicSubscription({
    connection, pool, log: silentLog, base: 'turn', topic: 'orders', durable: 'one', atLeastOnce: true, from: 'all', onFailure: 'hold', maxPending: 100, batch: 20, ackWaitMs: 30_000,
    maxDeliveries: 10, suspects: new Suspects(() => expect.unreachable(), silentLog), hasTurn: false, expiresMs: 1_000,
    ensureStream: () => ensureTopicStream(manager, 'turn', 'orders', 'file', {}),
    handle: (message) => void seen.push(message.envelope!.version),
  });
  const publish = async (from: number, to: number): Promise<void> => {
    for (let version = from; version < to; version++) await client.request('turn.orders', JSON.stringify({ v: 1, aggregateId: 'a', type: 't', version, at: 1, payload: null }), { timeout: PATIENT_MS });
  };
  try {
    await ensureTopicStream(manager, 'turn', 'orders', 'file', {});
    subscription.beginTurn(lock);
    await publish(0, 5);
    await until(() => seen.length === 5);
    isInDoubt = true;
    await publish(5, 6);
    await until(() => !isInDoubt, { what: 'the message to be left, by a look at the lock' });
    await publish(6, 10);
    await until(async () => (await manager.consumers.info('turn_orders', 'one')).ack_floor.stream_seq === 10, { what: () => `all to be confirmed; handled ${seen.join()}` });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  } finally {
    subscription.stopReading();
    subscription.giveUp();
    await pool.stop({ graceMs: 0 });
    await client.close();
    await connection.close();
  }
});

it.skipIf(!(await natsServerPath()))('a subscription that stood still while its messages came again keeps their order', async () => {
  await using server = await startNatsServer();
  const client = await connect({ servers: server.url });
  const manager = await jetstreamManager(client, { timeout: PATIENT_MS });
  await ensureTopicStream(manager, 'turn', 'orders', 'file', {});
  const versions = Array.from({ length: 10 }, (_, version) => version);
  for (const version of versions) await client.request('turn.orders', JSON.stringify({ v: 1, aggregateId: 'a', type: 't', version, at: 1, payload: null }), { timeout: PATIENT_MS });
  // Of one that had them all and is gone; one of the later ones is on its way to be delivered again.
  await manager.consumers.add('turn_orders', { durable_name: 'one', ack_policy: AckPolicy.Explicit, ack_wait: 60e9, max_deliver: -1 });
  const taken: string[] = [];
  client.subscribe('taken', { callback: (_error, message) => void taken.push(message.reply ?? '') });
  client.publish('$JS.API.CONSUMER.MSG.NEXT.turn_orders.one', JSON.stringify({ batch: 10, expires: 60e9 }), { reply: 'taken' });
  await until(() => taken.length === 10);
  client.publish(taken[5]!, '-NAK');
  await client.flush();

  // This process wakes: the time after which no more is waited for is up before what came is read.
  let hasStoodStill = false;
  const stoodStill = { ...machineClock, after: (delayMs: number, action: () => void) => {
    if (hasStoodStill || delayMs !== NOTHING_COMES_MS) return machineClock.after(delayMs, action);
    hasStoodStill = true;
    return machineClock.after(0, action);
  } };
  const connection = await openConnection({ url: server.url, clock: stoodStill });
  const seen: number[] = [];
  const bus = await openEventBus({ connection, client: 'one', base: 'turn' });
  try {
    await bus.subscribeEnvelope('orders', ({ version }) => void seen.push(version));
    await until(() => seen.length >= 10, { what: () => `all to come again; there are ${seen.join()}` });
    expect(seen).toEqual(versions);
    expect(hasStoodStill).toBe(true);
  } finally {
    await bus.stop({ graceMs: 0 });
    await client.close();
    await connection.close();
  }
});
