import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTime, momentOf } from '../support/in-time.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('what may run at the same time', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const answer = async (job: TestJob, taskId: string, end: unknown = 'success'): Promise<void> => void (await world.worker.answer(await job.next(taskId), end));
  /** What the skip counters of the tests' jobs must show; they are told every few seconds, so all are looked at in the end. */
  const counted: [TestJob, Record<string, number>][] = [];

  test.each(['standalone', 'broadcast', 'map'])('maxRunning 1 is 1 for %s, under a burst of a hundred at once', async (category) => {
    const job = await world.job({ category });
    const answers = await Promise.all(Array.from({ length: 100 }, () => job.run()));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status, body }) => status === 409 && body.reason === 'overlap')).toHaveLength(99);
    await world.settled();
    expect(job.dispatched()).toHaveLength(1);
    expect(await job.runs()).toHaveLength(1);
    counted.push([job, { overlap: 99 }]);
  });

  test('maxRunning 7 lets seven through, and tells each how many ran before it', async () => {
    const job = await world.job({ maxRunning: 7 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => job.run()));
    const started = answers.filter(({ status }) => status === 202).map(({ body }) => body.taskId as string);
    expect(started).toHaveLength(7);
    const counts = await Promise.all(started.map(async (taskId) => (await job.next(taskId)).task.jobRunningCount));
    expect(counts.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await job.get()).toMatchObject({ running: 7, queued: 0 });
    await world.worker.answer(job.dispatched(started[3])[0]!, 'fail');
    await world.untilState(started[3]!, 'failed');
    await job.start();
  });

  test('overlap queue holds what comes, up to its bound, and sends one for each that ends', async () => {
    const job = await world.job({ overlap: 'queue', queueLimit: 3 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => job.run()));
    const states = answers.map(({ body }) => body.state ?? body.reason);
    expect(states.toSorted()).toEqual(['active', 'queue-full', 'queue-full', 'waiting', 'waiting', 'waiting']);
    const inOrder = answers.filter(({ status }) => status === 202).map(({ body }) => body.taskId as string).toSorted();
    for (const taskId of inOrder.slice(1)) expect(await world.run(taskId)).toMatchObject({ state: 'waiting', dispatchedAt: null });
    expect(await job.get()).toMatchObject({ running: 1, queued: 3 });
    for (const taskId of inOrder) {
      // One that has just lost its trust in the lease sends the next when it has it again.
      await until(async () => (await job.get()).running === 1, { what: 'the next to be sent' });
      await answer(job, taskId);
      await world.untilState(taskId, 'completed');
    }
    expect(job.dispatched().map(({ task }) => task.taskId)).toEqual(inOrder);
    expect(job.dispatched().map(({ task }) => task.jobRunningCount)).toEqual([0, 0, 0, 0]);
    counted.push([job, { 'queue-full': 2 }]);
  });

  test('higher priorities leave the queue first, the older first among equals', async () => {
    const job = await world.job({ overlap: 'queue', priority: 5 });
    const running = await job.start();
    const [normal = '', low = '', critical = '', high = '', critical2 = ''] = [
      await job.start(), await job.start({ priority: 1 }), await job.start({ priority: 20 }), await job.start({ priority: 10 }), await job.start({ priority: 20 }),
    ];
    const order = [running, critical, critical2, high, normal, low];
    for (const taskId of order) await answer(job, taskId);
    await world.untilState(low, 'completed');
    expect(job.dispatched().map(({ task }) => task.taskId)).toEqual(order);
    expect(job.dispatched().map(({ task }) => task.priority)).toEqual([undefined, 20, 20, 10, undefined, 1]);
  });

  test('overlap replace cancels the oldest and runs the newest', async () => {
    const job = await world.job({ overlap: 'replace' });
    const first = await job.start();
    await job.next(first);
    const second = await job.start();
    expect(await world.untilState(first, 'cancelled')).toMatchObject({ status: 'cancelled' });
    await world.worker.next(`natsjob.job.cancel.${job.key}.${first}`);
    await answer(job, second);
    await world.untilState(second, 'completed');
    await world.worker.answer(job.dispatched(first)[0]!, 'success');
    await world.settled();
    expect((await world.run(first)).state).toBe('cancelled');
  });

  test('overlap replace under a burst ends with one run, and every other one is accounted for', async () => {
    const job = await world.job({ overlap: 'replace' });
    const answers = await Promise.all(Array.from({ length: 30 }, () => job.run()));
    const started = answers.map(({ body }) => body.taskId as string).toSorted();
    await until(async () => {
      const { running, queued } = await job.get();
      return running === 1 && queued === 0;
    }, { what: 'the replacing to end' });
    await world.settled();
    const runs = await job.runs();
    expect(runs.map(({ taskId }) => taskId).toSorted()).toEqual(started);
    expect(runs.filter(({ state }) => state === 'active')).toHaveLength(1);
    expect(runs.filter(({ state }) => state === 'cancelled')).toHaveLength(29);
  });

  test('a queued run can be cancelled and is never sent', async () => {
    const job = await world.job({ overlap: 'queue' });
    const [running, queued] = [await job.start(), await job.start()];
    expect((await world.program.api.post(`/runs/${queued}/cancel`)).body).toMatchObject({ state: 'cancelled' });
    await answer(job, running);
    await world.untilState(running, 'completed');
    await world.settled();
    expect(job.dispatched()).toHaveLength(1);
  });

  test('an expired run makes room', async () => {
    await inTime(async (timeoutMs) => {
      const job = await world.job({ overlap: 'queue', timeoutMs });
      const [first, second] = [await job.start(), await job.start()];
      await world.untilState(first, 'expired');
      const message = await job.next(second);
      await world.worker.answer(message, 'success');
      if (Date.now() > momentOf(message.task.jobExpireTime)) return false;
      await world.untilState(second, 'completed');
      return true;
    });
  });

  test('a delayed run waits for its time, with its own arguments and priority', async () => {
    const job = await world.job({ args: 'of the job', overlap: 'queue' });
    const held = await job.run({ delayMs: 3_600_000, args: { own: true }, priority: 'high' });
    expect(held.body.state).toBe('delayed');
    expect(await world.run(held.body.taskId)).toMatchObject({ state: 'delayed', args: '{"own":true}', priority: 10 });
    expect(await job.get()).toMatchObject({ running: 0, queued: 1 });
    await world.program.api.post(`/runs/${held.body.taskId}/cancel`);
    const asked = Date.now();
    const { body } = await job.run({ delayMs: 800, args: { own: true }, priority: 'high' });
    expect(body.state).toBe('delayed');
    const due = Date.parse((await world.run(body.taskId)).dueAt);
    expect(due).toBeGreaterThanOrEqual(asked + 800);
    expect(due).toBeLessThanOrEqual(Date.now() + 800);
    const message = await job.next();
    expect(message.at).toBeGreaterThanOrEqual(due);
    expect(message.task).toMatchObject({ taskId: body.taskId, jobArgs: '{"own":true}', priority: 10 });
    await world.worker.answer(message, 'success');
    await world.untilState(body.taskId, 'completed');
    await job.start();
    expect((await job.next()).task.jobArgs).toBe('of the job');
  });

  test('a delayed run can be cancelled before its time', async () => {
    await inTime(async (delayMs) => {
      const job = await world.job();
      const asked = Date.now();
      const taskId = await job.start({ delayMs });
      expect((await world.program.api.post(`/runs/${taskId}/cancel`)).body).toMatchObject({ state: 'cancelled' });
      if (Date.now() >= asked + delayMs) return false;
      await until(() => Date.now() > Number(BigInt(taskId) >> 22n) + Date.UTC(2020, 0, 1) + 2 * delayMs);
      await world.settled();
      expect(job.dispatched()).toEqual([]);
      return true;
    });
  });

  test('rerun runs the same again, with the old arguments or new ones', async () => {
    const job = await world.job({ args: 'of the job', maxRunning: 5 });
    const taskId = await job.start({ args: 'first' });
    await answer(job, taskId);
    await world.untilState(taskId, 'completed');
    for (const [request, args] of [[{}, 'first'], [{ args: 'second' }, 'second']] as const) {
      const { status, body } = await world.program.api.post(`/runs/${taskId}/rerun`, request);
      expect(status).toBe(202);
      expect((await job.next(body.taskId)).task.jobArgs).toBe(args);
    }
  });

  test('the rate limit is exact over any interval, and queueing jobs wait for it', async () => {
    const skipping = await world.job({ rate: { max: 3, perMs: 60_000 }, maxRunning: 100 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => skipping.run()));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    expect(answers.filter(({ body }) => body.reason === 'rate')).toHaveLength(7);

    const queueing = await world.job({ rate: { max: 2, perMs: 1_000 }, maxRunning: 100, overlap: 'queue' });
    for (let count = 0; count < 6; count++) await queueing.start();
    const times: number[] = [];
    // As the scheduler sent them: how long each is under way is the machine's affair.
    for (let count = 0; count < 6; count++) times.push(Date.parse((await world.untilState((await queueing.next()).task.taskId, 'active')).dispatchedAt));
    for (let index = 2; index < 6; index++) expect(times[index]! - times[index - 2]!).toBeGreaterThanOrEqual(1_000);
    counted.push([skipping, { rate: 7 }]);
  });

  test('lite and plus know the rate limit too', async () => {
    for (const model of ['lite', 'plus']) {
      const job = await world.job({ model, rate: { max: 2, perMs: 60_000 } });
      const answers = await Promise.all(Array.from({ length: 5 }, () => job.run()));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 202, 409, 409, 409]);
    }
  });

  test.each([
    [{ state: 'disabled' }, 'disabled'],
    [{ state: 'paused' }, 'paused'],
    [{ schedule: { startAt: '2080-01-01T00:00:00Z' } }, 'window'],
    [{ schedule: { endAt: '2021-01-01T00:00:00Z' } }, 'window'],
  ])('a job with %j does not run, and says why', async (fields, reason) => {
    const job = await world.job(fields);
    expect((await job.run()).body).toMatchObject({ status: 409, reason });
    expect((await world.program.api.get(`/jobs/${job.key}/explain`)).body).toMatchObject({ verdict: 'skip', reason });
    counted.push([job, { [reason]: 1 }]);
  });

  test('a paused job that queues holds its runs until it goes on', async () => {
    const job = await world.job({ state: 'paused', overlap: 'queue' });
    const { body } = await job.run();
    expect(body.state).toBe('waiting');
    await world.settled();
    expect(job.dispatched()).toEqual([]);
    await job.change({ state: 'enabled' });
    await answer(job, body.taskId);
    await world.untilState(body.taskId, 'completed');
  });

  test('disabling a job stops its schedule, and its queue is cancelled', async () => {
    const job = await world.job({ schedule: { expression: '@every 1s' }, overlap: 'queue' });
    await job.next();
    await until(async () => (await job.get()).queued > 0, { what: 'a queued run' });
    const { nextFireAt } = await job.change({ state: 'disabled' });
    expect(nextFireAt).toBeNull();
    const active = await until(async () => (await job.runs('state=active'))[0], { what: 'the view to show the run' });
    await world.worker.answer(job.dispatched(active.taskId)[0]!, 'success');
    await until(async () => (await job.get()).queued === 0, { what: 'the queue to be empty' });
    await world.settled();
    expect((await job.runs()).map(({ state }) => state).filter((state) => state !== 'cancelled')).toEqual(['completed']);
  });

  test('fires of the schedule are skipped and counted like runs asked for', async () => {
    const full = await world.job({ schedule: { expression: '* * * * * *' }, timeoutMs: 3_600_000 });
    const lonely = await world.job({ schedule: { expression: '* * * * * *' }, model: 'pro' });
    for (const [job, reason] of [[full, 'overlap'], [lonely, 'no-worker']] as const) {
      const skip = await until(async () => (await job.skips()).find((one) => one.reason === reason && one.count >= 2), { what: `${reason} to be counted` });
      expect(Date.parse(skip.lastAt) % 1000).toBe(0);
      await job.change({ state: 'disabled' });
    }
    expect(full.dispatched()).toHaveLength(1);
    expect(lonely.dispatched()).toEqual([]);
    const { body } = await world.program.api.get(`/skips?job=${lonely.key}&reason=no-worker,overlap&limit=1`);
    expect(body.items).toMatchObject([{ namespace: lonely.namespace, app: lonely.app, job: lonely.name, reason: 'no-worker' }]);
    const { body: all } = await world.program.api.get(`/skips?namespace=${full.namespace}&limit=1`);
    const { body: second } = await world.program.api.get(`/skips?namespace=${full.namespace}&limit=1&cursor=${all.nextCursor}`);
    expect(second.items[0]).not.toEqual(all.items[0]);
  });

  test('every run that was not made is counted, by its reason', async () => {
    expect(counted.length).toBeGreaterThan(0);
    for (const [job, reasons] of counted) {
      const total = Object.values(reasons).reduce((sum, count) => sum + count, 0);
      // A report may hold a part of them, and the next hour has a counter of its own.
      const skips = await until(async () => {
        const found = await job.skips();
        return found.reduce((sum, { count }) => sum + count, 0) >= total && found;
      }, { what: `skip counters of ${job.name}` });
      const sums: Record<string, number> = {};
      for (const { reason, count } of skips) sums[reason] = (sums[reason] ?? 0) + count;
      expect(sums).toEqual(reasons);
      expect(skips[0]).toMatchObject({ app: job.app, job: job.name });
    }
  });
});
