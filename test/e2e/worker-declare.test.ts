import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../src-core/domain/errors.ts';
import { byHand, cron, declareJobs, every, job, openJobService, openStatus } from '../../src-core/worker/index.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { startExample } from '../support/worker-example.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('jobs declared in code', () => {
  let world: World;
  let at: { url: string; namespace: string };
  beforeAll(async () => {
    world = await openWorld();
    at = { url: world.program.natsUrl, namespace: NAMESPACE };
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('are created, then updated, and never deleted', async () => {
    const place = { ...at, app: 'made-by-code' };
    const first = { name: 'first', times: every('1h'), fields: { timeoutMs: 5_000, args: { a: 1 } } };
    const second = { name: 'second', times: cron('0 0 2 * * *', { timezone: 'Europe/Berlin' }) };
    expect(await declareJobs({ ...place, jobs: [first, second] })).toEqual({ created: ['first', 'second'], updated: [], unchanged: [], undeclared: [] });
    expect(await declareJobs({ ...place, jobs: [first, second] })).toEqual({ created: [], updated: [], unchanged: ['first', 'second'], undeclared: [] });
    const path = `/jobs/${NAMESPACE}.made-by-code.first`;
    const { body: before } = await world.program.api.get(path);
    expect(before).toMatchObject({ schedule: { expression: '@every 1h' }, timeoutMs: 5_000, args: { a: 1 } });
    // What somebody has set and the code does not speak of stays.
    await world.program.api.patch(path, { state: 'paused', description: 'mine' }, { 'if-match': `"${before.version}"` });
    expect(await declareJobs({ ...place, jobs: [{ ...first, times: every('2h') }] })).toEqual({ created: [], updated: ['first'], unchanged: [], undeclared: ['second'] });
    expect((await world.program.api.get(path)).body).toMatchObject({ schedule: { expression: '@every 2h' }, state: 'paused', description: 'mine' });
    expect(await declareJobs({ ...place, jobs: [first], onExisting: 'keep' })).toMatchObject({ unchanged: ['first'], undeclared: ['second'] });
    expect((await world.program.api.get(path)).body).toMatchObject({ schedule: { expression: '@every 2h' } });
    expect((await world.program.api.get(`/jobs/${NAMESPACE}.made-by-code.second`)).status).toBe(200);
  });

  test('are refused with the names of their fields', async () => {
    const error = await declareJobs({ ...at, app: 'refused', jobs: [{ name: 'bad', times: byHand(), fields: { timeoutMs: 1 } }] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).errors).toMatchObject([{ field: 'timeoutMs' }]);
    const service = await openJobService({ ...at, app: 'refused', jobs: [job('bad', byHand(), () => 1, { timeoutMs: 1 })] });
    await expect(service.declared).rejects.toThrow(InvalidInputError);
    await service.stop();
  });

  test('fire into their handlers; a stop waits for what has begun', async () => {
    const begun: string[] = [];
    let finish = (): void => {};
    const slow = job('slow', every('1s'), (run) => {
      begun.push(run.taskId);
      return new Promise<string>((resolve) => {
        finish = () => resolve('in order');
      });
    }, { timeoutMs: 60_000, overlap: 'skip' });
    const service = await openJobService({ ...at, app: 'fires', jobs: [slow] });
    expect(await service.declared).toMatchObject({ created: ['slow'] });
    const taskId = await until(() => begun[0]);
    const stopped = service.stop({ graceMs: 30_000 });
    await until(() => service.worker.state().state === 'stopping');
    finish();
    await stopped;
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ reason: '"in order"' });
  });

  test('wait for a scheduler that is not there yet, and for none any more once they are stopped', async () => {
    await using other = await openWorld();
    const { natsUrl } = other.program;
    await other.program.stop();
    const place = { url: natsUrl, namespace: NAMESPACE, app: 'early' };
    const service = await openJobService({ ...place, jobs: [job('early', byHand(), () => 1)] });
    const given = await openJobService({ ...place, jobs: [job('given-up', byHand(), () => 1)] });
    await given.stop();
    await expect(given.declared).rejects.toThrow('The worker stops.');
    await other.program.restart();
    expect(await service.declared).toMatchObject({ created: ['early'], undeclared: [] });
    await service.stop();
  });

  test('or not: the example of locks runs to its end', async () => {
    await using example = await startExample('locks.mjs', { ...at, app: 'none' });
    expect(example.output()).toBe('step 1\nstep 2\nstep 3\nready {"lastId":42}\n');
    await until(() => example.process.exitCode === 0);
  });

  test('work as the example of the docs', async () => {
    await using example = await startExample('service.mjs', { ...at, app: 'example' });
    expect(example.output()).toContain('{"created":["archive-users","nightly-report"],"updated":[],"unchanged":[],"undeclared":[]}');
    const runs = await until(async () => {
      const { body } = await world.program.api.get(`/runs?namespace=${NAMESPACE}&app=example&job=archive-users&state=completed`);
      return body.items.length > 0 && body.items;
    });
    expect(runs[0]).toMatchObject({ job: 'archive-users', reason: '{"lastId":25}' });
    const status = await openStatus({ url: at.url });
    expect(await status.get('archive-users')).toMatchObject({ lastId: 25 });
    await status.close();
    expect(await example.stop()).toBe(0);
  });
});
