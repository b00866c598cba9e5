import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../support/bad-values.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

describe.skipIf(!(await canStartProgram()))('asking', () => {
  let world: World;
  let api: ProgramApi;
  beforeAll(async () => {
    world = await openWorld();
    ({ api } = world.program);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const preview = async (request: Record<string, unknown>): Promise<Json> => {
    const { status, body } = await api.post('/schedule/preview', request);
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };
  const failing = (gates: Json[]): string[] => gates.filter(({ pass }) => !pass).map(({ gate }) => gate);

  test('why a job would not run names the gate, and running it says the same', async () => {
    const cases: readonly (readonly [fields: Record<string, unknown>, gate: string, reason: string])[] = [
      [{ state: 'disabled' }, 'enabled', 'disabled'], [{ model: 'pro' }, 'worker', 'no-worker'],
      [{ schedule: { endAt: '2020-01-01T00:00:00Z' } }, 'window', 'window'], [{ schedule: { startAt: '2999-01-01T00:00:00Z' } }, 'window', 'window'],
    ];
    const asked: (readonly [job: TestJob, reason: string])[] = [];
    for (const [fields, gate, reason] of cases) {
      const job = await world.job(fields);
      asked.push([job, reason]);
      const { body } = await api.get(`/jobs/${job.key}/explain`);
      expect(body).toMatchObject({ verdict: 'skip', reason });
      expect(failing(body.gates)).toContain(gate);
      const answer = await job.run();
      expectProblem(answer, 409);
      expect(answer.body).toMatchObject({ reason, detail: expect.stringMatching(/^Not run: .{8,}/) });
    }
    for (const [job, reason] of asked) await until(async () => (await job.skips()).some((skip) => skip.reason === reason && skip.count === 1), { what: `a skip counted for ${reason}` });
    // Those that stay open must not end while later tests count.
    const full = await world.job({ timeoutMs: 3_600_000 });
    expect((await api.get(`/jobs/${full.key}/explain`)).body).toMatchObject({ verdict: 'dispatch', reason: null });
    await full.start();
    expect((await api.get(`/jobs/${full.key}/explain`)).body).toMatchObject({ verdict: 'skip', reason: 'overlap' });
    await full.change({ overlap: 'queue', queueLimit: 1 });
    expect((await api.get(`/jobs/${full.key}/explain`)).body.verdict).toBe('wait');
    await full.start();
    expect((await full.run()).body).toMatchObject({ status: 409, reason: 'queue-full' });
    await full.change({ overlap: 'replace' });
    expect((await api.get(`/jobs/${full.key}/explain`)).body.verdict).toBe('replace');
    const rated = await world.job({ rate: { max: 1, perMs: 3_600_000 }, maxRunning: 9, timeoutMs: 3_600_000 });
    await rated.start();
    expect((await rated.run()).body).toMatchObject({ status: 409, reason: 'rate' });
    expectProblem(await api.get('/jobs/a.b.c/explain'), 404);
  });

  test('statistics count each end once', async () => {
    const job = await world.job({ maxRunning: 9 });
    for (const status of ['success', 'success', 'fail']) await world.worker.answer(await job.next(await job.start()), { status });
    await api.post(`/runs/${await job.start()}/cancel`);
    await world.settled();
    const { body } = await api.get(`/jobs/${job.key}/stats?bucketMs=3600000`);
    const sum = (name: string): number => body.items.reduce((total: number, item: Json) => total + item[name], 0);
    expect([sum('completed'), sum('failed'), sum('cancelled'), sum('expired')]).toEqual([2, 1, 1, 0]);
    for (const item of body.items) expect(item.durationMsMax ?? 0).toBeGreaterThanOrEqual(item.durationMsAvg ?? 0);
    expect((await api.get(`/jobs/${job.key}/stats?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z`)).body.items).toEqual([]);
  });

  test('the overview counts what there is, of one namespace or all', async () => {
    const before = (await api.get(`/overview?namespace=${NAMESPACE}`)).body;
    const job = await world.job({ schedule: { expression: '@every 59m' }, overlap: 'queue', timeoutMs: 3_600_000 });
    await world.job({ app: job.app, state: 'disabled' });
    await job.start();
    await job.start();
    await world.stayLive(job.app, 'w1');
    const after = (await api.get(`/overview?namespace=${NAMESPACE}`)).body;
    for (const [field, more] of [['jobs', 2], ['jobsEnabled', 1], ['running', 1], ['queued', 1], ['workersLive', 1], ['dueNextHour', 1]] as const) expect(after[field] - before[field], field).toBe(more);
    expect((await api.get('/overview?namespace=app')).body).toMatchObject({ jobs: 0, running: 0, workersLive: 0 });
    expect((await api.get('/overview')).body.jobs).toBe(after.jobs);
  });

  test('of many jobs at once is done to each, counted first if wanted', async () => {
    const app = await world.app();
    // What stays open must not end, and tell so, while later tests listen.
    const timeoutMs = 3_600_000;
    const jobs = [await world.job({ app, tags: ['old'], timeoutMs }), await world.job({ app, tags: ['old', 'kept'], timeoutMs }), await world.job({ app, model: 'pro' })];
    const filter = { namespace: NAMESPACE, app };
    const bulk = async (request: Record<string, unknown>): Promise<Json> => (await api.post('/jobs/bulk', request)).body;
    const states = async (): Promise<string[]> => (await api.get(`/jobs?app=${app}`)).body.items.map(({ state }: Json) => state);
    for (const action of ['disable', 'run', 'delete', 'enable', 'pause']) expect(await bulk({ filter, action, dryRun: true })).toEqual({ matched: 3, done: 0, failures: [] });
    expect(await states()).toEqual(['enabled', 'enabled', 'enabled']);
    for (const [action, state] of [['pause', 'paused'], ['disable', 'disabled'], ['enable', 'enabled']] as const) {
      expect(await bulk({ filter, action })).toEqual({ matched: 3, done: 3, failures: [] });
      expect(await states()).toEqual([state, state, state]);
    }
    const ran = await bulk({ filter, action: 'run' });
    expect(ran).toMatchObject({ matched: 3, done: 2, failures: [{ id: jobs[2]!.key, message: expect.stringContaining('worker') }] });
    await Promise.all([jobs[0]!.next(), jobs[1]!.next()]);
    expect(await bulk({ filter: { ...filter, tag: 'old' }, action: 'tag', tag: { add: ['new'], remove: ['old'] } })).toMatchObject({ matched: 2, done: 2 });
    expect((await jobs[1]!.get()).tags).toEqual(['kept', 'new']);
    const to = await world.app();
    expect(await bulk({ ids: [jobs[0]!.key, jobs[0]!.key], action: 'move', move: { namespace: NAMESPACE, app: to } })).toMatchObject({ matched: 1, done: 1 });
    expect(await bulk({ filter: { ...filter, q: jobs[1]!.name }, action: 'move', move: { namespace: NAMESPACE, app: 'nowhere' } })).toMatchObject({ done: 0, failures: [{ message: expect.stringContaining('nowhere') }] });
    expectProblem(await api.post('/jobs/bulk', { ids: [jobs[1]!.key, 'a.b.c'], action: 'delete' }), 404);
    expect((await jobs[1]!.get()).name).toBe(jobs[1]!.name);
    expect(await bulk({ filter, action: 'delete' })).toMatchObject({ matched: 2, done: 2 });
    expect(await states()).toEqual([]);
    expect((await api.get(`/jobs/${NAMESPACE}.${to}.${jobs[0]!.name}`)).status).toBe(200);
  });

  describe('what an expression means', () => {
    test('answers with moments and wall clock of its zone, and fires nothing', async () => {
      const before = world.worker.messages.length;
      const { timezone, fires } = await preview({ expression: '0 30 9 * * 1-5', timezone: 'Europe/Berlin', count: 3, from: '2026-01-02T12:00:00Z' });
      expect(timezone).toBe('Europe/Berlin');
      expect(fires.map(({ local }: Json) => local)).toEqual(['2026-01-05T09:30:00+01:00', '2026-01-06T09:30:00+01:00', '2026-01-07T09:30:00+01:00']);
      expect(fires.map(({ at }: Json) => new Date(at).toISOString())).toEqual(['2026-01-05T08:30:00.000Z', '2026-01-06T08:30:00.000Z', '2026-01-07T08:30:00.000Z']);
      expect((await preview({ expression: '* * * * * *', count: 200 })).fires).toHaveLength(200);
      expect((await preview({ expression: '0 * * * *' })).timezone).toBe('Asia/Shanghai');
      expect(world.worker.messages.length).toBe(before);
    });

    test('takes the zone from a TZ prefix, and refuses two that differ', async () => {
      const fires = (await preview({ expression: 'TZ=America/New_York 0 9 * * *', from: '2026-01-01T00:00:00Z', count: 1 })).fires;
      expect(fires[0].local).toBe('2026-01-01T09:00:00-05:00');
      expectProblem(await api.post('/schedule/preview', { expression: 'CRON_TZ=America/New_York 0 9 * * *', timezone: 'UTC' }), 400, 'timezone');
      expectProblem(await api.post('/schedule/preview', { expression: 'TZ=Nowhere 0 9 * * *' }), 400, 'expression');
    });

    test('notes what summer time does to it', async () => {
      const ask = (dst: string, from: string): Promise<Json> => preview({ expression: '0 30 2 * * *', timezone: 'Europe/Berlin', dst, from, count: 2 });
      const spring = await ask('once', '2026-03-28T12:00:00Z');
      expect(spring.fires[0]).toMatchObject({ local: '2026-03-29T03:00:00+02:00', note: expect.any(String) });
      expect(spring.notes.join(' ')).toMatch(/clock/i);
      expect((await ask('skip', '2026-03-28T12:00:00Z')).fires[0].local).toBe('2026-03-30T02:30:00+02:00');
      expect((await ask('once', '2026-10-24T12:00:00Z')).fires.map(({ local }: Json) => local.slice(0, 16))).toEqual(['2026-10-25T02:30', '2026-10-26T02:30']);
      expect((await ask('compat', '2026-10-24T12:00:00Z')).fires.map(({ local }: Json) => local)).toEqual(['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00']);
    });

    test('counts @every from its anchor, and says when nothing comes any more', async () => {
      const { fires } = await preview({ expression: '@every 1d', anchor: '2026-01-01T05:00:00Z', from: '2026-01-10T00:00:00Z', count: 2 });
      expect(fires.map(({ at }: Json) => new Date(at).toISOString())).toEqual(['2026-01-10T05:00:00.000Z', '2026-01-11T05:00:00.000Z']);
      const past = await preview({ expression: '@at 2020-01-01T00:00:00Z' });
      expect(past).toMatchObject({ fires: [] });
      expect(past.notes.length).toBeGreaterThan(0);
      expect((await preview({ expression: '' })).fires).toEqual([]);
      for (const from of ['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) expect((await api.post('/schedule/preview', { expression: '@daily', from })).status).toBeLessThan(500);
    });
  });

  test('a leader to step down makes it, and it leads again with everything it had', async () => {
    const { id, term } = (await api.get('/servers')).body.items[0];
    const job = await world.job({ overlap: 'queue' });
    const active = await job.start();
    const waiting = await job.start();
    expect((await api.post(`/servers/${id}/step-down`)).status).toBe(204);
    // Refused until somebody leads, with a word about when to ask again.
    expect((await job.run()).status).toBe(202);
    await until(async () => (await api.get('/servers')).body.items[0].role === 'leader');
    expect((await api.get('/servers')).body.items[0].term).toBeGreaterThan(term);
    await world.worker.answer(await job.next(active), 'success');
    await job.next(waiting);
    expect(job.dispatched(active)).toHaveLength(1);
    expectProblem(await api.post('/servers/nobody/step-down'), 404);
  });
});
