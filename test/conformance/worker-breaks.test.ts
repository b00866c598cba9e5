import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, errors } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { roundTrip } from '../../src-core/nats/round-trip.ts';
import { chooseConnection, createWorker, LockHeldError, openConnection, openEventBus, openLocks } from '../../src-core/worker/index.ts';
import { awakeMs } from '../support/awake-time.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import type { Breaker } from '../support/nats-breaker.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { until } from '../support/until.ts';
import { openStage } from '../support/worker-stage.ts';
import type { Stage } from '../support/worker-stage.ts';

const ENVELOPE = { aggregateId: 'a', type: 'made', version: 1, at: 1, payload: null };

describe.skipIf(!(await natsServerPath()))('a connection that breaks at a bad moment', () => {
  const clean: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const act of clean.splice(0).reverse()) await act();
  });

  async function broken(): Promise<{ stage: Stage; breaker: Breaker; url: string }> {
    const stage = await openStage();
    clean.push(() => stage[Symbol.asyncDispose]());
    const breaker = await startBreaker(stage.server.port);
    clean.push(() => breaker.close());
    return { stage, breaker, url: `nats://127.0.0.1:${breaker.port}` };
  }

  it('ends a round trip that was not answered', async () => {
    const { breaker, url } = await broken();
    const client = await connect({ servers: url, reconnect: false });
    await roundTrip(client);
    const cut = breaker.cutAt('PING');
    const trips = [roundTrip(client), roundTrip(client)];
    await cut;
    for (const each of await Promise.allSettled(trips)) expect(each).toMatchObject({ status: 'rejected', reason: { name: 'ClosedConnectionError' } });
    await expect(roundTrip(client)).rejects.toMatchObject({ name: 'ClosedConnectionError' });
  });

  it('is closed in its time though it is silent, and a client of the program itself', async () => {
    const { breaker, url } = await broken();
    const client = await connect({ servers: url });
    clean.push(() => client.close());
    const locks = await openLocks({ connection: client });
    breaker.freeze();
    expect(await awakeMs(locks.close())).toBeLessThan(5_000);
    expect(client.isClosed()).toBe(false);
  });

  it('does not keep a worker from its start', async () => {
    const { stage, breaker, url } = await broken();
    // Its first request for runs is what it says last before it looks whether all of it has come.
    const cut = breaker.cutAt('CONSUMER.MSG.NEXT');
    const worker = createWorker({ url, app: 'shop' }).handle('report', () => 'done');
    clean.push(() => worker.stop());
    await worker.start();
    await cut;
    expect(await stage.ends(await stage.send('report'))).toMatchObject([{ status: 'success', reason: '"done"' }]);
  });

  it('leaves nothing behind of a worker that is stopped while it starts', async () => {
    const { breaker, url } = await broken();
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-handlers-'));
    clean.push(async () => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, 'report.mjs'), 'export default () => {};');
    const watchers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    const before = watchers();
    breaker.dropTowardsClient('consumer_info_response');
    const worker = createWorker({ url, app: 'shop', handlers: folder, watch: true });
    const starting = worker.start();
    await until(() => worker.state().isConnected);
    await worker.stop();
    await starting;
    expect(watchers()).toBe(before);
    expect(worker.state().state).toBe('stopped');
  });

  it('ends nothing where word of its end comes late', async () => {
    const { url } = await broken();
    const client = await connect({ servers: url });
    clean.push(() => client.close());
    const { connection } = await chooseConnection({ connection: client });
    const subscribe = client.subscribe.bind(client);
    client.subscribe = () => {
      throw new errors.ClosedConnectionError();
    };
    const worker = createWorker({ connection, app: 'shop' }).handle('report', () => 'done');
    clean.push(() => worker.stop());
    await worker.start();
    await using locks = await openLocks({ connection });
    client.subscribe = subscribe;
    const held = await locks.acquire('a', { wait: '60s' });
    client.subscribe = () => {
      throw new errors.ClosedConnectionError();
    };
    await expect(locks.acquire('a', { wait: 100 })).rejects.toThrow(LockHeldError);
    client.subscribe = subscribe;
    await held.release();
  });

  it('does not keep from a second step what the first one gave', async () => {
    const { stage, breaker, url } = await broken();
    const given: string[] = [];
    const worker = createWorker({ url, app: 'shop' }).handle('map', (run, { next }) => {
      given.push(run.nextPayload);
      return run.step === 1 ? next(7) : undefined;
    });
    clean.push(() => worker.stop());
    await worker.start();
    const first = await stage.send('map', { category: 'map', action: 'pre-start' });
    await stage.ends(first);
    const cut = breaker.cutAt('STREAM.MSG.GET', '"message"');
    expect(await stage.ends(await stage.send('map', { category: 'map', taskId: first.taskId }))).toMatchObject([{ status: 'success' }]);
    await cut;
    expect(given).toEqual(['', '7']);
  });

  it('loses no dead letter', async () => {
    const { stage, breaker, url } = await broken();
    const dying = await openConnection({ url: stage.url });
    const killed = createWorker({ connection: dying, app: 'shop' }).handle('dead', () => new Promise(() => {}), { ackWaitMs: 60_000, maxDeliveries: 1 });
    clean.push(() => killed.stop({ graceMs: 0, abortMs: 0 }));
    await killed.start();
    const sent = await stage.send('dead');
    await until(() => killed.state().running === 1);
    await dying.close();
    const cut = breaker.cutAt('STREAM.CREATE.natsjob-dead-letters');
    const worker = createWorker({ url, app: 'shop' }).handle('dead', () => {}, { ackWaitMs: 1_000, maxDeliveries: 1 });
    clean.push(() => worker.stop());
    await worker.start();
    expect(await stage.ends(sent)).toMatchObject([{ status: 'fail', noRetry: true }]);
    await cut;
    expect((await stage.ask('$JS.API.STREAM.INFO.natsjob-dead-letters')).json()).toMatchObject({ state: { messages: 1 } });
  });

  it.each(['STREAM.INFO', 'STREAM.CREATE', 'CONSUMER.INFO', 'CONSUMER.CREATE', 'CONSUMER.MSG.NEXT'])('does not keep anybody from subscribing to a topic: over %s', async (asked) => {
    const { breaker, url } = await broken();
    const bus = await openEventBus({ url, client: 'client' });
    clean.push(() => bus.stop({ graceMs: 0 }));
    const cut = breaker.cutAt(asked);
    const types: string[] = [];
    await bus.subscribeEnvelope('orders', ({ type }) => void types.push(type));
    await cut;
    await bus.publishEnvelope('orders', ENVELOPE);
    await until(() => types.length === 1);
  });

  it.each([{ options: {}, isBegun: false }, { options: {}, isBegun: true }, { options: { exclusive: true }, isBegun: false }])('nor from stopping the bus meanwhile: %j', async ({ options, isBegun }) => {
    const { stage, url } = await broken();
    await using connection = await openConnection({ url });
    const bus = await openEventBus({ connection, client: 'client' });
    const begun = [bus.subscribeEnvelope('orders', () => undefined, options), bus.publishEnvelope('orders', ENVELOPE)];
    for (const each of begun) each.catch(() => undefined);
    if (isBegun) await new Promise(setImmediate);
    await bus.stop({ graceMs: 0 });
    const [subscribed, published] = await Promise.allSettled(begun);
    expect(subscribed).toMatchObject({ status: 'rejected', reason: { name: 'BusStoppedError' } });
    expect(published).toMatchObject({ status: 'rejected', reason: { name: expect.stringMatching(/^(BusStopped|NotStored)Error$/) as string } });
    const waiting = async (): Promise<number> => (await stage.ask('$JS.API.CONSUMER.INFO.natsjob-bus_orders.client')).json<{ num_waiting?: number }>().num_waiting ?? 0;
    await connection.client.flush();
    expect(await waiting()).toBe(0);

    // The connection, which is not the bus's own, may come back at any time.
    const second = await openEventBus({ connection, client: 'second' });
    await stage.server.stop();
    await until(() => connection.state === 'disconnected');
    const late = [second.subscribeEnvelope('orders', () => undefined, options), second.publishEnvelope('payments', ENVELOPE)];
    for (const each of late) each.catch(() => undefined);
    await second.stop({ graceMs: 0 });
    for (const each of await Promise.allSettled(late)) expect(each).toMatchObject({ status: 'rejected', reason: { name: 'BusStoppedError' } });
  });
});
