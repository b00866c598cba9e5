import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { askedMoment, askedRunId, askedSubject, decodeAsked, endKey, RESULTS_PREFIX, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import { JobQueue, QueueClosedError } from '../../src-core/worker/index.ts';
import type { QueueEvents } from '../../src-core/worker/index.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import type { Breaker } from '../support/nats-breaker.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';
import { startQueueScheduler } from '../support/queue-scheduler.ts';
import { until } from '../support/until.ts';

const RUN = { namespace: 'app', app: 'mail', job: 'mail', attempt: 1, attempts: 1, retryTaskId: null, retryPending: false, reason: '', args: '{"name":"welcome"}' };

describe.skipIf((await natsServerPath()) === undefined)('a queue whose connection breaks at a bad moment', () => {
  const clean: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const act of clean.splice(0).reverse()) await act();
  });

  async function opened(answers: Record<string, object> = {}): Promise<{ server: TestNatsServer; breaker: Breaker; queue: JobQueue }> {
    const server = await startNatsServer();
    clean.push(() => server[Symbol.asyncDispose]());
    const breaker = await startBreaker(server.port);
    clean.push(() => breaker.close());
    clean.push(await startQueueScheduler(server.url, answers));
    const queue = new JobQueue('mail', { url: `nats://127.0.0.1:${breaker.port}` });
    clean.push(() => queue.gracefulShutdown(0));
    await queue.ready();
    return { server, breaker, queue };
  }

  async function end(server: TestNatsServer, runId: string): Promise<void> {
    const client = await connect({ servers: server.url });
    await client.request(RESULTS_PREFIX + endKey('app', 'mail', 'mail', runId), JSON.stringify({ status: 'success', reason: '7' }), { timeout: PATIENT_MS });
    await client.close();
  }

  it.each([`STREAM.INFO.${STREAM}`, `CONSUMER.CREATE.${STREAM}`, `STREAM.INFO.${RESULTS_STREAM}`, `CONSUMER.CREATE.${RESULTS_STREAM}`])('tells events all the same: over %s', async (asked) => {
    const { server, breaker, queue } = await opened({ 'run.get': { ...RUN, state: 'completed', taskId: '1', rootTaskId: '1' } });
    const cut = breaker.cutAt(asked);
    const told: QueueEvents['completed'][] = [];
    await queue.on('completed', (event) => void told.push(event));
    await cut;
    await end(server, '912263334592512001');
    await until(() => told.length === 1);
    expect(told).toMatchObject([{ runId: '912263334592512001', result: 7 }]);
  });

  it('reads once, also over a client of the program itself that comes back', async () => {
    const server = await startNatsServer();
    clean.push(() => server[Symbol.asyncDispose]());
    const breaker = await startBreaker(server.port);
    clean.push(() => breaker.close());
    clean.push(await startQueueScheduler(server.url, { 'run.get': { ...RUN, state: 'completed', taskId: '1', rootTaskId: '1' } }));
    const [own, other] = [await connect({ servers: `nats://127.0.0.1:${breaker.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 50 }), await connect({ servers: server.url })];
    clean.push(() => own.close(), () => other.close());
    const queue = new JobQueue('mail', { connection: own });
    clean.push(() => queue.gracefulShutdown(0));
    const told: string[] = [];
    await queue.on('completed', ({ runId }) => void told.push(runId));
    const { consumers } = await jetstreamManager(other, { timeout: PATIENT_MS });
    for (let round = 0; round < 3; round++) {
      const back = until(async () => {
        for await (const { type } of own.status()) if (type === 'reconnect') return true;
        return false;
      });
      await breaker.cut();
      await back;
      const id = `91226333459251200${round}`;
      await end(server, id);
      await until(() => told.includes(id));
    }
    const readers = async (): Promise<number> => {
      let count = 0;
      for await (const { num_waiting: requests } of consumers.list(RESULTS_STREAM)) if (requests > 0) count++;
      return count;
    };
    await expect.poll(readers, { timeout: 60_000 }).toBe(1);
    expect(told).toHaveLength(3);
  });

  it('knows the end of a job that was done before word came that it was added', async () => {
    const answers: Record<string, object> = {};
    const { server, breaker, queue } = await opened(answers);
    breaker.dropTowardsClient(`{"stream":"${STREAM}"`);
    let hasWord = false;
    const adding = queue.add('welcome').finally(() => (hasWord = true));
    const client = await connect({ servers: server.url });
    clean.push(() => client.close());
    const { streams } = await jetstreamManager(client, { timeout: PATIENT_MS });
    const message = await until(() => streams.getMessage(STREAM, { last_by_subj: askedSubject('app', 'mail', 'mail') }));
    const asked = decodeAsked(message.string());
    const id = askedRunId(askedMoment(asked.ok ? asked.at : 0, message.time.getTime()), message.seq, 0);
    await end(server, id);
    answers['run.get'] = { ...RUN, state: 'completed', reason: '7', taskId: id, rootTaskId: id };
    // Somebody begins to listen: whatever ended before is not read any more.
    await queue.on('completed', () => undefined);
    expect(hasWord).toBe(false);
    const job = await adding;
    expect(job.id).toBe(id);
    expect(await job.waitUntilFinished()).toBe(7);
  });

  it('ends the waiting for a job when it is shut down', async () => {
    const { queue } = await opened({ 'run.get': { ...RUN, state: 'active', taskId: '1', rootTaskId: '1' } });
    await queue.on('failed', () => undefined);
    const waiting = queue.waitFor('1', undefined);
    waiting.catch(() => undefined);
    // The scheduler, which answers in turn, has said by then that the job goes on.
    await queue.getStatus();
    await queue.getStatus();
    await queue.gracefulShutdown(0);
    await expect(waiting).rejects.toThrow(QueueClosedError);
  });
});
