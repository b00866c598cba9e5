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
    job = await world.job({ maxRunning: 100, timeoutMs: 3_600_000 });
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
    expect(items[0]).toEqual({ jobId: (await sooner.get()).id, namespace: NAMESPACE, app, job: sooner.name, expression: expect.stringContaining('@at'), timezone: 'Europe/Berlin', words: { en: expect.stringMatching(/^Once, at /), 'zh-CN': expect.stringMatching(/^一次/) }, at: (await sooner.get()).nextFireAt });
    expect(items[1].timezone).toBe('Asia/Shanghai');
    expect((await get(`/fires?app=${app}&limit=1`)).items).toEqual([items[0]]);
    expect((await get('/fires?app=none')).items).toEqual([]);
  });

  test('a calendar of what is planned, counted however often a job fires', async () => {
    const app = await world.app();
    const from = Date.UTC(2031, 0, 1);
    const days = 31;
    const at = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());
    const daily = await world.job({ app, name: 'a-daily', schedule: { expression: '0 3 * * *', startAt: '2030-06-01T00:00:00Z', timezone: 'UTC' } });
    await world.job({ app, name: 'b-every', schedule: { expression: '@every 1s', startAt: '2030-06-01T00:00:00Z', endAt: '2031-01-30T00:00:00Z', jitterMs: 60_000 } });
    await world.job({ app, name: 'c-cron', schedule: { expression: '* * * * * *', startAt: '2030-06-01T00:00:00Z', timezone: 'UTC' } });
    for (const [name, fields] of Object.entries({ 'd-paused': { state: 'paused' }, 'e-off': { state: 'disabled' }, 'f-hand': { schedule: {} } })) await world.job({ app, name, schedule: { expression: '@daily' }, ...fields });
    // It counts for so long only, and a machine that stands still meanwhile leaves nothing of that.
    const calendar = await until(async () => {
      const counted = await get(`/calendar?app=${app}&from=${at(from)}&to=${at(from + days * 86_400_000)}&bucketMs=86400000`);
      return counted.jobs[2]?.count > 86_400 && counted;
    }, { what: 'a calendar that had time for all' });
    expect(calendar.jobs.map(({ job: name }: Json) => name)).toEqual(['a-daily', 'b-every', 'c-cron']);
    expect(calendar).toMatchObject({ bucketMs: 86_400_000, truncated: true });
    const [ofDaily, ofEvery, ofCron] = calendar.jobs;
    expect(ofDaily).toMatchObject({ jobId: (await daily.get()).id, count: days, timezone: 'UTC', perBucket: new Array(days).fill(1) });
    expect(ofDaily.fires.map((fire: string) => Date.parse(fire))).toEqual(Array.from({ length: days }, (_, day) => from + day * 86_400_000 + 3 * 3_600_000));
    expect(ofEvery).toMatchObject({ count: 29 * 86_400, fires: null, perBucket: [...new Array(29).fill(86_400), 0, 0] });
    expect(ofCron.perBucket[0]).toBe(86_400);
    expect((await get(`/calendar?app=${app}&from=${at(from)}&to=${at(from + 3_600_000)}`)).jobs.map(({ count }: Json) => count)).toEqual([3_600, 3_600]);
    expect(await get(`/calendar?app=none`)).toMatchObject({ jobs: [], truncated: false });
    expect((await get(`/calendar?app=${app}&to=${at(Date.now() + 1_000)}&from=${at(Date.now() - 86_400_000)}`)).jobs).toEqual([]);
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
    const busy = await world.job({ maxRunning: 1, timeoutMs: 3_600_000 });
    await busy.start();
    for (let index = 0; index < 3; index++) expect((await busy.run()).status).toBe(409);
    const gone = await world.job({ maxRunning: 1, state: 'disabled' });
    await gone.run();
    await world.settled();
    // Counted by the hour, and one may begin meanwhile.
    const skipped = async (job: TestJob): Promise<number> => (await job.skips()).reduce((sum: number, { count }: Json) => sum + count, 0);
    await until(async () => (await skipped(busy)) === 3 && (await skipped(unmanned)) === 1, { what: 'the skips to be counted' });
    // On a machine that stands still runs are late, too.
    const worries = async (query = ''): Promise<Json[]> => (await get(`/attention${query}`)).items.filter(({ kind }: Json) => kind !== 'late');
    expect((await worries(`?namespace=${NAMESPACE}`)).map(({ kind, job: name, count, reason }: Json) => [kind, name, count, reason])).toEqual([
      ['failing', failing.name, 3, 'disk full'], ['no-worker', unmanned.name, 1, 'no-worker'], ['skipped', busy.name, 3, 'overlap'],
    ]);
    expect((await get('/attention?namespace=app')).items).toEqual([]);
    await failing.change({ state: 'disabled' });
    expect((await worries()).map(({ job: name }: Json) => name)).toEqual([unmanned.name, busy.name]);
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
