import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wantedObjects } from '../../src-core/nats/objects.ts';
import { askedMoment, askedRunId, askedSubject, decodeAsked, STREAM } from '../../src-core/wire/index.ts';
import { openConnection } from '../../src-core/worker/connection.ts';
import type { WorkerConnection } from '../../src-core/worker/connection.ts';
import { Asker } from '../../src-core/worker/queue/asker.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';

type Breaker = Awaited<ReturnType<typeof startBreaker>>;

interface StoredRun {
  readonly id: string;
  readonly args: string | undefined;
}

describe.skipIf(!(await natsServerPath()))('asking for runs by messages', () => {
  let server: TestNatsServer;
  let breaker: Breaker;
  let plain: NatsConnection;
  let connection: WorkerConnection;
  let queues = 0;

  beforeAll(async () => {
    server = await startNatsServer();
    breaker = await startBreaker(server.port);
    plain = await connect({ servers: server.url });
    const manager = await jetstreamManager(plain, { timeout: PATIENT_MS });
    for (const object of wantedObjects({ replicas: 1, maxBytes: 64 * 1024 ** 2 })) await manager.streams.add(object);
    connection = await openConnection({ url: `nats://127.0.0.1:${breaker.port}` });
  });
  afterAll(async () => {
    await connection.close();
    await plain.close();
    await breaker.close();
    await server[Symbol.asyncDispose]();
  });

  async function opened(through: WorkerConnection = connection): Promise<{ asker: Asker; job: string }> {
    const job = `queue${queues++}`;
    const asker = new Asker(through, { namespace: 'app', app: 'q', job, giveUpAfterMs: 60_000 });
    await asker.setClock();
    return { asker, job };
  }

  /** As a scheduler reads them: from the stream alone. */
  async function stored(job: string): Promise<StoredRun[]> {
    const { streams } = await jetstreamManager(plain, { timeout: PATIENT_MS });
    const runs: StoredRun[] = [];
    const { state } = await streams.info(STREAM);
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage(STREAM, { seq });
      if (message?.subject !== askedSubject('app', 'q', job)) continue;
      const asked = decodeAsked(message.string());
      if (!asked.ok) throw new Error(asked.problem);
      const at = askedMoment(asked.at, message.time.getTime());
      runs.push(...asked.runs.map(({ args }, index) => ({ id: askedRunId(at, seq, index), args })));
    }
    return runs;
  }

  it('gives the id that the scheduler will give the run', async () => {
    const { asker, job } = await opened();
    const ids = [await asker.ask({ args: 'a' }), await asker.ask({ args: 'b' })];
    expect(await stored(job)).toEqual([{ id: ids[0], args: 'a' }, { id: ids[1], args: 'b' }]);
  });

  it('gives the ids of many in the order they were given, 256 to a message', async () => {
    const { asker, job } = await opened();
    const runs = Array.from({ length: 1_000 }, (_, number) => ({ args: String(number) }));
    const ids = await asker.askAll(runs);
    const byId = new Map((await stored(job)).map(({ id, args }) => [id, args]));
    expect(byId.size).toBe(1_000);
    expect(ids.map((id) => byId.get(id))).toEqual(runs.map(({ args }) => args));
  });

  it('lets ids grow in the order of asking, over bulks and single ones', async () => {
    const { asker } = await opened();
    const ids = [...(await asker.askAll(Array.from({ length: 600 }, () => ({})))), await asker.ask({}), await asker.ask({})].map(BigInt);
    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] as bigint))).toBe(true);
  });

  it('asks once for each, also when the connection breaks again and again', async () => {
    const { asker, job } = await opened();
    const asking: Promise<string>[] = [];
    for (let number = 0; number < 400; number++) {
      asking.push(asker.ask({ args: String(number) }));
      if (number % 100 === 50) {
        breaker.cut();
        await connection.whenConnected();
      }
      await asking[Math.max(0, number - 20)];
    }
    const ids = await Promise.all(asking);
    const found = await stored(job);
    expect(new Set(ids).size).toBe(400);
    expect(found.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it("goes by the server's clock, whatever this machine's says", async () => {
    const clock = { ...connection.clock, now: () => Date.now() - 86_400_000 };
    const wrong = await openConnection({ url: server.url, clock });
    const { asker, job } = await opened(wrong);
    const id = await asker.ask({ args: 'x' });
    expect(await stored(job)).toEqual([{ id, args: 'x' }]);
    await wrong.close();
  });

  it('says so when NATS does not store it', async () => {
    const asker = new Asker(connection, { namespace: 'app', app: 'q', job: 'x', giveUpAfterMs: 60_000 });
    await expect(asker.ask({ args: 'x'.repeat(2_000_000) })).rejects.toThrow('did not store');
  });
});
