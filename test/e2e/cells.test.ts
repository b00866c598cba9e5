import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { momentOf } from '../support/in-time.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, stamp, type World } from '../support/world.ts';

const FORGOTTEN = ['lite', 'plus'].flatMap((model) => ['standalone', 'broadcast', 'map'].map((category) => ({ category, model })));
const PLAIN = ['max', 'pro'].flatMap((model) => ['standalone', 'broadcast'].map((category) => ({ category, model })));

describe.skipIf(!(await canStartProgram()))('the message of each cell', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each(FORGOTTEN)('$category $model is sent with empty end fields and leaves no row', async ({ category, model }) => {
    const job = await world.job({ category, model, args: 'a "quoted" ü\n✓ text' });
    const asked = Date.now();
    const taskId = await job.start();
    const message = await job.next();
    const isVoid = model === 'lite';
    const action = category === 'map' ? 'pre-start' : 'start';
    expect(message.subject).toBe(`${isVoid ? 'natsjob-void' : 'natsjob'}.job.${action}.${job.key}`);
    const { jobCreatedAt } = message.task;
    expect(message.text).toBe(JSON.stringify({
      taskId, namespace: NAMESPACE, appName: job.app, jobName: job.name, jobCategory: category, jobModel: model, condition: '', jobArgs: 'a "quoted" ü\n✓ text',
      jobCreatedAt, jobExpireTime: '', jobEndKvKey: '', jobEndResultKvBucket: '', jobRunningCount: 0, nextPayload: '',
    }));
    expect(momentOf(jobCreatedAt)).toBeGreaterThanOrEqual(asked);
    expect(momentOf(jobCreatedAt)).toBeLessThanOrEqual(message.at);
    // Whoever listens may have it before the stream does.
    if (!isVoid) await until(async () => (await world.worker.stored(message.subject)) > 0, { what: 'the stream to have it' });
    expect(await world.worker.stored(message.subject)).toBe(isVoid ? 0 : 1);
    expect(message.header('Nats-Msg-Id')).toBe(isVoid ? '' : taskId);
    await world.settled();
    expect((await world.program.api.get(`/runs/${taskId}`)).status).toBe(404);
    expect(await job.runs()).toEqual([]);
  });

  test.each(PLAIN)('$category $model is sent with its end key, and its answer completes it', async ({ category, model }) => {
    const app = await world.app();
    if (model === 'pro') await world.stayLive(app, 'w1');
    const job = await world.job({ app, category, model, args: { deep: [1, 'ü'] }, timeoutMs: 30_000 });
    const taskId = await job.start();
    const message = await job.next();
    const run = await world.run(taskId);
    expect(run).toMatchObject({ state: 'active', trigger: 'manual', args: '{"deep":[1,"ü"]}' });
    expect(message.subject).toBe(job.subject('start'));
    expect(message.text).toBe(dispatchText(job, run, { jobArgs: '{"deep":[1,"ü"]}', jobEndKvKey: `natsjob.job.end.${job.key}.${taskId}` }));
    expect(Date.parse(run.expiresAt) - Date.parse(run.dispatchedAt)).toBe(30_000);

    await world.worker.answer(message, { status: 'success', reason: 'did it', clientId: 'w1' });
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ status: 'success', reason: 'did it', workerId: 'w1' });
    expect(job.dispatched()).toHaveLength(1);
  });

  test.each(['max', 'pro'])('map %s is sent as pre-start, then as start with the same taskId', async (model) => {
    const app = await world.app();
    if (model === 'pro') await world.stayLive(app, 'w1');
    const job = await world.job({ app, category: 'map', model });
    const taskId = await job.start();
    const first = await job.next();
    expect(first.subject).toBe(job.subject('pre-start'));
    expect(first.text).toBe(dispatchText(job, await world.run(taskId), { jobEndKvKey: `natsjob.job.pre-end.${job.key}.${taskId}` }));

    await world.worker.answer(first, 'success:next');
    const second = await job.next();
    expect(second.subject).toBe(job.subject('start'));
    const { jobCreatedAt, jobExpireTime } = second.task;
    expect(second.text).toBe(dispatchText(job, await world.run(taskId), { jobCreatedAt, jobExpireTime, jobEndKvKey: `natsjob.job.end.${job.key}.${taskId}` }));
    expect(jobCreatedAt >= first.task.jobCreatedAt).toBe(true);

    await world.worker.answer(second, 'success');
    await world.untilState(taskId, 'completed');
  });

  test('standalone ultra is sent to one named worker with a client-end key', async () => {
    const app = await world.app();
    await world.stayLive(app, 'w1');
    const job = await world.job({ app, model: 'ultra', condition: 'clientFirst' });
    const taskId = await job.start();
    const message = await job.next();
    expect(message.subject).toBe(job.subject('client-start', 'w1'));
    expect(message.text).toBe(dispatchText(job, await world.run(taskId), { condition: 'clientFirst', jobEndKvKey: `natsjob.job.client-end.${job.key}.${taskId}.1` }));
    await world.worker.answer(message, 'success');
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ workerId: 'w1' });
  });

  test('broadcast ultra is sent to each worker with an end key of its own', async () => {
    const app = await world.app();
    for (const id of ['w1', 'w2']) await world.stayLive(app, id);
    const job = await world.job({ app, category: 'broadcast', model: 'ultra' });
    const taskId = await job.start();
    for (const [index, id] of ['w1', 'w2'].entries()) {
      const message = await world.worker.next(job.subject('client-start', id));
      expect(message.text).toBe(dispatchText(job, await world.run(taskId), { jobEndKvKey: `natsjob.job.client-end.${job.key}.${taskId}.${index + 1}` }));
      await world.worker.answer(message, 'success');
    }
    await world.untilState(taskId, 'completed');
  });

  test('group pro is sent once to each group that live workers name', async () => {
    const app = await world.app();
    await world.stayLive(app, 'w1', { group: 'red' });
    await world.stayLive(app, 'w2', { group: 'red' });
    await world.stayLive(app, 'w3', { group: 'blue' });
    await world.stayLive(app, 'w4');
    const job = await world.job({ app, category: 'group', model: 'pro' });
    const taskId = await job.start();
    for (const [index, group] of ['red', 'blue'].entries()) {
      const message = await world.worker.next(job.subject('group-start', group));
      expect(message.text).toBe(dispatchText(job, await world.run(taskId), { jobEndKvKey: `natsjob.job.client-end.${job.key}.${taskId}.${index + 1}` }));
      await world.worker.answer(message, 'success');
    }
    await world.untilState(taskId, 'completed');
    expect(job.dispatched()).toHaveLength(2);
  });

  const gapsSaid = (): number => world.program.output().split('"gapMs"').length;

  test('a fire of the schedule has the id of its moment and tells how many runs are open', async () => {
    const { job, first, second, run } = await until(async () => {
      const before = gapsSaid();
      const made = await world.job({ schedule: { expression: '@every 1s' }, maxRunning: 2 });
      const seen = [await made.next(), await made.next()] as const;
      // The worker may have them before the scheduler has read them from its log.
      const runs = [await world.untilState(seen[0].task.taskId, 'active'), await world.untilState(seen[1].task.taskId, 'active')] as const;
      if (runs.every(({ trigger }) => trigger !== 'catch-up')) return { job: made, first: seen[0], second: seen[1], run: runs[0] };
      // It stood still for five seconds, and has to say so: another one is looked at.
      await until(() => gapsSaid() > before, { what: 'the gap to be told' });
      await made.change({ state: 'disabled' });
      return false;
    }, { what: 'two fires without a gap' });
    expect(first.task.jobRunningCount).toBe(0);
    expect(second.task.jobRunningCount).toBe(1);
    expect(run.trigger).toBe('schedule');
    expect(Number(BigInt(run.taskId) >> 22n) + Date.UTC(2020, 0, 1)).toBe(Date.parse(run.scheduledAt));
    expect(BigInt(second.task.taskId) - BigInt(first.task.taskId)).toBe(1000n << 22n);
    await job.change({ state: 'disabled' });
  });

  test('fields of our own appear only when the feature is used', async () => {
    const job = await world.job({ priority: 'high', maxRunning: 10 });
    await job.start();
    expect((await job.next()).text).toMatch(/"nextPayload":"","priority":10\}$/);
    await job.start({ priority: 20 });
    expect((await job.next()).text).toMatch(/"nextPayload":"","priority":20\}$/);
    await job.start({ priority: 5 });
    expect((await job.next()).text).toMatch(/"nextPayload":""\}$/);
  });

  test.each([
    [{ category: 'map', model: 'ultra' }, 'model'],
    [{ category: 'group', model: 'max' }, 'model'],
    [{ category: 'broadcast', model: 'ultra', condition: 'clientFirst' }, 'condition'],
    [{ model: 'max', condition: 'clientRound' }, 'condition'],
    [{ model: 'lite', maxRunning: 2 }, 'maxRunning'],
    [{ model: 'plus', timeoutMs: 1000 }, 'timeoutMs'],
    [{ model: 'lite', retry: { attempts: 2 } }, 'retry'],
  ])('%j is refused by the name of its field', async (fields, field) => {
    const app = await world.app();
    const { status, body } = await world.program.api.post('/jobs', { namespace: NAMESPACE, app, name: 'impossible', ...fields });
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });
});

/** The whole message, byte for byte, from what the API says of the run. */
function dispatchText(job: { app: string; name: string }, run: Record<string, string>, own: Record<string, string>): string {
  return JSON.stringify({
    taskId: run['taskId'], namespace: NAMESPACE, appName: job.app, jobName: job.name, jobCategory: run['category'], jobModel: run['model'],
    condition: '', jobArgs: '', jobCreatedAt: stamp(run['dispatchedAt'] ?? 0), jobExpireTime: stamp(run['expiresAt'] ?? 0), jobEndKvKey: '',
    jobEndResultKvBucket: 'natsjob-job-results', jobRunningCount: 0, nextPayload: '', ...own,
  });
}
