import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTime, momentOf } from '../support/in-time.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, stamp, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('a map run', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('goes on with success:next: same taskId, new times, and the answer\'s reason is kept', async () => {
    const job = await world.job({ category: 'map', timeoutMs: 600_000 });
    const taskId = await job.start();
    const first = await job.next();
    // So that the times can differ.
    await until(() => Date.now() - first.at > 50);
    await world.worker.answer(first, { status: 'success:next', reason: '3 parts' });
    const second = await job.next();
    expect(second.task.taskId).toBe(taskId);
    expect(second.task.jobCreatedAt > first.task.jobCreatedAt).toBe(true);
    const run = await until(async () => {
      const now = await world.run(taskId);
      return stamp(now.expiresAt) === second.task.jobExpireTime && now;
    }, { what: 'the second step\'s expiry to show' });
    expect(run).toMatchObject({ state: 'active', reason: '3 parts' });
    await world.worker.answer(second, 'success');
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ status: 'success', reason: '3 parts' });
  });

  test('sends its second step once, however often the first one is answered', async () => {
    const job = await world.job({ category: 'map' });
    const taskId = await job.start();
    const first = await job.next();
    await world.worker.answer(first, { status: 'success:next', reason: 'first' });
    await world.worker.answer(first, { status: 'success:next', reason: 'second' });
    await world.worker.answer(first, 'success:next');
    await world.worker.answer(first, 'success');
    await world.worker.answer(first, 'fail');
    const second = await job.next();
    await world.settled();
    expect(job.dispatched(taskId)).toHaveLength(2);
    expect(await world.run(taskId)).toMatchObject({ state: 'active', reason: 'first' });
    await world.worker.answer(second, { status: 'fail', reason: 'in step two' });
    expect(await world.untilState(taskId, 'failed')).toMatchObject({ reason: 'in step two' });
    await world.worker.answer(first, 'success:next');
    await world.settled();
    expect(job.dispatched(taskId)).toHaveLength(2);
  });

  test.each([['success', 'completed'], ['fail', 'failed']])('ends with %s on its first step', async (status, state) => {
    const job = await world.job({ category: 'map' });
    const taskId = await job.start();
    await world.worker.answer(await job.next(), { status, reason: 'nothing to split' });
    expect(await world.untilState(taskId, state)).toMatchObject({ status, reason: 'nothing to split' });
    await world.settled();
    expect(job.dispatched()).toHaveLength(1);
  });

  test('takes success:next on its second step for a bad answer', async () => {
    const job = await world.job({ category: 'map' });
    const taskId = await job.start();
    await world.worker.answer(await job.next(), 'success:next');
    const second = await job.next();
    await world.worker.answer(second, 'success:next');
    await until(async () => (await world.run(taskId)).badAnswers === 1, { what: 'the bad answer' });
    expect((await world.run(taskId)).state).toBe('active');
    await world.worker.answer(second, 'success');
    await world.untilState(taskId, 'completed');
  });

  test('expires in its first step, and an answer after that sends no second one', async () => {
    const job = await world.job({ category: 'map', timeoutMs: 300 });
    const taskId = await job.start();
    const first = await job.next();
    await world.untilState(taskId, 'expired');
    await world.worker.answer(first, 'success:next');
    await world.settled();
    expect((await world.run(taskId)).state).toBe('expired');
    expect(job.dispatched(taskId)).toHaveLength(1);
  });

  test('has the whole time for its second step, and expires there too', async () => {
    await inTime(async (timeoutMs) => {
      const job = await world.job({ category: 'map', timeoutMs });
      const taskId = await job.start();
      const first = await job.next();
      await until(() => Date.now() - momentOf(first.task.jobCreatedAt) > timeoutMs * 0.6);
      await world.worker.answer(first, 'success:next');
      if (Date.now() > momentOf(first.task.jobExpireTime)) return false;
      const second = await job.next();
      const run = await world.untilState(taskId, 'expired');
      expect(momentOf(second.task.jobExpireTime) - momentOf(second.task.jobCreatedAt)).toBe(timeoutMs);
      expect(momentOf(second.task.jobExpireTime)).toBeGreaterThan(momentOf(first.task.jobExpireTime));
      expect(Date.parse(run.endedAt)).toBeGreaterThanOrEqual(momentOf(second.task.jobExpireTime));
      await world.worker.answer(second, 'success');
      await world.settled();
      expect((await world.run(taskId)).state).toBe('expired');
      return true;
    }, 600);
  });

  test('counts once against the limit, over both steps', async () => {
    const job = await world.job({ category: 'map', maxRunning: 2 });
    const taskIds = [await job.start(), await job.start()];
    expect((await job.run()).body).toMatchObject({ status: 409, reason: 'overlap' });
    for (const taskId of taskIds) await world.worker.answer(await job.next(taskId), 'success:next');
    for (const taskId of taskIds) await job.next(taskId);
    expect((await job.get()).running).toBe(2);
    expect((await job.run()).body).toMatchObject({ status: 409, reason: 'overlap' });
    await world.worker.answer(job.dispatched(taskIds[0]).at(-1)!, 'success');
    await world.untilState(taskIds[0]!, 'completed');
    await job.start();
  });

  test('can be cancelled in either step', async () => {
    const job = await world.job({ category: 'map', maxRunning: 2 });
    const [one = '', two = ''] = [await job.start(), await job.start()];
    await world.worker.answer(await job.next(two), 'success:next');
    await job.next(two);
    for (const taskId of [one, two]) {
      expect((await world.program.api.post(`/runs/${taskId}/cancel`)).body).toMatchObject({ state: 'cancelled' });
      await world.worker.next(`natsjob.job.cancel.${job.key}.${taskId}`);
    }
    await world.worker.answer(job.dispatched(one)[0]!, 'success:next');
    await world.settled();
    expect(job.dispatched(one)).toHaveLength(1);
    expect((await job.get()).running).toBe(0);
  });
});
