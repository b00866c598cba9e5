import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { JobQueue } from '../../src-core/worker/index.ts';
import type { QueueJob, QueueStatus } from '../../src-core/worker/index.ts';
import { type TestNatsServer, startNatsServer } from '../support/nats-server.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { QueueLoad } from '../support/queue-load.ts';
import type { AddedWork } from '../support/queue-load.ts';
import type { QueueWork } from '../support/queue-worker-process.ts';
import { QueueWorkers } from '../support/queue-workers.ts';
import type { QueueWorkerProcess } from '../support/queue-workers.ts';
import { seeded, testSeed } from '../support/seeded.ts';
import { until } from '../support/until.ts';

type Queue = JobQueue<{ work: QueueWork }>;

const WORKERS = 3;
const CONCURRENCY = 4;
const JOBS = 500;
const KILLS = 8;
/** Jobs that are added before others have begun. */
const AHEAD = 120;

describe.skipIf(!(await canStartProgram()))('a queue whose', () => {
  let nats: TestNatsServer;
  let program: TestProgram;
  let queues: Queue[] = [];

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

  function open(name: string): Queue {
    const queue: Queue = new JobQueue(name, { url: nats.url });
    queues.push(queue);
    return queue;
  }

  /** Adds, while the accidents happen, and resolves when each job has ended for good. */
  async function addAll(load: QueueLoad, workers: QueueWorkers, accidents: () => Promise<void>): Promise<void> {
    let isOver = false;
    const adding = (async () => {
      while (load.added.length < JOBS || !isOver) {
        await load.addSome();
        await until(() => load.added.length - workers.begins.size < AHEAD, { deadlineMs: 60_000, what: 'workers to begin' });
      }
    })();
    // Who adds in vain is heard at once, and not as jobs that do not begin.
    await Promise.all([adding, accidents().finally(() => (isOver = true))]);
    const over = (): Set<string> => new Set([...load.completed, ...load.failed.filter(({ willRetry }) => !willRetry)].map(({ id }) => id));
    // However many were added while the accidents took their time: a minute in which none ends is too long.
    for (let ended = -1; over().size < load.added.length;) {
      ended = over().size;
      await until(() => over().size > ended, { deadlineMs: 60_000, what: () => `each of ${load.added.length} jobs to end; ${ended} have` });
    }
  }

  /** Nothing was lost, done twice as far as anybody can tell, or left without a reason. */
  async function expectAllTold({ added, completed, failed }: QueueLoad, begins: ReadonlyMap<string, number>): Promise<void> {
    expect(new Set(added.map(({ job }) => job.id)).size).toBe(added.length);
    for (const { job, work, expected } of added) {
      const log = await until(async () => {
        const attempts = await job.attempts();
        return attempts.at(-1)?.status === expected.status && attempts;
      }, { deadlineMs: 60_000, what: () => `job ${job.id} (${JSON.stringify(work)}) to be ${expected.status}` });
      expect({ work, attempts: log.map(({ status }) => status) }).toEqual({ work, attempts: [...Array.from({ length: expected.attempts - 1 }, () => 'failed'), expected.status] });
      for (const [index, one] of log.entries()) {
        expect(one).toMatchObject({ jobId: job.id, retryCount: index, startedAt: expect.any(Date), finishedAt: expect.any(Date), durationMs: expect.any(Number) });
        expect(one.durationMs).toBe(one.finishedAt!.getTime() - one.startedAt!.getTime());
        if (one.status === 'failed') expect(one.errorMessage).toMatch(/./);
        else expect(one).toMatchObject({ errorMessage: undefined, result: { tag: work.tag } });
        // One that hangs may be out of time before anybody takes it from a worker that was killed.
        if (work.hangs !== true) expect(begins.get(one.executionId)).toBeGreaterThan(0);
      }
      if (expected.error !== undefined) expect(log.at(-1)!.errorMessage).toMatch(expected.error);
    }
    const failures = added.flatMap(({ job, expected: { status, attempts } }) => Array.from({ length: status === 'failed' ? attempts : attempts - 1 }, (_, index) => `${job.id} ${index + 1} ${status === 'completed' || index + 1 < attempts}`));
    expect(failed.map(({ id, attempt, willRetry }) => `${id} ${attempt} ${willRetry}`).toSorted()).toEqual(failures.toSorted());
    expect(completed.map(({ id }) => id).toSorted()).toEqual(added.filter(({ expected }) => expected.status === 'completed').map(({ job }) => job.id).toSorted());
  }

  const attemptsOf = (added: readonly AddedWork[]): number => added.reduce((sum, { expected }) => sum + expected.attempts, 0);

  /** What has ended is counted in the view, which comes a little later. */
  async function expectStatus(queue: Queue, expected: Partial<QueueStatus>): Promise<void> {
    await vi.waitFor(async () => expect(await queue.getStatus()).toMatchObject(expected), { timeout: 60_000 });
  }

  async function expectCounts(queue: Queue, { added }: QueueLoad): Promise<void> {
    const completed = added.filter(({ expected }) => expected.status === 'completed').length;
    const expired = added.filter(({ work }) => work.hangs === true).length * 2;
    const all = { waiting: 0, delayed: 0, active: 0, cancelled: 0, completed, expired, failed: attemptsOf(added) - completed - expired };
    await expectStatus(queue, all);
    await vi.waitFor(async () => expect(await queue.getMetrics()).toMatchObject({ total: attemptsOf(added), completed }), { timeout: 60_000 });
  }

  /** Which worker has the job. */
  async function victimWith(live: readonly QueueWorkerProcess[], id: string): Promise<number> {
    return (await until(() => 1 + live.findIndex(({ running }) => running.has(id)), { deadlineMs: 60_000, what: 'the long job to begin' })) - 1;
  }

  test('workers are killed at random loses no job, and tells of each attempt', async () => {
    const seed = testSeed();
    console.log(`seed ${seed}`);
    const [chance, kills] = [seeded(seed), seeded(seed + 1)];
    const queue = open('killed');
    await using workers = new QueueWorkers(nats.url, 'killed');
    const load = new QueueLoad(queue, chance);
    await load.listen();
    const live = await Promise.all(Array.from({ length: WORKERS }, () => workers.start(CONCURRENCY)));
    let cut = 0;
    await addAll(load, workers, async () => {
      for (let count = 0; count < KILLS; count++) {
        const [from, drawn] = [workers.begins.size, Math.floor(kills() * WORKERS)];
        await until(() => workers.begins.size >= from + 10 + Math.floor(kills() * 40), { deadlineMs: 60_000, what: 'jobs to begin' });
        // The others are killed with whatever they have, which may be nothing.
        const at = count > 1 ? drawn : await victimWith(live, await load.addLong());
        cut += live[at]!.running.size;
        await workers.kill(live[at]!);
        live[at] = await workers.start(CONCURRENCY);
      }
    });
    await expectAllTold(load, workers.begins);
    await expectCounts(queue, load);
    // Had none been cut off in the middle, nothing would have been tried here.
    expect(cut).toBeGreaterThan(0);
    expect([...workers.begins.values()].some((count) => count > 1)).toBe(true);
    for (const each of live) await workers.kill(each, 'SIGTERM');
  });

  test('scheduler is killed, and workers, too, loses no job, and tells of each attempt', async () => {
    const seed = testSeed();
    console.log(`seed ${seed}`);
    const [chance, kills] = [seeded(seed), seeded(seed + 1)];
    const queue = open('headless');
    await using workers = new QueueWorkers(nats.url, 'headless');
    const load = new QueueLoad(queue, chance);
    await load.listen();
    const live: QueueWorkerProcess[] = await Promise.all(Array.from({ length: WORKERS }, () => workers.start(CONCURRENCY)));
    await addAll(load, workers, async () => {
      for (let count = 0; count < 2; count++) {
        const from = workers.begins.size;
        await until(() => workers.begins.size >= from + 50 + Math.floor(kills() * 50), { deadlineMs: 60_000, what: 'jobs to begin' });
        await program.kill('SIGKILL');
        for (let some = 0; some < 5; some++) await load.addSome();
        const at = Math.floor(kills() * WORKERS);
        await workers.kill(live[at]!);
        await program.restart();
        live[at] = await workers.start(CONCURRENCY);
      }
    });
    await expectAllTold(load, workers.begins);
    await expectCounts(queue, load);
  });

  describe('worker is stopped, and wakes up when others have its jobs,', () => {
    const HELD = 3;
    /** Longer than the machine may stand still, so that only the one that is stopped is silent for so long. */
    const STALLED_MS = 5_000;
    const WAIT_MS = 60_000;

    /** A worker that has begun three jobs of that length and stands still: it stops itself, as nobody else could do it before they end. */
    async function stand(name: string, workers: QueueWorkers, ms: number, options: { attempts?: number; timeout?: number } = {}, stalledAfter = STALLED_MS): Promise<{ queue: Queue; load: QueueLoad; jobs: QueueJob[]; worker: QueueWorkerProcess }> {
      const queue = open(name);
      const load = new QueueLoad(queue, seeded(1));
      await load.listen();
      const worker = await workers.start(HELD, stalledAfter);
      const jobs = await queue.addBulk(Array.from({ length: HELD }, (_, tag) => ({ name: 'work' as const, data: { tag, ms, standsAt: HELD }, options })));
      await until(() => worker.running.size === HELD, { deadlineMs: WAIT_MS, what: 'all to have begun' });
      return { queue, load, jobs, worker };
    }

    /** A job that only it can do: all that it had to say of others has been said. */
    async function expectAwake(queue: Queue, workers: QueueWorkers, worker: QueueWorkerProcess, others: QueueWorkerProcess): Promise<void> {
      await workers.kill(others, 'SIGTERM');
      const job = await queue.add('work', { tag: 99, ms: 1 });
      expect(await job.waitUntilFinished(WAIT_MS)).toEqual({ tag: 99, pid: worker.process.pid });
    }

    test('its late answers change nothing', async () => {
      await using workers = new QueueWorkers(nats.url, 'stopped');
      const client = await connect({ servers: nats.url });
      /** Word for word the same is one that was sent again for want of an acknowledgement. */
      const answers = new Set<string>();
      client.subscribe('$KV.natsjob-job-results.natsjob.job.end.app.stopped.stopped.>', { callback: (_error, message) => void answers.add(`${message.subject.slice(message.subject.lastIndexOf('.') + 1)} ${message.string()}`) });
      await client.flush();
      const { queue, load, jobs, worker } = await stand('stopped', workers, 300);
      const other = await workers.start(HELD, STALLED_MS);
      const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(WAIT_MS)));
      expect(results).toEqual(jobs.map((_, tag) => ({ tag, pid: other.process.pid })));
      // Longer than it may be silent: the scheduler counts on it no more.
      await until(async () => (await queue.getStatus()).workers === 1, { deadlineMs: WAIT_MS, what: 'it to be given up' });
      worker.process.kill('SIGCONT');
      await until(() => worker.running.size === 0, { what: 'it to be through with them' });
      await expectAwake(queue, workers, worker, other);
      await client.flush();

      for (const job of jobs) {
        expect(workers.begins.get(job.id)).toBe(2);
        expect([...answers].filter((answer) => answer.startsWith(`${job.id} `))).toHaveLength(2);
        await vi.waitFor(async () => expect(await job.attempts()).toMatchObject([{ status: 'completed', retryCount: 0, result: { pid: other.process.pid } }]), { timeout: WAIT_MS });
        expect(await job.getState()).toBe('completed');
      }
      await until(() => load.completed.length >= HELD + 1, { what: 'the events' });
      expect(load.completed.map(({ id }) => id).slice(0, HELD).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      expect(load.completed).toHaveLength(HELD + 1);
      expect(load.failed).toEqual([]);
      await expectStatus(queue, { completed: HELD + 1, active: 0, waiting: 0, failed: 0 });
      await client.close();
    });

    test('the first answer counts where both do a job', async () => {
      await using workers = new QueueWorkers(nats.url, 'both');
      const { queue, load, jobs, worker } = await stand('both', workers, 1_500);
      const other = await workers.start(HELD, STALLED_MS);
      await until(() => jobs.every(({ id }) => workers.begins.get(id) === 2), { deadlineMs: WAIT_MS, what: 'the other one to have begun them, too' });
      worker.process.kill('SIGCONT');
      const results = (await Promise.all(jobs.map((job) => job.waitUntilFinished(WAIT_MS)))) as { tag: number; pid: number }[];
      await until(() => worker.running.size === 0 && other.running.size === 0, { what: 'both to be through with them' });
      await expectAwake(queue, workers, worker, other);
      for (const [tag, job] of jobs.entries()) await vi.waitFor(async () => expect(await job.attempts()).toMatchObject([{ status: 'completed', result: results[tag] }]), { timeout: WAIT_MS });
      await until(() => load.completed.length >= HELD + 1, { what: 'the events' });
      expect(load.completed).toHaveLength(HELD + 1);
      await expectStatus(queue, { completed: HELD + 1, active: 0, waiting: 0, failed: 0 });
    });

    test('an answer to an attempt whose time was up does not count for the next one', async () => {
      await using workers = new QueueWorkers(nats.url, 'late');
      const { queue, load, jobs, worker } = await stand('late', workers, 300, { attempts: 2, timeout: STALLED_MS }, 120_000);
      const other = await workers.start(HELD, 120_000);
      const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(WAIT_MS)));
      expect(results).toEqual(jobs.map((_, tag) => ({ tag, pid: other.process.pid })));
      worker.process.kill('SIGCONT');
      await until(() => worker.running.size === 0, { what: 'it to be through with them' });
      await expectAwake(queue, workers, worker, other);
      for (const job of jobs) {
        await vi.waitFor(async () => expect(await job.attempts()).toMatchObject([{ status: 'failed', errorMessage: expect.stringMatching(/^no end within \d+ ms$/) }, { status: 'completed', result: { pid: other.process.pid } }]), { timeout: WAIT_MS });
      }
      await until(() => load.completed.length >= HELD + 1, { what: 'the events' });
      expect(load.completed).toHaveLength(HELD + 1);
      expect(load.failed).toHaveLength(HELD);
      await expectStatus(queue, { completed: HELD + 1, expired: HELD, active: 0, waiting: 0, delayed: 0 });
    });
  });
});
