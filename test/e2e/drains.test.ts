import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

describe.skipIf(!(await canStartProgram()))('a worker that a person takes out of the routing', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const drain = async (app: string, id: string, drained: boolean) => world.program.api.patch(`/workers/${NAMESPACE}/${app}/${id}`, { drained });
  const worker = async (app: string, id: string): Promise<Json> => (await world.program.api.get(`/workers?namespace=${NAMESPACE}&app=${app}`)).body.items.find((one: Json) => one.id === id);
  const weightGate = async (job: TestJob): Promise<Json> => (await world.program.api.get(`/jobs/${job.key}/explain`)).body.gates.find(({ gate }: Json) => gate === 'weight');
  const targetOf = async (job: TestJob): Promise<string> => (await job.next(await job.start())).subject.split('.').slice(6).join('.');

  test('gets no run, the others do; put back, it gets them again', async () => {
    const app = await world.app();
    await world.stayLive(app, 'a');
    await world.stayLive(app, 'b');
    const job = await world.job({ app, model: 'ultra', maxRunning: 50 });
    expect((await drain(app, 'a', true)).body).toMatchObject({ id: 'a', drained: true, live: true });
    expect((await worker(app, 'a')).drained).toBe(true);
    expect([await targetOf(job), await targetOf(job), await targetOf(job), await targetOf(job)]).toEqual(['b', 'b', 'b', 'b']);
    expect(await weightGate(job)).toMatchObject({ pass: true, detail: '1 workers with a weight above 0, 1 drained' });
    expect((await drain(app, 'a', false)).body).toMatchObject({ id: 'a', drained: false });
    expect([await targetOf(job), await targetOf(job)].toSorted()).toEqual(['a', 'b']);
  });

  test('is no target of a fan-out', async () => {
    const app = await world.app();
    await world.stayLive(app, 'a');
    await world.stayLive(app, 'b');
    await drain(app, 'b', true);
    const job = await world.job({ app, category: 'broadcast', model: 'ultra' });
    const taskId = await job.start();
    expect(await world.run(taskId)).toMatchObject({ targets: 1 });
    await world.worker.answer(await job.next(taskId), 'success');
    await world.untilState(taskId, 'completed');
    expect(job.dispatched().map(({ subject }) => subject)).toEqual([job.subject('client-start', 'a')]);
  });

  test('and all of them are: fires are skipped for want of weight, also after a restart', async () => {
    const app = await world.app();
    await world.stayLive(app, 'host=10-0-0-5=8080');
    const job = await world.job({ app, model: 'ultra' });
    expect((await drain(app, 'host=10-0-0-5=8080', true)).status).toBe(200);
    expect((await job.run()).body).toMatchObject({ status: 409, reason: 'weight-zero' });
    expect(await weightGate(job)).toMatchObject({ pass: false, reason: 'weight-zero', detail: '0 workers with a weight above 0, 1 drained' });
    await world.program.kill('SIGKILL');
    await world.program.restart();
    await until(async () => (await world.program.api.get('/servers')).body.items[0].role === 'leader', { what: 'it to lead again' });
    await world.beat(app, 'host=10-0-0-5=8080');
    expect(await worker(app, 'host=10-0-0-5=8080')).toMatchObject({ drained: true, live: true });
    expect((await job.run()).body).toMatchObject({ status: 409, reason: 'weight-zero' });
    await drain(app, 'host=10-0-0-5=8080', false);
    await job.start();
  });

  test('has to be known, and what is asked has to make sense', async () => {
    const app = await world.app();
    expect((await drain(app, 'nobody', true)).body).toMatchObject({ status: 404 });
    expect((await world.program.api.patch(`/workers/${NAMESPACE}/${app}/a`, { drained: 1 })).body).toMatchObject({ status: 400, errors: [{ field: 'drained' }] });
  });

  test('shows what it has open and what it ended', async () => {
    const app = await world.app();
    await world.stayLive(app, 'a');
    const job = await world.job({ app, model: 'ultra', maxRunning: 50 });
    const [first, second, third] = [await job.start(), await job.start(), await job.start()];
    await world.worker.answer(await job.next(first), { status: 'success', clientId: 'a' });
    await world.worker.answer(await job.next(second), { status: 'fail', clientId: 'a' });
    await job.next(third);
    await world.settled();
    // Ends are asked for at most every five seconds.
    await until(async () => (await worker(app, 'a')).ended24h === 2, { what: 'the ends to be counted' });
    expect(await worker(app, 'a')).toMatchObject({ running: 1, ended24h: 2, failed24h: 1 });
  });
});
