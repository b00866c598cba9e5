import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../support/bad-values.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

describe.skipIf(!(await canStartProgram()))('what is looked at beside the lists', () => {
  let world: World;
  let api: ProgramApi;
  let job: TestJob;
  beforeAll(async () => {
    world = await openWorld();
    ({ api } = world.program);
    job = await world.job({ maxRunning: 100 });
    for (const status of ['success', 'success', 'fail']) await world.worker.answer(await job.next(await job.start()), { status, reason: `was ${status}` });
    await job.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function get(path: string): Promise<Json> {
    const { status, body } = await api.get(path);
    expect({ path, status, body }).toMatchObject({ status: 200 });
    return body;
  }

  test('the newest runs of jobs come oldest first, with what they come to', async () => {
    const quiet = await world.job();
    const { id } = await job.get();
    const { id: quietId } = await quiet.get();
    const { items } = await get(`/jobs/recent-runs?ids=${quietId},${job.key},9999999&limit=3`);
    expect(items.map(({ jobId }: Json) => jobId)).toEqual([quietId, id]);
    expect(items[0]).toEqual({ jobId: quietId, runs: [], ended: 0, completed: 0, durationMsAvg: null, durationMsP95: null });
    const listed = (await job.runs()).slice(0, 3).toReversed();
    expect(items[1].runs).toEqual(listed.map(({ taskId, state, scheduledAt, latenessMs, durationMs, reason }) => ({ taskId, state, scheduledAt, latenessMs, durationMs, reason })));
    const durations = listed.filter(({ endedAt }) => endedAt !== null).map(({ durationMs }) => durationMs as number);
    expect(items[1]).toMatchObject({ ended: 2, completed: 1, durationMsAvg: (durations[0]! + durations[1]!) / 2, durationMsP95: Math.max(...durations) });
    expectProblem(await api.get('/jobs/recent-runs?ids=a.b'), 400, 'ids');
  });

  test('the next fire of each enabled job, soonest first', async () => {
    const app = await world.app();
    const at = (hours: number): string => new Date(Math.ceil(Date.now() / 1000) * 1000 + hours * 3_600_000).toISOString();
    const later = await world.job({ app, schedule: { expression: `@at ${at(3)}` } });
    const sooner = await world.job({ app, schedule: { expression: `@at ${at(2)}`, timezone: 'Europe/Berlin' } });
    await world.job({ app, schedule: { expression: `@at ${at(1)}` }, state: 'paused' });
    await world.job({ app, schedule: { expression: `@at ${at(1)}` }, state: 'disabled' });
    await world.job({ app });
    const { items } = await get(`/fires?namespace=${NAMESPACE}&app=${app}`);
    expect(items.map(({ job: name }: Json) => name)).toEqual([sooner.name, later.name]);
    expect(items[0]).toEqual({ jobId: (await sooner.get()).id, namespace: NAMESPACE, app, job: sooner.name, expression: expect.stringContaining('@at'), timezone: 'Europe/Berlin', at: (await sooner.get()).nextFireAt });
    expect(items[1].timezone).toBe('Asia/Shanghai');
    expect((await get(`/fires?app=${app}&limit=1`)).items).toEqual([items[0]]);
    expect((await get('/fires?app=none')).items).toEqual([]);
  });

  test('ends of all jobs, of a namespace and of an app', async () => {
    const sum = async (query: string): Promise<number[]> => {
      const { items } = await get(`/stats?${query}`);
      return items.reduce(([completed, failed]: number[], one: Json) => [completed! + one.completed, failed! + one.failed], [0, 0]);
    };
    expect(await sum(`app=${job.app}`)).toEqual([2, 1]);
    expect((await sum(`namespace=${NAMESPACE}&bucketMs=60000`))[1]).toBe(1);
    expect((await sum(''))[1]).toBe(1);
    expect(await sum('namespace=app')).toEqual([0, 0]);
    expect(await sum('to=2001-01-01T00:00:00Z')).toEqual([0, 0]);
  });

  test('the overview has how late and how long the newest were', async () => {
    const overview = await get(`/overview?namespace=${NAMESPACE}`);
    expect(overview).toMatchObject({ durationMsP95: expect.any(Number), latenessMsP95: expect.any(Number) });
    const ended = (await get('/runs?state=completed,failed,expired,cancelled&limit=200')).items;
    expect(ended.map(({ durationMs }: Json) => durationMs)).toContain(overview.durationMsP95);
    expect(await get('/overview?namespace=app')).toMatchObject({ durationMsP95: null, latenessMsP95: null });
  });

  test('jobs to look at: what fails, then what has no worker, then what is passed over', async () => {
    const failing = await world.job({ maxRunning: 10 });
    for (const status of ['success', 'fail', 'fail', 'fail']) await world.worker.answer(await failing.next(await failing.start()), { status, reason: 'disk full' });
    const recovered = await world.job({ maxRunning: 10 });
    for (const status of ['fail', 'fail', 'fail', 'success']) await world.worker.answer(await recovered.next(await recovered.start()), { status });
    const unmanned = await world.job({ model: 'ultra' });
    expect((await unmanned.run()).status).toBe(409);
    const busy = await world.job({ maxRunning: 1 });
    await busy.start();
    for (let index = 0; index < 3; index++) expect((await busy.run()).status).toBe(409);
    const gone = await world.job({ maxRunning: 1, state: 'disabled' });
    await gone.run();
    await world.settled();
    await until(async () => (await busy.skips())[0]?.count === 3 && (await unmanned.skips()).length === 1);
    const { items } = await get(`/attention?namespace=${NAMESPACE}`);
    expect(items.map(({ kind, job: name, count, reason }: Json) => [kind, name, count, reason])).toEqual([
      ['failing', failing.name, 3, 'disk full'], ['no-worker', unmanned.name, 1, 'no-worker'], ['skipped', busy.name, 3, 'overlap'],
    ]);
    expect((await get('/attention?namespace=app')).items).toEqual([]);
    await failing.change({ state: 'disabled' });
    expect((await get('/attention')).items.map(({ job: name }: Json) => name)).toEqual([unmanned.name, busy.name]);
  });

  test('counts are those of the lists', async () => {
    for (const query of ['', `namespace=${NAMESPACE}`, `app=${job.app}`, 'state=enabled', 'tag=x', `q=${job.name}`]) {
      expect(await get(`/jobs/count?${query}`)).toEqual({ count: (await get(`/jobs?limit=200&${query}`)).items.length, more: false });
    }
    for (const query of ['', `job=${job.key}`, `job=${job.name}`, 'state=completed,failed', 'state=active', 'trigger=api', 'reason=WAS', `app=${job.app}&state=failed`]) {
      expect(await get(`/runs/count?${query}`), query).toEqual({ count: (await get(`/runs?limit=200&${query}`)).items.length, more: false });
    }
    expectProblem(await api.get('/runs/count?limit=1'), 400, 'limit');
    expectProblem(await api.get('/jobs/count?state=on'), 400, 'state');
  });
});
