import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inTime, momentOf } from '../support/in-time.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import type { SeenMessage } from '../support/worker.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('runs that go to several workers, or to a chosen one', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** The workers of a test live until it ends. */
  const alive = new Map<string, () => Promise<void>>();
  let beating: NodeJS.Timeout;
  beforeEach(() => {
    beating = setInterval(() => {
      for (const beat of alive.values()) void beat().catch(() => undefined);
    }, 4_000);
  });
  afterEach(() => {
    clearInterval(beating);
    alive.clear();
  });

  async function live(app: string, id: string, more: Record<string, unknown>): Promise<void> {
    alive.set(`${app} ${id}`, () => world.worker.beat({ id, namespace: NAMESPACE, appName: app, ...more }));
    await world.beat(app, id, more);
  }

  /** A job of the category in an app with these live workers. */
  async function jobWith(workers: Readonly<Record<string, Record<string, unknown>>>, fields: Record<string, unknown>): Promise<TestJob> {
    const app = await world.app();
    for (const [id, more] of Object.entries(workers)) await live(app, id, more);
    return world.job({ app, ...fields });
  }

  /** Where the next runs go, one after the other. */
  async function routes(job: TestJob, count: number): Promise<string[]> {
    const to: string[] = [];
    for (let turn = 0; turn < count; turn++) {
      const taskId = await job.start();
      const message = await job.next(taskId);
      to.push(message.subject.slice(job.subject('client-start', '').length));
      await world.worker.answer(message, 'success');
      await world.untilState(taskId, 'completed');
    }
    return to;
  }

  test.each(['max', 'pro'])('broadcast %s ends with the first answer and keeps the later ones as sub-runs', async (model) => {
    const job = await jobWith({ w1: {} }, { category: 'broadcast', model });
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, { status: 'success', reason: 'one', clientId: 'w1' });
    await world.worker.answer(message, { status: 'fail', reason: 'two', clientId: 'w2', monitorStatus: 'alarm' });
    await world.worker.answer(message, 'success');
    const later = await until(async () => {
      const subRuns = await world.subRuns(taskId);
      return subRuns.length === 2 && subRuns;
    }, { what: 'two later answers' });
    expect(later).toMatchObject([{ kind: 'answer', workerId: 'w2', status: 'fail', reason: 'two' }, { kind: 'answer', workerId: '', status: 'success' }]);
    expect(await world.run(taskId)).toMatchObject({ state: 'completed', reason: 'one', workerId: 'w1' });
    const told = await world.worker.next('natsjob.job.monitor');
    expect(JSON.parse(told.text)).toMatchObject({ taskId, status: 'fail', monitorStatus: 'alarm' });

    // Also when the run is long out of memory.
    await world.settled();
    await world.worker.answer(message, { status: 'success', clientId: 'w3' });
    await until(async () => (await world.subRuns(taskId)).length === 3, { what: 'a third later answer' });
  });

  test.each([
    [['success', 'success', 'success'], 'completed', 'success'],
    [['success', 'fail', 'success'], 'failed', 'fail'],
    [['fail', 'expired', 'success'], 'failed', 'fail'],
    [['success', 'expired', 'success'], 'expired', 'expired'],
  ])('broadcast ultra with the ends %j is %s, and not before all have ended', async (ends, state, status) => {
    await inTime(async (ms) => {
      const job = await jobWith({ w1: {}, w2: {}, w3: {} }, { category: 'broadcast', model: 'ultra', timeoutMs: ends.includes('expired') ? ms : 3_600_000 });
      const taskId = await job.start();
      const messages = await Promise.all(['w1', 'w2', 'w3'].map((id) => world.worker.next(job.subject('client-start', id))));
      const before: string[] = [];
      for (const [index, end] of ends.entries()) {
        before.push((await world.run(taskId)).state);
        if (end !== 'expired') await world.worker.answer(messages[index]!, { status: end, reason: `of ${index + 1}`, clientId: `w${index + 1}` });
        if (Date.now() > momentOf(messages[0]!.task.jobExpireTime)) return false;
        await world.settled();
      }
      expect(before).toEqual(['active', 'active', 'active']);
      expect(await world.untilState(taskId, state)).toMatchObject({ status, targets: 3, targetsEnded: 3 });
      const subRuns = await until(async () => {
        const found = await world.subRuns(taskId);
        return found.every((subRun) => subRun.status !== 'open') && found;
      }, { what: 'all targets to show their end' });
      expect(subRuns.map(({ kind, number, workerId, status: word }) => [kind, number, workerId, word])).toEqual(ends.map((end, index) => ['target', index + 1, `w${index + 1}`, end]));
      return true;
    }, 700);
  });

  test('a second answer of a target changes nothing, and each answer is told to the monitors with its sub-run', async () => {
    const job = await jobWith({ w1: {}, w2: {} }, { category: 'broadcast', model: 'ultra' });
    const taskId = await job.start();
    const messages = await Promise.all(['w1', 'w2'].map((id) => world.worker.next(job.subject('client-start', id))));
    for (const [index, message] of messages.entries()) await world.worker.answer(message, { status: 'success', reason: 'first', monitorStatus: `m${index + 1}` });
    await world.worker.answer(messages[0]!, { status: 'fail', reason: 'second', monitorStatus: 'never' });
    await world.settled();
    expect((await world.run(taskId)).state).toBe('completed');
    expect((await world.subRuns(taskId)).map(({ status, reason }) => [status, reason])).toEqual([['success', 'first'], ['success', 'first']]);
    const isTold = ({ subject, text }: SeenMessage): boolean => subject === 'natsjob.job.monitor' && text.includes(taskId);
    // The worker hears on another connection than this test asks.
    await until(() => world.worker.seen(isTold).length >= 2, { what: 'both to be told' });
    const told = world.worker.seen(isTold).map(({ text }) => JSON.parse(text));
    expect(told.map(({ subTaskId, monitorStatus }) => [subTaskId, monitorStatus])).toEqual([['1', 'm1'], ['2', 'm2']]);
  });

  test('a bad answer of a target leaves it open', async () => {
    const job = await jobWith({ w1: {} }, { category: 'broadcast', model: 'ultra' });
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, 'whatever');
    await world.worker.answer(`natsjob.job.client-end.${job.key}.${taskId}.7`, 'success');
    await world.worker.answer(`natsjob.job.end.${job.key}.${taskId}`, 'not an answer either');
    await until(async () => (await world.run(taskId)).badAnswers === 2, { what: 'the bad answers' });
    expect((await world.run(taskId)).state).toBe('active');
    await world.worker.answer(message, 'success');
    await world.untilState(taskId, 'completed');
  });

  test.each([
    ['standalone max', { model: 'max' }, ['pre-end', 'client-end']],
    ['map max', { category: 'map' }, ['end', 'client-end']],
    ['standalone ultra', { model: 'ultra' }, ['end', 'pre-end']],
    ['broadcast ultra', { category: 'broadcast', model: 'ultra' }, ['end', 'pre-end']],
    ['group pro', { category: 'group', model: 'pro' }, ['end', 'pre-end']],
  ])('%s is not ended on a key that was not given out', async (_cell, fields, kinds) => {
    const job = await jobWith({ w1: { group: 'red' }, w2: { group: 'blue' } }, fields);
    const taskId = await job.start();
    await job.next(taskId);
    for (const kind of kinds) await world.worker.answer(`natsjob.job.${kind}.${job.key}.${taskId}${kind === 'client-end' ? '.1' : ''}`, 'success');
    await world.settled();
    expect(await world.run(taskId)).toMatchObject({ state: 'active', badAnswers: 0 });
  });

  test('cancelling a run that went to several ends each of its targets', async () => {
    const job = await jobWith({ w1: {}, w2: {} }, { category: 'broadcast', model: 'ultra' });
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, 'success');
    expect((await world.program.api.post(`/runs/${taskId}/cancel`)).body).toMatchObject({ state: 'cancelled' });
    await world.worker.next(`natsjob.job.cancel.${job.key}.${taskId}`);
    await until(async () => (await world.subRuns(taskId)).map(({ status }) => status).join() === 'success,cancelled', { what: 'both targets to have ended' });
    expect((await job.get()).running).toBe(0);
  });

  test('group runs end when every group has answered, with the worst of their words', async () => {
    const job = await jobWith({ w1: { group: 'red' }, w2: { group: 'blue' } }, { category: 'group', model: 'pro' });
    const taskId = await job.start();
    const [red, blue] = await Promise.all(['red', 'blue'].map((group) => world.worker.next(job.subject('group-start', group))));
    await world.worker.answer(red!, { status: 'fail', clientId: 'w1' });
    await world.settled();
    expect((await world.run(taskId)).state).toBe('active');
    await world.worker.answer(blue!, 'success');
    expect(await world.untilState(taskId, 'failed')).toMatchObject({ targets: 2, targetsEnded: 2 });
  });

  test('clientFirst goes to the worker that registered first', async () => {
    const job = await jobWith({ zebra: {}, ape: { weight: 900 } }, { model: 'ultra', condition: 'clientFirst' });
    expect(await routes(job, 3)).toEqual(['zebra', 'zebra', 'zebra']);
  });

  test.each(['clientRound', ''])('condition "%s" goes around, and not to weight 0', async (condition) => {
    const job = await jobWith({ a: {}, b: { weight: 1 }, none: { weight: 0 }, c: {} }, { model: 'ultra', condition });
    expect(await routes(job, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('clientMaxWeight goes to the heaviest, and follows a change of weight', async () => {
    const job = await jobWith({ a: { weight: 5 }, b: { weight: 50 }, c: { weight: 50 } }, { model: 'ultra', condition: 'clientMaxWeight' });
    expect(await routes(job, 2)).toEqual(['b', 'b']);
    await live(job.app, 'a', { weight: 51 });
    await until(async () => (await world.program.api.get(`/workers?app=${job.app}`)).body.items.some(({ weight }: { weight: number }) => weight === 51), { what: 'the new weight' });
    expect(await routes(job, 1)).toEqual(['a']);
  });

  test('clientRandom goes to any of them, and to nobody else', async () => {
    const job = await jobWith({ a: {}, b: {}, none: { weight: 0 } }, { model: 'ultra', condition: 'clientRandom' });
    // Thirty throws of a coin leave one side out once in five hundred million.
    expect(new Set(await routes(job, 30))).toEqual(new Set(['a', 'b']));
  });

  test('a worker may be named for one run, if it lives', async () => {
    const job = await jobWith({ a: {}, b: {}, none: { weight: 0 } }, { model: 'ultra', condition: 'clientFirst', maxRunning: 5 });
    for (const workerId of ['b', 'none']) {
      const taskId = await job.start({ workerId });
      const message = await job.next(taskId);
      expect(message.subject).toBe(job.subject('client-start', workerId));
      expect(await world.run(taskId)).toMatchObject({ workerId });
    }
    expect(await job.run({ workerId: 'ghost' })).toMatchObject({ status: 400, body: { errors: [{ field: 'workerId' }] } });
    const plain = await jobWith({ a: {} }, { model: 'pro' });
    expect(await plain.run({ workerId: 'a' })).toMatchObject({ status: 400, body: { errors: [{ field: 'workerId' }] } });
  });

  test.each([
    [{ model: 'pro' }, {}, 'no-worker'],
    [{ model: 'ultra' }, {}, 'no-worker'],
    [{ category: 'map', model: 'pro' }, {}, 'no-worker'],
    [{ model: 'ultra' }, { w1: { weight: 0 } }, 'weight-zero'],
    [{ category: 'broadcast', model: 'ultra' }, { w1: { weight: 0 }, w2: { weight: -3 } }, 'weight-zero'],
    [{ category: 'group', model: 'pro' }, { w1: {} }, 'no-worker'],
  ])('%j with the workers %j is skipped: %s', async (fields, workers, reason) => {
    const job = await jobWith(workers, fields);
    expect((await job.run()).body).toMatchObject({ status: 409, reason });
    const gate = (await world.program.api.get(`/jobs/${job.key}/explain`)).body;
    expect(gate).toMatchObject({ verdict: 'skip', reason });
    await world.settled();
    expect(job.dispatched()).toEqual([]);
    expect(await job.runs()).toEqual([]);
  });

  test('pro does not look at weights, only at life', async () => {
    const job = await jobWith({ w1: { weight: 0 } }, { model: 'pro' });
    await job.start();
    expect((await job.next()).subject).toBe(job.subject('start'));
  });
});
