import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import type { SeenMessage } from '../support/worker.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

const BAD_ANSWERS: readonly (readonly [string, unknown])[] = [
  ['text that is not JSON', 'done!'],
  ['an empty text', ''],
  ['a list', ['success']],
  ['an unknown status', { status: 'ok' }],
  ['a status that is a number', { status: 1 }],
  ['no status', { reason: 'none' }],
  ['a reason that is no text', { status: 'success', reason: { deep: true } }],
  ['expired, which is not a worker\'s word', { status: 'expired' }],
  ['cancelled, which is not a worker\'s word', { status: 'cancelled' }],
  ['success:next on a run that is not of map', 'success:next'],
  ['half a JSON object', '{"status":"success"'],
  ['something huge', { status: 'success', reason: 'x'.repeat(1_000_001) }],
];

describe.skipIf(!(await canStartProgram()))('the end of a run', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each([
    ['success', { status: 'success', reason: 'well', clientId: 'w9' }, 'completed'],
    ['fail', { status: 'fail', reason: 'badly', clientId: 'w9' }, 'failed'],
  ])('comes with the answer %s and what it says', async (status, answer, state) => {
    const job = await world.job();
    const taskId = await job.start();
    await world.worker.answer(await job.next(), answer);
    expect(await world.untilState(taskId, state)).toMatchObject({ status, reason: answer.reason, workerId: 'w9', badAnswers: 0 });
  });

  test.each([['success', 'completed'], ['fail', 'failed'], [' success\n', 'completed']])('comes with the bare text %j', async (text, state) => {
    const job = await world.job();
    const taskId = await job.start();
    await world.worker.answer(await job.next(), text);
    await world.untilState(taskId, state);
  });

  test.each(BAD_ANSWERS)('does not come with %s: the run stays open and shows the bad answer', async (_what, answer) => {
    const job = await world.job();
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, answer);
    const run = await until(async () => {
      const now = await world.run(taskId);
      return now.badAnswers === 1 && now;
    }, { what: 'the bad answer to show' });
    expect(run.state).toBe('active');
    expect(run.badAnswer).not.toBe('');
    await world.worker.answer(message, 'success');
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ badAnswers: 1, badAnswer: run.badAnswer });
    const { items } = (await world.program.api.get(`/runs/${taskId}/events`)).body;
    expect(items.map(({ kind }: { kind: string }) => kind)).toContain('bad-answer');
  });

  test('is the first one in the order of the stream; later ones change nothing', async () => {
    const job = await world.job();
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, { status: 'fail', reason: 'first' });
    await world.worker.answer(message, { status: 'success', reason: 'second' });
    await world.worker.answer(message, 'not an answer');
    await world.settled();
    const run = await world.run(taskId);
    expect(run).toMatchObject({ state: 'failed', reason: 'first', badAnswers: 0 });
    expect(await world.subRuns(taskId)).toEqual([]);
  });

  test('has its texts cut by character, not by byte', async () => {
    const job = await world.job();
    const taskId = await job.start();
    await world.worker.answer(await job.next(), {
      status: 'success', reason: '界'.repeat(1_025), clientId: '😀'.repeat(65), monitorStatus: 'm'.repeat(65), monitorPayload: '😀'.repeat(1_025),
    });
    expect(await world.untilState(taskId, 'completed')).toMatchObject({
      reason: '界'.repeat(1_024), workerId: '😀'.repeat(64), monitorStatus: 'm'.repeat(64), monitorPayload: '😀'.repeat(1_024),
    });
  });

  test('is told to both monitor subjects, once for each answer that asks for it', async () => {
    const job = await world.job();
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, { status: 'fail', reason: 'why', monitorStatus: 'alarm', monitorPayload: '{"a":1}' });
    await world.untilState(taskId, 'failed');
    const subjects = ['natsjob.job.monitor', `natsjob.job.monitor.${NAMESPACE}.${job.app}`];
    const isTold = (subject: string) => (one: SeenMessage): boolean => one.subject === subject && one.text.includes(taskId);
    // The worker hears on another connection than this test asks.
    for (const subject of subjects) await world.worker.next(isTold(subject));
    await world.settled();
    for (const subject of subjects) {
      const told = world.worker.seen(isTold(subject));
      expect(told).toHaveLength(1);
      const { createAt } = JSON.parse(told[0]?.text ?? '');
      expect(createAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
      expect(told[0]?.text).toBe(JSON.stringify({
        taskId, subTaskId: '', status: 'fail', reason: 'why', monitorStatus: 'alarm', monitorPayload: '{"a":1}', createAt,
        namespace: NAMESPACE, appName: job.app, jobName: job.name,
      }));
    }
  });

  test('is expired by the scheduler at the very key, and a late answer changes nothing', async () => {
    const job = await world.job({ timeoutMs: 300 });
    const taskId = await job.start();
    const message = await job.next();
    const run = await world.untilState(taskId, 'expired');
    expect(run.status).toBe('expired');
    expect(Date.parse(run.endedAt)).toBeGreaterThanOrEqual(Date.parse(run.expiresAt));
    await world.worker.answer(message, { status: 'success', reason: 'too late' });
    await world.settled();
    expect(await world.run(taskId)).toEqual(run);
  });

  test('is whatever the bucket has first, answer or expiry', async () => {
    const job = await world.job({ timeoutMs: 300, maxRunning: 50 });
    const seen = new Set<string>();
    // On a busy machine one side may be first for all of them.
    await until(async () => {
      const taskIds = await Promise.all(Array.from({ length: 40 }, () => job.start()));
      const keys = await Promise.all(taskIds.map(async (taskId, index) => {
        const message = await job.next(taskId);
        // All around the moment of expiry, so that both sides are first for some.
        await until(() => Date.now() - message.at >= 250 + index * 10);
        await world.worker.answer(message, 'success');
        return message.task.jobEndKvKey;
      }));
      await world.settled();
      const states = await Promise.all(taskIds.map(async (taskId) => (await world.run(taskId)).state));
      const firsts = await Promise.all(keys.map(async (key) => (await world.worker.history(key))[0]));
      expect(states).toEqual(firsts.map((first) => (first === 'success' ? 'completed' : 'expired')));
      for (const state of states) seen.add(state);
      return seen.has('completed') && seen.has('expired');
    }, { what: () => `both sides to be first for some, not only ${[...seen].join()}` });
  });

  test('comes by hand: the worker is told, the run is cancelled, a late answer changes nothing', async () => {
    const job = await world.job();
    const taskId = await job.start();
    const message = await job.next();
    const { status, body } = await world.program.api.post(`/runs/${taskId}/cancel`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'cancelled', status: 'cancelled' });
    const told = await world.worker.next(`natsjob.job.cancel.${job.key}.${taskId}`);
    expect(JSON.parse(told.text)).toMatchObject({ taskId });
    await world.worker.answer(message, 'success');
    await world.settled();
    expect((await world.run(taskId)).state).toBe('cancelled');
    expect(world.worker.seen(told.subject)).toHaveLength(1);
    expect((await world.program.api.post(`/runs/${taskId}/cancel`)).status).toBe(409);
    expect((await job.get()).running).toBe(0);
  });

  test('of runs nobody knows is counted and harms nothing', async () => {
    const job = await world.job();
    const future = String((BigInt(Date.now() + 3_600_000 - Date.UTC(2020, 0, 1)) << 22n) | 1n);
    for (const key of [`natsjob.job.end.${job.key}.${future}`, `natsjob.job.end.${job.key}.912345678901234567`, `natsjob.job.end.no.such.job.1`, 'something.else']) {
      await world.worker.answer(key, 'success');
    }
    await world.settled();
    const { oddities } = (await world.program.api.get('/overview')).body;
    expect(Object.values(oddities as Record<string, number>).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(4);
    expect(await job.runs()).toEqual([]);
  });

  test('cannot be given to a run of another job', async () => {
    const [mine, other] = [await world.job(), await world.job()];
    const taskId = await mine.start();
    await mine.next();
    await world.worker.answer(`natsjob.job.end.${other.key}.${taskId}`, 'success');
    await world.settled();
    expect((await world.run(taskId)).state).toBe('active');
  });
});
