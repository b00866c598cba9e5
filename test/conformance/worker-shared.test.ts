import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/errors.ts';
import { checkpointKey, statusKey, WORKER_PREFIX, WORKER_STREAM } from '../../src-core/wire/index.ts';
import { BucketCheckpoint } from '../../src-core/worker/checkpoint/checkpoint.ts';
import { CheckpointMovedError, openConnection, openStatus } from '../../src-core/worker/index.ts';
import type { OpenStatuses, WorkerConnection } from '../../src-core/worker/index.ts';
import { WorkerBucket } from '../../src-core/worker/common/worker-bucket.ts';
import { inTime } from '../support/in-time.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';

const ANSWER = `"stream":"${WORKER_STREAM}"`;
const RUN = { namespace: 'app', app: 'shop', job: 'archive', rootTaskId: '437500000000000001' };

describe.skipIf(!(await natsServerPath()))('what workers share', () => {
  let server: TestNatsServer;
  let connection: WorkerConnection;
  let status: OpenStatuses;
  let plain: NatsConnection;
  let manager: JetStreamManager;
  let asked: Pick<OpenStatuses, 'get' | 'set' | 'delete'>;

  beforeAll(async () => {
    server = await startNatsServer();
    connection = await openConnection({ url: server.url });
    status = await openStatus({ connection });
    asked = patient(status);
    plain = await connect({ servers: server.url, maxReconnectAttempts: -1 });
    manager = await jetstreamManager(plain, { timeout: PATIENT_MS });
  });
  afterAll(async () => {
    await status.close();
    await plain.close();
    await connection.close();
    await server[Symbol.asyncDispose]();
  });

  const checkpoint = (rootTaskId: string): BucketCheckpoint => new BucketCheckpoint(new WorkerBucket(connection), { ...RUN, rootTaskId });
  const left = async (key: string): Promise<number> => {
    const { state } = await manager.streams.info(WORKER_STREAM, { subjects_filter: WORKER_PREFIX + key });
    return Object.keys(state.subjects ?? {}).length;
  };

  describe('a status', () => {
    it('is what was set last', async () => {
      expect(await asked.get('job:sync')).toBeUndefined();
      await asked.set('job:sync', 'running');
      await asked.set('job:sync', { done: 7, of: 'ä' }, { ttl: '1h' });
      expect(await asked.get<{ done: number }>('job:sync')).toEqual({ done: 7, of: 'ä' });
      await asked.delete('job:sync');
      await asked.delete('job:sync');
      expect(await asked.get('job:sync')).toBeUndefined();
      expect(await left(statusKey('job:sync'))).toBe(0);
    });

    it('is over with its time, by the clock of NATS', async () => {
      // This machine's clock is an hour behind, which changes nothing.
      const behind = patient(await openStatus({ connection: withClock(connection, { now: () => connection.clock.now() - 3_600_000 }) }));
      await inTime(async (ms) => {
        const from = performance.now();
        await asked.set('short', 1, { ttl: ms });
        const seen = await behind.get('short');
        if (performance.now() - from > ms) return false;
        expect(seen).toBe(1);
        return true;
      }, 2_000);
      await until(async () => (await behind.get('short')) === undefined);
      // Each knows the server's clock to within a round trip.
      await until(async () => (await asked.get('short')) === undefined);
    });

    it('says what is wrong', async () => {
      await expect(status.set('x', undefined)).rejects.toThrow('a status must be a value that JSON has, of at most 65536 characters.');
      await expect(status.set('x', 1, { ttl: '8d' })).rejects.toThrow('ttl must be a duration from 1 s to 7 d');
      await expect(status.get('')).rejects.toThrow('name of a status must be text of 1 to 128 characters');
    });
  });

  describe('a checkpoint', () => {
    it('is there for whoever does the run next, and gone when it is cleared', async () => {
      const first = checkpoint('437500000000000001');
      expect(await patiently(() => first.get())).toBeUndefined();
      await patiently(() => first.set({ lastId: 1 }));
      await patiently(() => Promise.all([first.set({ lastId: 2 }), first.set({ lastId: 3 })]));
      const second = checkpoint('437500000000000001');
      expect(await patiently(() => second.get())).toEqual({ lastId: 3 });
      await patiently(() => second.set({ lastId: 4 }));
      await patiently(() => second.clear());
      expect(await patiently(() => checkpoint('437500000000000001').get())).toBeUndefined();
      expect(await left(checkpointKey('app', 'shop', 'archive', '437500000000000001'))).toBe(0);
      expect(await patiently(() => checkpoint('437500000000000002').get())).toBeUndefined();
    });

    it('is not set back by a worker that was taken for dead', async () => {
      const stalled = checkpoint('437500000000000003');
      await patiently(() => stalled.set(10));
      const other = checkpoint('437500000000000003');
      expect(await patiently(() => other.get())).toBe(10);
      await patiently(() => other.set(20));
      await expect(patiently(() => stalled.set(11))).rejects.toThrow(CheckpointMovedError);
      await expect(patiently(() => stalled.get())).rejects.toThrow(CheckpointMovedError);
      await expect(patiently(() => stalled.set(12))).rejects.toThrow(CheckpointMovedError);
      expect(await patiently(() => other.get())).toBe(20);
      await patiently(() => other.clear());
      await expect(patiently(() => stalled.set(13))).rejects.toThrow(CheckpointMovedError);
    });

    it('takes nothing that JSON has not', () => {
      expect(() => checkpoint('437500000000000004').set(1n)).toThrow('a checkpoint must be a value that JSON has, of at most 262144 characters.');
    });
  });

  it('is written once though the connection breaks over the answer, and what others have put since stays', async () => {
    const breaker = await startBreaker(server.port);
    const broken = await openConnection({ url: `nats://127.0.0.1:${breaker.port}` });
    const bucket = new WorkerBucket(broken, 3_600_000);
    const written = async (): Promise<number> => (await manager.streams.info(WORKER_STREAM)).state.last_seq;
    try {
      const mine = new BucketCheckpoint(bucket, { ...RUN, rootTaskId: '437500000000000005' });
      expect(await mine.get()).toBeUndefined();
      const before = await written();
      const cuts = [breaker.cutAt(`${WORKER_PREFIX}checkpoint`, ANSWER)];
      await mine.set({ lastId: 1 });
      cuts.push(breaker.cutAt(`${WORKER_PREFIX}checkpoint`, ANSWER));
      await mine.set({ lastId: 2 });
      expect(await patiently(() => checkpoint('437500000000000005').get())).toEqual({ lastId: 2 });
      cuts.push(breaker.cutAt(WORKER_PREFIX + statusKey('cut'), ANSWER));
      await bucket.put(statusKey('cut'), '{}');
      await Promise.all(cuts);
      expect(await written()).toBe(before + 3);
    } finally {
      await broken.close();
      await breaker.close();
    }
  });

  it('is removed, and the time is told, though the connection breaks over it', async () => {
    const breaker = await startBreaker(server.port);
    const broken = await openConnection({ url: `nats://127.0.0.1:${breaker.port}` });
    let laterMs = 0;
    const bucket = new WorkerBucket(withClock(broken, { monotonic: () => broken.clock.monotonic() + laterMs }), 3_600_000);
    try {
      await bucket.put(statusKey('removed'), '{}');
      const { revision = 0 } = (await bucket.get(statusKey('removed'))) ?? {};
      const cuts = [breaker.cutAt('STREAM.PURGE', '"purged"')];
      await bucket.forget(statusKey('removed'), revision);
      expect(await left(statusKey('removed'))).toBe(0);
      await bucket.serverNow();
      // What was learned of the server's clock is too old.
      laterMs = 3_600_000;
      cuts.push(breaker.cutAt('STREAM.INFO', '"ts"'));
      await bucket.serverNow();
      await Promise.all(cuts);
    } finally {
      await broken.close();
      await breaker.close();
    }
  });

  it('is made anew when the bucket was deleted, and says so when NATS is away', async () => {
    await asked.set('kept', 1);
    await manager.streams.delete(WORKER_STREAM);
    await expect(status.get('kept')).rejects.toThrow(UnavailableError);
    await asked.set('kept', 2);
    expect(await asked.get('kept')).toBe(2);
    await server.stop();
    await until(() => connection.state === 'disconnected');
    await expect(status.get('kept')).rejects.toThrow(UnavailableError);
    await server.restart();
    await connection.whenConnected();
    expect(await asked.get('kept')).toBe(2);
  });
});

/** Asks again where NATS was silent for longer than a request may take. */
function patient(statuses: OpenStatuses): Pick<OpenStatuses, 'get' | 'set' | 'delete'> {
  return { get: (name) => patiently(() => statuses.get(name)), set: (name, value, options) => patiently(() => statuses.set(name, value, options)), delete: (name) => patiently(() => statuses.delete(name)) };
}

/** The same connection, for which another clock goes. */
function withClock(connection: WorkerConnection, clock: Partial<WorkerConnection['clock']>): WorkerConnection {
  return {
    [Symbol.asyncDispose]: () => connection.close(),
    get state() { return connection.state; },
    get serverUrl() { return connection.serverUrl; },
    get client() { return connection.client; },
    get manager() { return connection.manager; },
    publisher: connection.publisher, outbox: connection.outbox, clock: { ...connection.clock, ...clock },
    onState: (listener) => connection.onState(listener),
    whenConnected: () => connection.whenConnected(),
    close: () => connection.close(),
  };
}
