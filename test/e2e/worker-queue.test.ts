import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { JobFailedError, JobPriority, JobQueue, JobWaitError, NonRetryableError, NotAQueueError, QueueClosedError } from '../../src-core/worker/index.ts';
import type { CompletedEvent, DuplicateEvent, FailedEvent, JobQueueOptions, ProgressEvent, StalledEvent } from '../../src-core/worker/index.ts';
import { connectAnyNode } from '../support/any-node.ts';
import { create } from '../support/create.ts';
import { type TestNatsServer, startNatsServer } from '../support/nats-server.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { startExample } from '../support/worker-example.ts';

/** The end of a job is told before the scheduler has read it. */
const soon = (holds: () => Promise<void>): Promise<void> => vi.waitFor(holds, { timeout: 60_000 });

describe.skipIf(!(await canStartProgram()))('a queue', () => {
  let nats: TestNatsServer;
  let program: TestProgram;
  let queues: JobQueue[] = [];
  let names = 0;

  beforeAll(async () => {
    nats = await startNatsServer();
    program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
  });
  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.gracefulShutdown(0)));
    queues = [];
  });
  afterAll(async () => {
    await program[Symbol.asyncDispose]();
    await nats[Symbol.asyncDispose]();
  });

  function open(name = `queue${names++}`, options: JobQueueOptions = {}): JobQueue {
    const queue = new JobQueue(name, { url: nats.url, ...options });
    queues.push(queue);
    return queue;
  }

  test('does what is added, and gives each result back', async () => {
    const queue = open();
    await queue.process(({ name, data }) => ({ name, data }), { concurrency: 4 });
    const jobs = [await queue.add('one', { n: 1 }), ...(await queue.addBulk(Array.from({ length: 300 }, (_, n) => ({ name: 'many', data: n }))))];
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(60_000)));
    expect(results).toEqual([{ name: 'one', data: { n: 1 } }, ...Array.from({ length: 300 }, (_, n) => ({ name: 'many', data: n }))]);
    await until(async () => (await queue.getStatus()).completed === 301, { what: 'all completed' });
    expect(await jobs[0]!.getState()).toBe('completed');
    await soon(async () => expect(await queue.getMetrics()).toMatchObject({ total: 301, completed: 301, failed: 0, successRate: 1 }));
    await soon(async () => expect(await queue.healthCheck()).toMatchObject({ status: 'healthy', problems: [], queue: { workers: 1, waiting: 0 } }));
  });

  test('tells whoever waits without a limit when no further attempt comes, because the job was disabled meanwhile', async () => {
    const queue = open();
    let fail: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (fail = resolve));
    let begun = 0;
    await queue.process(async () => {
      begun++;
      await gate;
      throw new Error('no');
    });
    const job = await queue.add('hard', {}, { attempts: 3 });
    await queue.on('failed', () => undefined);
    const waiting = job.waitUntilFinished();
    waiting.catch(() => undefined);
    await until(() => begun === 1, { what: 'the first attempt' });
    await using node = await connectAnyNode(nats.url);
    await node.ask('job.setState', { namespace: 'app', app: queue.name, name: queue.name, state: 'disabled' });
    fail();
    await expect(waiting).rejects.toThrow(JobFailedError);
    await expect(job.waitUntilFinished()).rejects.toThrow(JobFailedError);
    expect(begun).toBe(1);
  });

  test('gives a result back that is too long for an answer', async () => {
    const queue = open();
    await queue.process(() => 'x'.repeat(50_000));
    const job = await queue.add('long');
    expect(await job.waitUntilFinished(60_000)).toBe('x'.repeat(50_000));
    await soon(async () => expect((await job.attempts())[0]).toMatchObject({ jobId: job.id, status: 'completed', retryCount: 0, result: 'x'.repeat(50_000) }));
    expect(await job.waitUntilFinished(60_000)).toBe('x'.repeat(50_000));
  });

  test('takes the higher priority first, over all names, and the older one among equals', async () => {
    const queue = open();
    await queue.add('a', 1, { priority: JobPriority.LOW });
    await queue.addBulk([['b', 2, JobPriority.NORMAL], ['a', 3, JobPriority.CRITICAL], ['b', 4, JobPriority.HIGH], ['a', 5, JobPriority.HIGH]].map(([name, data, priority]) => ({ name: name as string, data, options: { priority: priority as number } })));
    await queue.add('b', 6);
    await until(async () => (await queue.getStatus()).waiting === 6, { what: 'six that wait' });
    const order: unknown[] = [];
    await queue.process(({ data }) => void order.push(data), { concurrency: 1 });
    await until(() => order.length === 6, { what: 'all six' });
    expect(order).toEqual([3, 4, 5, 2, 6, 1]);
  });

  test('tries again with the backoff of the job, and tells each attempt', async () => {
    const queue = open();
    const failures: FailedEvent[] = [];
    const completions: CompletedEvent[] = [];
    await queue.on('failed', (event) => void failures.push(event));
    await queue.on('completed', (event) => void completions.push(event));
    const begun: number[] = [];
    await queue.process(({ attempt }) => {
      begun.push(Date.now());
      if (attempt < 3) throw new Error(`no ${attempt}`);
      return 'yes';
    });
    const job = await queue.add('hard', {}, { attempts: 3, backoff: { type: 'exponential', delay: 200 } });
    expect(await job.waitUntilFinished(60_000)).toBe('yes');
    // Up to a tenth of chance is in each, so that many do not come back at once.
    expect(begun[1]! - begun[0]!).toBeGreaterThan(170);
    expect(begun[2]! - begun[1]!).toBeGreaterThan(350);
    await until(() => completions.length === 1 && failures.length === 2, { what: 'its completion' });
    expect(failures).toMatchObject([{ queue: queue.name, name: 'hard', id: job.id, attempt: 1, reason: 'Error: no 1', willRetry: true }, { id: job.id, attempt: 2, willRetry: true }]);
    expect(completions).toMatchObject([{ queue: queue.name, name: 'hard', id: job.id, attempt: 3, result: 'yes' }]);
    await soon(async () => expect(await job.attempts()).toMatchObject([{ status: 'failed', errorMessage: 'Error: no 1', retryCount: 0 }, { status: 'failed', retryCount: 1 }, { status: 'completed', result: 'yes', retryCount: 2 }]));
  });

  test('ends a job for good that fails too often, or says that it will never work', async () => {
    const queue = open(undefined, { attempts: 2, backoff: 10 });
    let tries = 0;
    await queue.process({
      often: () => {
        throw new Error(`no ${++tries}`);
      },
      never: () => {
        throw new NonRetryableError('never');
      },
    });
    const [often, never] = [await queue.add('often'), await queue.add('never', {}, { attempts: 5 })];
    await expect(often.waitUntilFinished(60_000)).rejects.toThrow('no 2');
    await expect(never.waitUntilFinished(60_000)).rejects.toThrow(new JobFailedError(never.id, 'fail', 'NonRetryableError: never'));
    await soon(async () => expect([await often.getState(), await never.getState()]).toEqual(['failed', 'failed']));
    expect(await never.attempts()).toHaveLength(1);
  });

  test('waits for a delay, and a cancelled job is not done', async () => {
    const queue = open();
    const done: unknown[] = [];
    let doneAt = 0;
    await queue.process(({ data }) => {
      doneAt = Date.now();
      done.push(data);
    });
    const never = await queue.add('x', 'never', { delay: 600_000 });
    await until(async () => (await never.getState()) === 'delayed', { what: 'the delay' });
    await expect(never.waitUntilFinished(1)).rejects.toThrow(JobWaitError);
    const addedAt = Date.now();
    const late = await queue.add('x', 'late', { delay: 400 });
    await until(async () => (await queue.getStatus()).delayed === 2 || done.length > 0, { what: 'both delayed' });
    await never.cancel('not wanted');
    await expect(never.waitUntilFinished(60_000)).rejects.toThrow('was cancelled: not wanted');
    await late.waitUntilFinished(60_000);
    expect(done).toEqual(['late']);
    expect(doneAt - addedAt).toBeGreaterThanOrEqual(400);
    await soon(async () => expect(await never.getState()).toBe('cancelled'));
  });

  test('ends what takes too long, and tells its handler', async () => {
    const queue = open();
    let told: unknown;
    await queue.process((_job, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => {
      told = (signal.reason as Error).name;
      reject(signal.reason as Error);
    })));
    // Long enough to be begun on a machine that stands still for a moment.
    const job = await queue.add('slow', {}, { timeout: 8_000 });
    await expect(job.waitUntilFinished(60_000)).rejects.toThrow('ran out of time');
    await until(() => told === 'RunExpiredError', { what: 'the signal' });
  });

  test('pauses and goes on', async () => {
    const queue = open();
    const done: unknown[] = [];
    await queue.process(({ data }) => void done.push(data));
    await queue.add('x', 1);
    await until(() => done.length === 1, { what: 'the first' });
    await queue.pause();
    const job = await queue.add('x', 2);
    await until(async () => (await queue.getStatus()).waiting === 1, { what: 'the second to wait' });
    expect(await job.getState()).toBe('paused');
    expect((await queue.healthCheck()).problems).toContain('the queue is paused');
    expect(done).toEqual([1]);
    await queue.resume();
    await job.waitUntilFinished(60_000);
    expect(done).toEqual([1, 2]);
  });

  test('begins no more jobs in a span of time than its limiter allows', async () => {
    const queue = open(undefined, { limiter: { max: 3, duration: 1_000 } });
    let begun = 0;
    await queue.process(() => void begun++, { concurrency: 10 });
    const jobs = await queue.addBulk(Array.from({ length: 8 }, (_, data) => ({ name: 'x', data })));
    await until(() => begun === 8, { what: 'all eight', deadlineMs: 60_000 });
    // When the scheduler let them go: a worker may be slow to begin one, and quick with the next.
    const letGo = await until(async () => {
      const attempts = (await Promise.all(jobs.map((job) => job.attempts()))).map((each) => each.at(-1)?.startedAt?.getTime());
      return attempts.every((at) => at !== undefined) && attempts.toSorted((one, other) => one - other);
    }, { what: 'the moments of all eight' });
    for (let index = 3; index < 8; index++) expect(letGo[index]! - letGo[index - 3]!).toBeGreaterThan(800);
  });

  test('does one job of a key at a time, and tells of the others whose doubles they are', async () => {
    const queue = open();
    const doubles: DuplicateEvent[] = [];
    const failed: FailedEvent[] = [];
    await queue.on('duplicate', (event) => void doubles.push(event));
    await queue.on('failed', (event) => void failed.push(event));
    const done: unknown[] = [];
    let finish: (() => void) | undefined;
    const first = await queue.add('x', 1, { dedupeKey: 'k', delay: 300 });
    const whileDelayed = await queue.add('x', 2, { dedupeKey: 'k' });
    await until(async () => (await whileDelayed.duplicateOf()) === first.id, { what: 'the second to be a double' });
    await queue.process(async ({ data }) => {
      done.push(data);
      if (data === 1) await new Promise<void>((resolve) => (finish = resolve));
      return data;
    }, { concurrency: 4 });
    await until(() => finish !== undefined, { what: 'the first to begin' });
    const [whileActive, other] = await queue.addBulk([{ name: 'x', data: 3, options: { dedupeKey: 'k', priority: 20 } }, { name: 'x', data: 4, options: { dedupeKey: 'l' } }]);
    await until(async () => (await whileActive!.duplicateOf()) === first.id, { what: 'the third to be a double' });
    const waiting = whileDelayed.waitUntilFinished(60_000);
    finish!();
    // A double's result is that of the job it doubles.
    expect([await first.waitUntilFinished(60_000), await waiting, await other!.waitUntilFinished(60_000)]).toEqual([1, 1, 4]);
    expect(await whileActive!.getState()).toBe('cancelled');
    // It has ended, and whoever knows that may ask again.
    const again = await queue.add('x', 5, { dedupeKey: 'k' });
    expect(await again.waitUntilFinished(60_000)).toBe(5);
    expect(await again.duplicateOf()).toBeUndefined();
    expect(done.toSorted()).toEqual([1, 4, 5]);
    await until(() => doubles.length === 2, { what: 'the events' });
    expect(doubles).toEqual([whileDelayed, whileActive!].map(({ id }) => ({ queue: queue.name, name: 'x', id, runId: id, duplicateOf: first.id })));
    expect(failed).toEqual([]);
  });

  test('keeps the keys while the scheduler is killed and started again', async () => {
    const queue = open();
    const first = await queue.add('x', 1, { dedupeKey: 'k', delay: 600_000 });
    await until(async () => (await queue.getStatus()).delayed === 1, { what: 'the first to be known' });
    await program.kill('SIGKILL');
    const second = await queue.add('x', 2, { dedupeKey: 'k' });
    await program.restart();
    const third = await queue.add('x', 3, { dedupeKey: 'k' });
    for (const double of [second, third]) await until(async () => (await double.duplicateOf()) === first.id, { what: 'it to be a double' });
    await first.cancel();
    await expect(third.waitUntilFinished(60_000)).rejects.toThrow(`Job ${first.id} was cancelled`);
  });

  test('tells who was cut off what has ended meanwhile, once', async () => {
    const breaker = await startBreaker(nats.port);
    try {
      const [taker, listener] = [open('away'), open('away', { url: `nats://127.0.0.1:${breaker.port}` })];
      const [completed, failed]: [CompletedEvent[], FailedEvent[]] = [[], []];
      await listener.on('completed', (event) => void completed.push(event));
      await listener.on('failed', (event) => void failed.push(event));
      await taker.process({ good: ({ data }) => data, bad: () => Promise.reject(new NonRetryableError('no')) }, { concurrency: 4 });
      const first = await taker.add('good', 0);
      await until(() => completed.length === 1, { what: 'the first' });
      breaker.part();
      const jobs = await taker.addBulk(Array.from({ length: 20 }, (_, data) => ({ name: data % 5 === 0 ? 'bad' : 'good', data })));
      await Promise.allSettled(jobs.map((job) => job.waitUntilFinished(60_000)));
      expect(completed).toHaveLength(1);
      breaker.heal();
      await until(() => completed.length >= 17 && failed.length >= 4, { deadlineMs: 60_000, what: () => `what has ended meanwhile; told of ${completed.length} and ${failed.length}` });
      const last = await taker.add('good', 'last');
      await until(() => completed.at(-1)?.id === last.id, { what: 'the last' });
      expect(completed.map(({ id, name, result }) => ({ id, name, result }))).toEqual([
        { id: first.id, name: 'good', result: 0 }, ...completed.slice(1, -1).map(({ id, result }) => ({ id, name: 'good', result })), { id: last.id, name: 'good', result: 'last' },
      ]);
      expect(completed.slice(1, -1).map(({ id }) => id).toSorted()).toEqual(jobs.filter(({ name }) => name === 'good').map(({ id }) => id).toSorted());
      expect(failed.map(({ id, name }) => `${id} ${name}`).toSorted()).toEqual(jobs.filter(({ name }) => name === 'bad').map(({ id }) => `${id} bad`).toSorted());
    } finally {
      await breaker.close();
    }
  });

  test('tells progress as it comes', async () => {
    const queue = open();
    const told: ProgressEvent[] = [];
    const stop = await queue.on('progress', (event) => void told.push(event));
    await queue.process((_job, { progress }) => progress(40));
    const job = await queue.add('x');
    await until(() => told.length === 1, { what: 'the progress' });
    expect(told).toEqual([{ queue: queue.name, name: 'x', id: job.id, runId: job.id, progress: 40 }]);
    stop();
  });

  test('is shared by processes: what one adds the other does, and finds again by its id', async () => {
    const [adder, taker] = [open('shared'), open('shared')];
    await taker.process(({ data }) => data);
    const job = await adder.add('x', { deep: [1] });
    expect(await job.waitUntilFinished(60_000)).toEqual({ deep: [1] });
    expect(await taker.getJob(job.id)).toMatchObject({ id: job.id, name: 'x', data: { deep: [1] } });
    expect(await taker.getJob('437500000000000001')).toBeUndefined();
  });

  test('removes old jobs', async () => {
    const queue = open();
    await queue.process(() => undefined);
    const jobs = await queue.addBulk(Array.from({ length: 5 }, () => ({ name: 'x' })));
    await Promise.all(jobs.map((job) => job.waitUntilFinished(60_000)));
    await until(async () => (await queue.getStatus()).completed === 5, { what: 'five completed' });
    expect(await queue.clean(3_600_000)).toBe(0);
    expect(await queue.clean(0, 3, 'completed')).toBe(3);
    expect(await queue.clean(0, 100, 'completed')).toBe(2);
  });

  test('does jobs by the clock with its handlers, those made later, too', async () => {
    const queue = open();
    const done: unknown[] = [];
    await queue.process('backup', ({ data }) => void done.push(data));
    const row = { id: '7', name: '每日数据备份', handlerName: 'backup', cronExpression: '* * * * * *', timezone: 'UTC', payload: { type: 'full' } };
    const [name] = await queue.schedule(row);
    await until(() => done.length >= 2, { what: 'two fires' });
    expect(done[0]).toEqual({ type: 'full' });
    expect(await queue.getScheduled(row)).toMatchObject({ ...row, status: 1, retryAttempts: 3 });
    await queue.setScheduledStatus(name!, 0);
    expect(await queue.getScheduled(name!)).toMatchObject({ status: 0 });
    expect(await queue.schedule({ ...row, status: 2 })).toEqual([name]);
    expect(await queue.getScheduled(row)).toMatchObject({ status: 2 });
  });

  test('ends what it has when it is shut down, and takes nothing after that', async () => {
    const queue = open();
    let finish: (() => void) | undefined;
    let ended = false;
    await queue.process(async (_job, { signal }) => {
      await new Promise<void>((resolve) => (finish = resolve));
      ended = !signal.aborted;
    });
    const [begun] = await queue.addBulk([{ name: 'x', data: 'begun' }, { name: 'x', data: 'left' }]);
    await until(() => finish !== undefined, { what: 'its beginning' });
    const stopping = queue.gracefulShutdown(10_000);
    finish!();
    await stopping;
    expect(ended).toBe(true);
    const { name } = queue;
    expect(await open(name).getJob(begun!.id)).toMatchObject({ data: 'begun' });
    const again = open(name);
    await until(async () => (await again.getStatus()).completed === 1, { what: 'what had begun to be completed' });
    expect(await again.getStatus()).toMatchObject({ completed: 1, failed: 0 });
    await expect(queue.add('x')).rejects.toThrow(QueueClosedError);
  });

  test('gives a job that its worker did not finish to another one, and tells it', async () => {
    const [first, second] = [open('stalling'), open('stalling')];
    const told: StalledEvent[] = [];
    await second.on('stalled', (event) => void told.push(event));
    let begun = 0;
    await first.process(() => new Promise(() => void begun++));
    const job = await first.add('x');
    await until(() => begun === 1, { what: 'its beginning' });
    await first.gracefulShutdown(0);
    await second.process(({ deliveries }) => deliveries);
    expect(await second.getJob(job.id).then((found) => found!.waitUntilFinished(60_000))).toBe(2);
    await until(() => told.length === 1, { what: 'the event' });
    expect(told).toEqual([{ queue: 'stalling', name: 'x', id: job.id, runId: job.id, deliveries: 2 }]);
    // For those who were away.
    await until(async () => (await program.api.get(`/runs/${job.id}/reports`)).body.items.some(({ level, text }: { level?: string; text?: string }) => level === 'warn' && text?.startsWith('delivery 2: ')), { what: 'it to be in the log of the run' });
  });

  test('does not take a job for a queue that is none', async () => {
    await open('place').ready();
    await create(program.api, '/jobs', { namespace: 'app', app: 'place', name: 'fan', category: 'broadcast' });
    await expect(open('fan', { app: 'place' }).ready()).rejects.toThrow(NotAQueueError);
  });

  test('works as the example says', async () => {
    await using example = await startExample('queue.mjs', { url: nats.url, namespace: 'app', app: 'example' });
    expect(example.output()).toMatch(/done \d+ \{ sentTo: 'ann@example\.org' \}/);
    expect(await example.stop()).toBe(0);
  });
});
