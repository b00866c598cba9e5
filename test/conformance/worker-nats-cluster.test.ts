import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createWorker, openEventBus, openLocks } from '../../src-core/worker/index.ts';
import type { EventBus, Lock, OpenLocks } from '../../src-core/worker/index.ts';
import { startNatsCluster } from '../support/nats-cluster.ts';
import type { TestNatsCluster } from '../support/nats-cluster.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { until } from '../support/until.ts';

const KILLS = 3;
const KEYS = 20;

describe.skipIf((await natsServerPath()) === undefined)('over three nats-servers of which one after the other is killed', { timeout: 600_000 }, () => {
  let cluster: TestNatsCluster;
  const clean: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    cluster = await startNatsCluster();
    const client = await connect({ servers: cluster.url.split(',') });
    const kvm = new Kvm(client);
    for (const name of ['natsjob-job-results', 'natsjob-heartbeat']) await made(() => kvm.create(name, { replicas: 3, history: name === 'natsjob-heartbeat' ? 1 : 8 }));
    // From it the bucket of locks takes the number of its copies.
    const manager = await jetstreamManager(client, { checkAPI: false });
    await made(() => manager.streams.add({ name: 'natsjob', subjects: ['natsjob.>'], num_replicas: 3 }));
    await client.close();
  });
  afterEach(async () => {
    for (const act of clean.splice(0).reverse()) await act();
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  /** Tried until it works: three servers on a busy machine may be without a leader, or late with an answer. */
  function made<Made>(make: () => Promise<Made>): Promise<Made> {
    let why: unknown;
    return until(() => make().then((done) => [done] as const, (error: unknown) => void (why = error)), { what: () => `three servers to do what they are asked: ${String(why)}` }).then(([done]) => done);
  }

  /** The server that leads the stream, when every server has all of it; it comes back at once. */
  async function killLeaderOf(stream: string): Promise<void> {
    await cluster.untilCurrent(stream);
    const leader = await cluster.leaderOf(stream);
    await leader.stop('SIGKILL');
    await leader.restart();
  }

  async function open(client: string): Promise<EventBus> {
    const bus = await openEventBus({ url: cluster.url, client, base: 'three', actors: 16, limits: { file: { replicas: 3 } } });
    clean.push(() => bus.stop({ graceMs: 0 }));
    return bus;
  }

  it('the event bus loses no envelope that was confirmed, and keeps each key in order', async () => {
    const publisher = await open('publisher');
    const subscriber = await open('subscriber');
    const handled = new Map<string, number[]>();
    let isPublishing = true;
    let confirmed = 0;
    await made(() => publisher.publishEnvelope('orders', event('first', 0)));
    await made(() => subscriber.subscribeEnvelope('orders', ({ aggregateId, version }) => {
      const versions = handled.get(aggregateId);
      if (versions === undefined) handled.set(aggregateId, [version]);
      else versions.push(version);
    }));
    const publishing = (async () => {
      for (let version = 0; isPublishing; version += 3) {
        // Three of a key at a time, so that there is an order to keep among what is not confirmed.
        await Promise.all(Array.from({ length: KEYS * 3 }, (_, at) => publisher.publishEnvelope('orders', event(`k${at % KEYS}`, version + Math.floor(at / KEYS)))));
        confirmed = version + 3;
      }
    })();
    for (let kills = 0; kills < KILLS; kills++) {
      const before = confirmed;
      await until(() => confirmed > before + 20, { deadlineMs: 120_000, what: () => `more to be confirmed than ${confirmed}` });
      await killLeaderOf('three_orders');
    }
    isPublishing = false;
    await publishing;
    const least = (): number => Math.min(...Array.from({ length: KEYS }, (_, key) => (handled.get(`k${key}`) ?? []).reduce((most, version) => Math.max(most, version), -1)));
    await until(() => least() === confirmed - 1, { what: () => `${least() + 1} of ${confirmed}` });
    let again = 0;
    for (let key = 0; key < KEYS; key++) {
      let highest = -1;
      for (const version of handled.get(`k${key}`) ?? []) {
        expect(version, `k${key}`).toBeLessThanOrEqual(highest + 1);
        if (version <= highest) again++;
        highest = Math.max(highest, version);
      }
    }
    console.log(`${confirmed * KEYS} envelopes, ${again} handled again, ${KILLS} kills`);
  });

  it('workers answer every run that the stream has taken in', async () => {
    const client = await connect({ servers: cluster.url.split(','), maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    clean.push(() => client.close());
    const done = new Map<string, number>();
    for (const id of ['one', 'two']) {
      const worker = createWorker({ url: cluster.url, app: 'shop', id, concurrency: 8 });
      clean.push(() => worker.stop({ graceMs: 0, abortMs: 0 }));
      await worker.handle('report', async (run) => {
        await new Promise(setImmediate);
        done.set(run.taskId, (done.get(run.taskId) ?? 0) + 1);
      }, { ackWaitMs: 2_000 }).start();
    }
    const sent: string[] = [];
    let isSending = true;
    const sending = (async () => {
      while (isSending) {
        const taskId = String(912_263_334_592_512_001n + BigInt(sent.length));
        const block = headers();
        block.set('Nats-Msg-Id', taskId);
        const text = JSON.stringify({
          taskId, namespace: 'app', appName: 'shop', jobName: 'report', jobCategory: 'standalone', jobModel: 'max', condition: '', jobArgs: '', nextPayload: '', jobRunningCount: 0,
          jobCreatedAt: '2026-11-22 12:00:00.000', jobExpireTime: '2026-11-22 12:10:00.000', jobEndKvKey: `natsjob.job.end.app.shop.report.${taskId}`, jobEndResultKvBucket: 'natsjob-job-results',
        });
        await until(() => client.request('natsjob.job.start.app.shop.report', text, { headers: block, timeout: 1_000 }).then((ack) => ack.json<{ seq?: number }>().seq, () => false), { deadlineMs: 120_000, what: 'the stream to take a run in' });
        sent.push(taskId);
      }
    })();
    for (const stream of ['natsjob', 'KV_natsjob-job-results', 'natsjob']) {
      const before = done.size;
      await until(() => done.size > before + 100, { deadlineMs: 120_000, what: () => `more to be done than ${done.size} of ${sent.length}` });
      await killLeaderOf(stream);
    }
    isSending = false;
    await sending;
    const manager = await jetstreamManager(client, { checkAPI: false });
    const answered = async (): Promise<Set<string>> => {
      // There may be no leader to ask.
      const info = await manager.streams.info('KV_natsjob-job-results', { subjects_filter: '$KV.natsjob-job-results.natsjob.job.end.>' }).catch(() => undefined);
      return new Set(Object.keys(info?.state.subjects ?? {}).map((subject) => subject.slice(subject.lastIndexOf('.') + 1)));
    };
    const answers = await until(async () => {
      const found = await answered();
      return found.size === sent.length && found;
    }, { what: () => `${sent.length} answers` });
    expect(sent.filter((taskId) => !answers.has(taskId))).toEqual([]);
    console.log(`${sent.length} runs, ${[...done.values()].reduce((sum, times) => sum + times - 1, 0)} done again, 3 kills`);
  });

  it('a lock has one holder by its fencing numbers, which grow', async () => {
    const programs: OpenLocks[] = await Promise.all([1, 2, 3].map((n) => openLocks({ url: cluster.url, holder: `program ${n}` })));
    clean.push(() => Promise.all(programs.map((each) => each.close())));
    // The cluster may have no leader to make the bucket for as long as it chooses one anew.
    await (await programs[0]!.acquire('made', { wait: '60s' })).release();
    // What the lock guards, as the docs say: nothing from before the greatest number it has seen.
    let greatest = 0;
    let refused = 0;
    let holds = 0;
    let inside: Lock | undefined;
    let together = 0;
    let isOver = false;
    const working = programs.map(async (locks) => {
      while (!isOver) {
        try {
          await locks.hold('ledger', { ttl: '2s', wait: '60s' }, async (lock) => {
            holds++;
            for (let writes = 0; writes < 5 && lock.isHeld; writes++) {
              if (inside !== undefined && inside !== lock && inside.isHeld) together++;
              inside = lock;
              if (lock.fence < greatest) refused++;
              greatest = Math.max(greatest, lock.fence);
              await new Promise(setImmediate);
            }
          });
        } catch {
          // NATS was away for all of the time to wait, or while it released.
        }
      }
    });
    const fences: number[] = [];
    for (let kills = 0; kills < KILLS; kills++) {
      const before = holds;
      await until(() => holds > before + 10, { deadlineMs: 120_000, what: () => `the lock to go round after kill ${kills}` });
      fences.push(greatest);
      await killLeaderOf('KV_natsjob-worker');
    }
    const before = holds;
    await until(() => holds > before + 10, { deadlineMs: 120_000, what: 'the lock to go round after the last kill' });
    isOver = true;
    await Promise.all(working);
    expect({ together, refused }).toEqual({ together: 0, refused: 0 });
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    console.log(`${holds} times held, ${KILLS} kills`);
  });
});

function event(aggregateId: string, version: number): { aggregateId: string; type: string; version: number; at: number; payload: null } {
  return { aggregateId, type: 'changed', version, at: 1_770_000_000_000, payload: null };
}
