import { afterEach, describe, expect, it } from 'vitest';
import { parseRunId } from '../../src-core/wire/index.ts';
import { machineClock } from '../../src-core/worker/clock.ts';
import { createWorker, JobQueue, NotReachedError, NotStoredError, openConnection, openLocks, openStatus, QueueClosedError, UnavailableError } from '../../src-core/worker/index.ts';
import type { JobQueueOptions } from '../../src-core/worker/index.ts';
import { awakeMs } from '../support/awake-time.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { QUEUE_STATUS, startQueueScheduler } from '../support/queue-scheduler.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';

const queues: JobQueue[] = [];
const schedulers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.gracefulShutdown(0)));
  await Promise.all(schedulers.splice(0).map((end) => end()));
});

function opened(url: string, options: JobQueueOptions = {}): JobQueue {
  const queue = new JobQueue('mail', { url, ...options });
  queues.push(queue);
  return queue;
}

async function startScheduler(url: string): Promise<void> {
  schedulers.push(await startQueueScheduler(url));
}

describe('a queue whose NATS was never there', () => {
  it('tries an add for as long as it may', async () => {
    const queue = opened(`nats://127.0.0.1:${await sparePort()}`, { addLimitMs: 300 });
    const from = performance.now();
    const tried = await awakeMs((async () => {
      await expect(queue.add('welcome')).rejects.toThrow(NotStoredError);
      await expect(queue.addBulk([{ name: 'welcome' }])).rejects.toThrow('not reached within 300 ms');
    })());
    expect(performance.now() - from).toBeGreaterThan(590);
    expect(tried).toBeLessThan(5_000);
  });

  it('tells so to each question', async () => {
    const queue = opened(`nats://127.0.0.1:${await sparePort()}`);
    const health = queue.healthCheck();
    const questions = [
      queue.getStatus(), queue.getMetrics(), queue.pause(), queue.resume(), queue.clean(0), queue.getJob('1'), queue.stateOf('1'), queue.attemptsOf('1'), queue.cancel('1', undefined),
      queue.getScheduled('daily'), queue.setScheduledStatus('daily', 1), queue.schedule(),
    ];
    for (const each of await Promise.allSettled(questions)) expect(each).toMatchObject({ status: 'rejected', reason: expect.any(UnavailableError) as unknown });
    expect(await health).toMatchObject({ status: 'unhealthy', problems: ['The queue mail was not reached within 5000 ms: NATS, or a scheduler, is away.'] });
    await expect(queue.waitFor('1', 50)).rejects.toMatchObject({ name: 'JobWaitError' });
  });

  it.each(['of its own', 'that is shared'])('is shut down in its time, over a connection %s', async (whose) => {
    const url = `nats://127.0.0.1:${await sparePort()}`;
    await using connection = await openConnection({ url });
    const queue = opened(url, whose === 'of its own' ? {} : { connection });
    const waiting = [queue.ready(), queue.process(() => undefined), queue.on('completed', () => undefined), queue.add('welcome')];
    expect(await awakeMs(queue.gracefulShutdown(200))).toBeLessThan(3_000);
    for (const each of await Promise.allSettled(waiting)) expect(each).toMatchObject({ status: 'rejected', reason: expect.any(QueueClosedError) as unknown });
  });
});

describe('what else a program opens while NATS is away', () => {
  it('keeps its limits, and stops', async () => {
    const url = `nats://127.0.0.1:${await sparePort()}`;
    const worker = createWorker({ url, app: 'shop' }).handle('report', () => undefined);
    await worker.start();
    await worker.stop();
    expect(worker.state().state).toBe('stopped');
    await using locks = await openLocks({ url });
    await expect(locks.acquire('a', { wait: 200 })).rejects.toThrow(UnavailableError);
    await using status = await openStatus({ url });
    await expect(status.get('a')).rejects.toThrow(UnavailableError);
  });
});

