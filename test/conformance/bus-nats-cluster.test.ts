import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectBus } from '../../src-core/nats/index.ts';
import type { Bus, LogMessage } from '../../src-core/ports/bus.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, STREAM, kvStream } from '../../src-core/wire/index.ts';
import { startNatsCluster } from '../support/nats-cluster.ts';
import type { TestNatsCluster } from '../support/nats-cluster.ts';
import { recordingLog } from '../support/nats-log.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';

const OBJECTS = { replicas: 3, maxBytes: 256 * 1024 * 1024 };

describe.skipIf((await natsServerPath()) === undefined)('bus on three nats-servers', () => {
  const closers: (() => Promise<unknown>)[] = [];
  let recorded = recordingLog();
  let cluster: TestNatsCluster;

  beforeAll(async () => {
    cluster = await startNatsCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  afterEach(async () => {
    while (closers.length > 0) await closers.pop()?.();
    recorded = recordingLog();
    // Ids of their own for each test: the stream remembers them over the purge.
    await managing((manager) => manager.streams.purge(STREAM));
  });

  /** Tries until it works: behind a server that came back a stream may be without a leader. */
  async function managing<T>(work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>): Promise<T> {
    let why: unknown;
    const [done] = await until(async () => {
      try {
        const client = await connect({ servers: cluster.url.split(','), timeout: 5_000 });
        try {
          return [await work(await jetstreamManager(client, { timeout: 10_000, checkAPI: false }))] as const;
        } finally {
          await client.close();
        }
      } catch (error) {
        why = error;
        return undefined;
      }
    }, { what: () => `the servers to do what they are asked: ${String(why)}` });
    return done;
  }
  async function openBus(): Promise<Bus> {
    const bus = await connectBus({ url: cluster.url, log: recorded.log, name: 'test' });
    closers.push(() => bus.close());
    await patiently(() => bus.ensureObjects(OBJECTS));
    // One that a test has killed must have come to what the others have before the next one is.
    await cluster.untilCurrent(STREAM);
    return bus;
  }
  /** What plain subscribers at each server saw: by message id, how often whoever saw it most often did. */
  async function countCore(): Promise<ReadonlyMap<string, number>> {
    const most = new Map<string, number>();
    for (const { url } of cluster.servers) {
      const client = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 5, reconnectJitter: 0, ignoreClusterUpdates: true });
      closers.push(() => client.close());
      const seen = new Map<string, number>();
      client.subscribe('natsjob.job.>', { callback: (_error, message) => {
        const id = message.headers?.get('Nats-Msg-Id') ?? '';
        const count = (seen.get(id) ?? 0) + 1;
        seen.set(id, count);
        most.set(id, Math.max(most.get(id) ?? 0, count));
      } });
      await client.flush();
    }
    return most;
  }
  function message(id: string, more: Partial<LogMessage> = {}): LogMessage {
    return { subject: 'natsjob.job.start.ns.app.job', text: 'x'.repeat(300), id, runHeader: '', giveUpAt: Date.now() + 600_000, onSettled: () => {}, ...more };
  }
  function follow(bus: Bus, ids: string[]): { caughtUp(): Promise<void> } {
    // What the publisher tries the stream with has no id.
    const feed = bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 1_000, onLost: (reason) => ids.push(`lost: ${reason}`), onMessage: (each) => {
      if (each.header('Nats-Msg-Id') !== '') ids.push(each.header('Nats-Msg-Id'));
    } });
    closers.push(() => feed.stop());
    return feed;
  }
  function isShownTwice(seen: ReadonlyMap<string, number>): string[] {
    return [...seen].filter(([, count]) => count > 1).map(([id]) => id);
  }

  function inOrder(ids: readonly string[]): string[] {
    return [...ids].sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  }
  /** A stream that changes its leader in the midst of a chunk may store its end and not its beginning, which is sent again. */
  function behindLaterOnes(ids: readonly string[]): number {
    let last = -1;
    return ids.filter((id) => Number(id.slice(1)) < (last = Math.max(last, Number(id.slice(1))))).length;
  }

  it('makes three copies of everything, and of what had one', async () => {
    await managing((manager) => manager.streams.add({ name: kvStream(DEFINITIONS_BUCKET), subjects: [`$KV.${DEFINITIONS_BUCKET}.>`], max_msgs_per_subject: 8, allow_rollup_hdrs: true, num_replicas: 1 }));
    const bus = await connectBus({ url: cluster.url, log: recorded.log, name: 'test' });
    closers.push(() => bus.close());
    const remarks: string[] = [];
    await patiently(async () => {
      // A try that fails later has made the copies all the same, and said nothing.
      const { config } = await managing((manager) => manager.streams.info(kvStream(DEFINITIONS_BUCKET)));
      if (config.num_replicas > 1) await managing((manager) => manager.streams.update(kvStream(DEFINITIONS_BUCKET), { num_replicas: 1 }));
      remarks.push(...await bus.ensureObjects(OBJECTS));
    });
    expect(remarks).toContain(`Stream ${kvStream(DEFINITIONS_BUCKET)} had 1 replica(s); it gets 3 now.`);
    for (const stream of [STREAM, kvStream(DEFINITIONS_BUCKET), kvStream(CONTROL_BUCKET)]) {
      expect(await managing(async (manager) => (await manager.streams.info(stream)).config.num_replicas), stream).toBe(3);
    }
    expect(await patiently(() => bus.ensureObjects({ ...OBJECTS, replicas: 1 }))).toContain(`Stream ${STREAM} has 3 replica(s) instead of 1; that is kept.`);
  }, 300_000);

  it('stores each message once, in order but for what it sends again, and shows none twice that was stored, while the stream changes its leader', async () => {
    const bus = await openBus();
    const seen = await countCore();
    const ids: string[] = [];
    const feed = follow(bus, ids);
    const log = bus.openLog({ term: 1, maySend: () => true });
    const total = 6_000;
    const settled: number[] = [];
    for (let i = 0; i < total; i++) log.publish(message(`m${i}`, { onSettled: (sequence) => settled.push(sequence) }));
    for (let change = 1; change <= 3; change++) {
      await until(() => settled.length >= change * 1_200);
      await cluster.stepDown(STREAM);
    }
    await until(() => settled.length === total, { deadlineMs: 240_000, what: () => `all to be stored: ${settled.length}\n${recorded.text()}` });
    await feed.caughtUp();
    expect(settled).not.toContain(0);
    expect(inOrder(ids)).toEqual(Array.from({ length: total }, (_, i) => `m${i}`));
    expect(behindLaterOnes(ids)).toBeLessThanOrEqual(sentAgain());
    expect(isShownTwice(seen).length).toBeLessThanOrEqual(sentAgain());
  }, 300_000);

  it('loses nothing when the server that leads the stream is killed, and sends again only what that one had not stored', async () => {
    const bus = await openBus();
    const seen = await countCore();
    const ids: string[] = [];
    const feed = follow(bus, ids);
    const log = bus.openLog({ term: 1, maySend: () => true });
    const total = 3_000;
    const settled: number[] = [];
    for (let i = 0; i < total; i++) log.publish(message(`k${i}`, { onSettled: (sequence) => settled.push(sequence) }));
    await until(() => settled.length > 800);
    const leader = await cluster.leaderOf(STREAM);
    await leader.stop('SIGKILL');
    await until(() => settled.length === total, { deadlineMs: 240_000, what: () => `all to be stored: ${settled.length}\n${recorded.text()}` });
    expect(settled).not.toContain(0);
    await leader.restart();
    await feed.caughtUp();
    expect(inOrder(ids)).toEqual(Array.from({ length: total }, (_, i) => `k${i}`));
    expect(behindLaterOnes(ids)).toBeLessThanOrEqual(sentAgain());
    expect(isShownTwice(seen).length).toBeLessThanOrEqual(sentAgain());
  }, 300_000);

  it('asks a stream that was silent for its leader before it shows anything', async () => {
    const bus = await openBus();
    const seen = await countCore();
    const log = bus.openLog({ term: 1, maySend: () => true });
    await new Promise((resolve) => log.publish(message('before', { onSettled: resolve })));
    while ((await cluster.leaderOf(STREAM)).url === bus.serverUrl) await cluster.stepDown(STREAM);
    const leader = await cluster.leaderOf(STREAM);
    await leader.stop('SIGKILL');
    const silentFrom = performance.now();
    await until(() => performance.now() > silentFrom + 100);
    const settled = await Promise.all(['x', 'y', 'z'].map((id) => new Promise<number>((resolve) => log.publish(message(id, { onSettled: resolve })))));
    await leader.restart();
    expect(settled).not.toContain(0);
    await until(() => ['x', 'y', 'z'].every((id) => seen.has(id)));
    expect([...seen.values()], recorded.text()).toEqual([1, 1, 1, 1]);
    expect(sentAgain()).toBe(0);
  }, 300_000);

  it('sends nothing into a stream that stores nothing but what was on its way', async () => {
    const bus = await openBus();
    const seen = await countCore();
    const log = bus.openLog({ term: 1, maySend: () => true });
    await new Promise((resolve) => log.publish(message('first', { onSettled: resolve })));
    // The one that is left believes for a while that it leads.
    while ((await cluster.leaderOf(STREAM)).url !== bus.serverUrl) await cluster.stepDown(STREAM);
    // Two of three: the stream cannot store anything.
    const others = cluster.servers.filter(({ url }) => url !== bus.serverUrl);
    await Promise.all(others.map((server) => server.stop('SIGKILL')));
    const settled: Promise<number>[] = [new Promise((resolve) => log.publish(message('on-its-way', { onSettled: resolve })))];
    await until(() => seen.has('on-its-way'));
    const from = performance.now();
    await until(() => performance.now() > from + 1_500);
    await expect(bus.settleLog(2)).rejects.toMatchObject({ name: 'UnavailableError' });
    settled.push(...['a', 'b', 'c'].map((id) => new Promise<number>((resolve) => log.publish(message(id, { onSettled: resolve })))));
    await until(() => performance.now() > from + 3_000);
    expect([...seen.keys()].sort()).toEqual(['first', 'on-its-way']);
    await Promise.all(others.map((server) => server.restart()));
    expect((await Promise.all(settled)).every((sequence) => sequence > 1)).toBe(true);
    await until(() => ['a', 'b', 'c'].every((id) => seen.has(id)), { what: () => `all to be seen: ${JSON.stringify([...seen])}\n${recorded.text()}` });
    // The stream may lose its leader once more while the two come back.
    expect([...seen.values()].reduce((sum, count) => sum + count - 1, 0)).toBeLessThanOrEqual(sentAgain());
  }, 300_000);

  it('tells when all that was taken in before is stored', async () => {
    const [one, other] = [await openBus(), await openBus()];
    const settled: number[] = [];
    const log = one.openLog({ term: 1, maySend: () => true });
    for (let i = 0; i < 300; i++) log.publish(message(`s${i}`, { onSettled: (sequence) => settled.push(sequence) }));
    await until(() => settled.length > 0);
    await cluster.stepDown(STREAM);
    await until(() => settled.length === 300);
    await patiently(() => other.settleLog(2));
    expect((await patiently(() => other.streamInfo(STREAM)))?.lastSequence).toBeGreaterThan(Math.max(...settled));
  }, 300_000);

  it('lets one of two win each compare-and-set while the bucket changes its leader', async () => {
    const buses = [await openBus(), await openBus()];
    const key = `counter-${Date.now()}`;
    let isOver = false;
    let won = 0;
    let unsure = 0;
    const count = async (bus: Bus): Promise<void> => {
      const bucket = bus.bucket(CONTROL_BUCKET);
      while (!isOver) {
        let isWriting = false;
        try {
          const entry = await bucket.get(key);
          isWriting = true;
          if ((await bucket.compareAndSet(key, String(Number(entry?.text ?? 0) + 1), entry?.revision ?? 0)) !== undefined) won++;
        } catch (error) {
          // It may be stored for all that: whoever reads next finds it, as the elector does.
          expect(error).toMatchObject({ name: 'UnavailableError' });
          if (isWriting) unsure++;
          // Without a connection it is told at once, and none can come while this goes on in one turn.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    const counting = Promise.all(buses.map(count));
    try {
      await until(() => won > 0, { what: 'the first of them to be written' });
      for (let change = 0; change < 3; change++) await cluster.stepDown(kvStream(CONTROL_BUCKET));
    } finally {
      isOver = true;
    }
    await counting;
    // Who has just come to lead may be behind for a moment.
    const total = await until(async () => {
      const entry = await buses[0]!.bucket(CONTROL_BUCKET).get(key).catch(() => undefined);
      return Number(entry?.text) >= won ? Number(entry?.text) : undefined;
    }, { what: `all of ${won} to be there` });
    expect(total).toBeLessThanOrEqual(won + unsure);
  }, 300_000);

  function sentAgain(): number {
    return recorded.lines.reduce((sum, { fields }) => sum + ((fields as { sendAgain?: number }).sendAgain ?? 0), 0);
  }
});
