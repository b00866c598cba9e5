import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { startExample } from '../support/worker-example.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('the programs of docs/worker/worker.md', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('do runs, tell how they go on, and fail for good', async () => {
    const job = await world.job({ name: 'report', retry: { attempts: 3, delayMs: 0 } });
    await using example = await startExample('worker.mjs', { url: world.program.natsUrl, namespace: NAMESPACE, app: job.app });
    const done = await job.start({ args: '{"pages":2}' });
    expect(await world.untilState(done, 'completed')).toMatchObject({ reason: '{"pages":2}', attempt: 1 });
    const reports = await until(async () => {
      const { body } = await world.program.api.get(`/runs/${done}/reports`);
      return body.items?.length >= 4 && body.items;
    }, { what: 'the reports of the run' });
    // oxlint-disable-next-line typescript/no-explicit-any
    expect(reports.map(({ kind, text, progress }: any) => (kind === 'log' ? text : progress))).toEqual(['page 1', 50, 'page 2', 100]);

    const failed = await job.start({ args: '{"broken":true}' });
    expect(await world.untilState(failed, 'failed')).toMatchObject({ reason: 'NonRetryableError: these args will never work' });
    await world.settled();
    expect(await job.runs('trigger=retry')).toEqual([]);
    const workers = (await world.program.api.get(`/workers?namespace=${NAMESPACE}&app=${job.app}`)).body.items;
    expect(workers).toMatchObject([{ live: true, weight: 100 }]);
    expect(await example.stop()).toBe(0);
  });

  test('of the README declares its job and does it', async () => {
    await using example = await startExample('first.mjs', { url: world.program.natsUrl, namespace: NAMESPACE, app: 'first' });
    const run = await until(async () => {
      const { body } = await world.program.api.get(`/runs?namespace=${NAMESPACE}&app=first&state=completed`);
      return body.items[0] as { job: string; reason: string } | undefined;
    }, { what: () => `a run that has ended\n${example.output()}` });
    expect(run).toMatchObject({ job: 'greet', reason: '"greeted"' });
    expect(await example.stop()).toBe(0);
  });

  test('take a map job through both its steps', async () => {
    const job = await world.job({ name: 'import', category: 'map' });
    await using example = await startExample('map.mjs', { url: world.program.natsUrl, namespace: NAMESPACE, app: job.app });
    const taskId = await job.start();
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ reason: '{"files":2}' });
    await world.settled();
    expect(await world.subRuns(taskId)).toMatchObject([{ sceneName: 'a.csv', status: 'done' }, { sceneName: 'b.csv', status: 'done' }]);
    expect(await example.stop()).toBe(0);
  });
});