describe.skipIf((await natsServerPath()) === undefined)('a queue whose NATS comes late', () => {
  it('goes on with what waits, and with everything else', async () => {
    const port = await sparePort();
    const queue = opened(`nats://127.0.0.1:${port}`, { addLimitMs: 100 });
    await expect(queue.add('welcome')).rejects.toThrow(NotStoredError);
    const ready = queue.ready();
    await using server = await startNatsServer({ port });
    // The scheduler comes after NATS does.
    await startScheduler(server.url);
    await ready;
    // A tenth of a second may be too little where the machine is busy.
    const { id } = await until(() => queue.add('welcome').catch((error: unknown) => {
      if (!(error instanceof NotStoredError)) throw error;
      return undefined;
    }), { what: 'an add to be taken' });
    expect(id).not.toBe('');
    expect(await queue.getStatus()).toEqual(QUEUE_STATUS);
    expect(await queue.healthCheck()).toMatchObject({ status: 'healthy' });
  });

  it('says that no scheduler is there, where NATS was, once it could have come back', async () => {
    await using server = await startNatsServer();
    const queue = opened(server.url);
    await expect(queue.add('welcome')).rejects.toThrow(NotReachedError);
    await startScheduler(server.url);
    expect((await queue.add('welcome')).id).not.toBe('');
  });

  it('waits for a scheduler that is away for a moment, first and later', async () => {
    await using server = await startNatsServer();
    const endScheduler = (): Promise<unknown> => Promise.all(schedulers.splice(0).map((end) => end()));
    // The streams are there already: a slow disk takes longer to make them than a scheduler is waited for.
    await startScheduler(server.url);
    await endScheduler();
    const queue = opened(server.url);
    /** Asked before the scheduler has a connection. */
    const asked = async <Answer>(asking: Promise<Answer>): Promise<Answer> => {
      await Promise.all([asking, startScheduler(server.url)]);
      return asking;
    };
    await asked(queue.process(() => undefined));
    await endScheduler();
    expect(await asked(queue.getStatus())).toEqual(QUEUE_STATUS);
  });

  it('asks for its job again where the scheduler ends over it', async () => {
    await using server = await startNatsServer();
    await startScheduler(server.url);
    const breaker = await startBreaker(server.port);
    const queue = opened(`nats://127.0.0.1:${breaker.port}`);
    breaker.dropTowardsClient('"outcome":"created"');
    await queue.ready();
    await queue.gracefulShutdown(0);
    await breaker.close();
  });

  it('begins to listen where NATS gives no answer at first', async () => {
    await using server = await startNatsServer();
    await startScheduler(server.url);
    const breaker = await startBreaker(server.port);
    const queue = opened(`nats://127.0.0.1:${breaker.port}`);
    await queue.ready();
    breaker.dropTowardsClient('stream_info_response');
    await queue.on('completed', () => undefined);
    await queue.gracefulShutdown(0);
    await breaker.close();
  });

  it('is reached, and added to, though the connection breaks over the time of the server', async () => {
    await using server = await startNatsServer();
    const breaker = await startBreaker(server.port);
    await startScheduler(server.url);
    let stepMs = 0;
    const queue = opened(`nats://127.0.0.1:${breaker.port}`, { clock: { ...machineClock, now: () => Date.now() + stepMs } });
    try {
      const cuts = [breaker.cutAt('STREAM.INFO.natsjob')];
      await queue.ready();
      // Somebody sets this machine's clock, so that the server's time is asked for again.
      stepMs = 86_400_000;
      cuts.push(breaker.cutAt('STREAM.INFO.natsjob'));
      const { id } = await queue.add('welcome');
      await Promise.all(cuts);
      expect(Math.abs(parseRunId(id)!.atMs - Date.now())).toBeLessThan(3_600_000);
    } finally {
      await queue.gracefulShutdown(0);
      await breaker.close();
    }
  });

  it('does not begin to work, to listen or to wait when NATS comes while it is shut down', async () => {
    const port = await sparePort();
    const url = `nats://127.0.0.1:${port}`;
    await using connection = await openConnection({ url });
    const queue = opened(url, { connection });
    const begun = [queue.process(() => undefined), queue.on('completed', () => undefined), queue.waitFor('1', undefined)];
    for (const each of begun) each.catch(() => undefined);
    const closing = queue.gracefulShutdown(60_000);
    await using server = await startNatsServer({ port });
    await startScheduler(server.url);
    await closing;
    for (const each of await Promise.allSettled(begun)) expect(each).toMatchObject({ status: 'rejected', reason: expect.any(QueueClosedError) as unknown });
  });

  it('is shut down in its time when NATS went away later', async () => {
    await using server = await startNatsServer();
    await startScheduler(server.url);
    const queue = opened(server.url);
    await queue.process(() => undefined);
    await queue.on('completed', () => undefined);
    await server.stop('SIGKILL');
    const lost = queue.add('welcome');
    lost.catch(() => undefined);
    expect(await awakeMs(queue.gracefulShutdown(200))).toBeLessThan(8_000);
    await expect(lost).rejects.toThrow(NotStoredError);
  });
});
