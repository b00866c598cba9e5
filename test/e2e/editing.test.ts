import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../support/bad-values.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const HUNDRED = Array.from({ length: 100 }, (_, index) => index);
const CELLS = [
  ['standalone', 'lite'], ['standalone', 'plus'], ['standalone', 'max'], ['standalone', 'pro'], ['standalone', 'ultra'], ['broadcast', 'lite'], ['broadcast', 'plus'], ['broadcast', 'max'],
  ['broadcast', 'pro'], ['broadcast', 'ultra'], ['map', 'lite'], ['map', 'plus'], ['map', 'max'], ['map', 'pro'], ['group', 'pro'],
] as const;

describe.skipIf(!(await canStartProgram()))('editing', () => {
  let world: World;
  let api: ProgramApi;
  beforeAll(async () => {
    world = await openWorld();
    ({ api } = world.program);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const match = (version: number): Record<string, string> => ({ 'if-match': `"${version}"` });

  test('of 100 at once with the same version exactly one wins, the others are told to look again', async () => {
    const job = await world.job();
    const { version } = await job.get();
    const answers = await Promise.all(HUNDRED.map((index) => api.patch(`/jobs/${job.key}`, { description: `by ${index}` }, match(version))));
    const winners = answers.flatMap((answer, index) => (answer.status === 200 ? [index] : []));
    expect(winners).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 412);
    const now = await job.get();
    expect(now.description).toBe(`by ${winners[0]}`);
    expect(answers.filter(({ status }) => status === 412).every(({ body }) => body.currentVersion === now.version || body.currentVersion === version)).toBe(true);
  });

  test('of 100 who create the same at once exactly one does, be it namespace, app or job', async () => {
    const creates: readonly (readonly [string, object])[] = [
      ['/namespaces', { name: 'contended' }], [`/namespaces/${NAMESPACE}/apps`, { name: 'contended' }], ['/jobs', { namespace: NAMESPACE, app: 'contended', name: 'contended' }],
    ];
    for (const [path, body] of creates) {
      const answers = await Promise.all(HUNDRED.map((index) => api.post(path, { ...body, description: `by ${index}` })));
      const made = answers.filter(({ status }) => status === 201);
      expect(made).toHaveLength(1);
      for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 409);
      const place = made[0]!.headers.get('location')!.replace('/natsjob/api', '');
      expect((await api.get(place)).body.description).toBe(made[0]!.body.description);
    }
  });

  test('needs the version read before, as one strong tag', async () => {
    const job = await world.job();
    const places = [`/jobs/${job.key}`, `/namespaces/${NAMESPACE}`, `/namespaces/${NAMESPACE}/apps/${job.app}`];
    for (const place of places) {
      const { version } = (await api.get(place)).body;
      for (const edit of [(headers?: Record<string, string>) => api.patch(place, { description: 'x' }, headers), (headers?: Record<string, string>) => api.del(place, headers)]) {
        expectProblem(await edit(), 428, 'If-Match');
        for (const tag of ['*', `W/"${version}"`, String(version), `"${version}", "1"`, '""', '"x"', `"-1"`]) expectProblem(await edit({ 'if-match': tag }), 400, 'If-Match', tag);
        for (const stale of [0, version - 1, version + 1, 999_999_999_999_999]) {
          if (place !== places[1] || edit.length > 0) expect([409, 412]).toContain((await edit(match(stale))).status);
        }
      }
      expect((await api.get(place)).body).toMatchObject({ version, description: '' });
    }
    expectProblem(await api.put(`/jobs/${job.key}`, await job.get()), 428, 'If-Match');
  });

  test('deletes nothing that others stand in, and lets a name be used again', async () => {
    expectProblem(await api.del('/namespaces/app', match((await api.get('/namespaces/app')).body.version)), 409);
    expect((await api.post('/namespaces', { name: 'brief' })).status).toBe(201);
    expectProblem(await api.post('/jobs', { namespace: 'brief', app: 'a', name: 'j' }), 400, 'app');
    expectProblem(await api.post('/namespaces/nowhere/apps', { name: 'a' }), 404);
    expect((await api.post('/namespaces/brief/apps', { name: 'a' })).status).toBe(201);
    const first = (await api.post('/jobs', { namespace: 'brief', app: 'a', name: 'j' })).body;
    const versionOf = async (place: string): Promise<Record<string, string>> => match((await api.get(place)).body.version);
    expectProblem(await api.del('/namespaces/brief', await versionOf('/namespaces/brief')), 409);
    expectProblem(await api.del('/namespaces/brief/apps/a', await versionOf('/namespaces/brief/apps/a')), 409);
    for (const place of ['/jobs/brief.a.j', '/namespaces/brief/apps/a', '/namespaces/brief']) {
      expect((await api.del(place, await versionOf(place))).status).toBe(204);
      expectProblem(await api.get(place), 404);
      expectProblem(await api.del(place, match(1)), 404);
    }
    await api.post('/namespaces', { name: 'brief' });
    await api.post('/namespaces/brief/apps', { name: 'a' });
    const second = (await api.post('/jobs', { namespace: 'brief', app: 'a', name: 'j' })).body;
    expect(second.id).not.toBe(first.id);
    expect(second.lastRun).toBeNull();
  });

  test.each(CELLS)('a %s %s job that is read and put back stays as it was', async (category, model) => {
    const keepsRows = model !== 'lite' && model !== 'plus';
    const job = await world.job({
      category, model, description: 'täglich', args: { deep: [1, null, 'ü', { a: '' }] }, priority: 'critical', state: 'paused', tags: ['a', 'b c'],
      schedule: { expression: '0 0 9 * * 1-5', timezone: 'Europe/Berlin', startAt: '2026-01-01T00:00:00.123+08:00', endAt: '2099-01-01T00:00:00Z', dst: 'skip', jitterMs: 1234 },
      misfire: { policy: 'all', windowMs: 5, max: 7 }, rate: { max: 3, perMs: 60_000 },
      ...(keepsRows ? { maxRunning: 3, overlap: 'queue', queueLimit: 9, timeoutMs: 12_345, retry: { attempts: 4, backoff: 'exponential', delayMs: 10, maxDelayMs: 100, on: ['expired'] } } : {}),
      ...(category === 'standalone' && model === 'ultra' ? { condition: 'clientMaxWeight' } : {}),
    });
    const before = await job.get();
    const same = ({ version: _version, updatedAt: _updatedAt, ...rest }: Json): Json => rest;
    const replaced = await api.put(`/jobs/${before.id}`, before, match(before.version));
    expect(replaced.status).toBe(200);
    expect(same(replaced.body)).toEqual(same(before));
    const patched = await api.patch(`/jobs/${job.key}`, replaced.body, match(replaced.body.version));
    expect(same(patched.body)).toEqual(same(before));
    expect(patched.headers.get('etag')).toBe(`"${patched.body.version}"`);
    expect(await job.get()).toEqual(patched.body);
  });

  test('namespaces and apps that are read and sent back stay as they were', async () => {
    const app = await world.app();
    for (const place of [`/namespaces/${NAMESPACE}`, `/namespaces/${NAMESPACE}/apps/${app}`]) {
      const before = (await api.get(place)).body;
      const after = await api.patch(place, before, match(before.version));
      expect({ status: after.status, body: { ...after.body, version: 0, updatedAt: '' } }).toEqual({ status: 200, body: { ...before, version: 0, updatedAt: '' } });
      expectProblem(await api.patch(place, { ...after.body, name: 'other' }, match(after.body.version)), 400, 'name');
    }
  });

  test('a job whose moment has passed can still be described, put back and disabled', async () => {
    const app = await world.app();
    // It has to be made before that moment.
    const job = await world.job({ app, schedule: { expression: `@at ${new Date(Date.now() + 10_000).toISOString()}` } });
    await job.next();
    expect((await job.change({ description: 'done' })).nextFireAt).toBeNull();
    const before = await job.get();
    expect((await api.put(`/jobs/${job.key}`, before, match(before.version))).status).toBe(200);
    await job.change({ state: 'disabled' });
    const { version } = await job.get();
    expectProblem(await api.patch(`/jobs/${job.key}`, { state: 'enabled' }, match(version)), 400, 'schedule.expression');
  });

  test('a job moved to another app keeps its number and history, and leaves its old address', async () => {
    const job = await world.job();
    const taskId = await job.start();
    await world.worker.answer(await job.next(taskId), 'success');
    await world.untilState(taskId, 'completed');
    await world.settled();
    const before = await job.get();
    const app = await world.app();
    const moved = await job.change({ app, name: 'moved' });
    expect(moved).toMatchObject({ id: before.id, app, name: 'moved', createdAt: before.createdAt, lastRun: { taskId } });
    expectProblem(await api.get(`/jobs/${job.key}`), 404);
    expect((await api.get(`/jobs/${before.id}`)).body).toEqual(moved);
    const stats = (await api.get(`/jobs/${before.id}/stats`)).body.items as { completed: number }[];
    expect(stats.reduce((sum, { completed }) => sum + completed, 0)).toBe(1);
    const again = (await api.post(`/runs/${taskId}/rerun`, {})).body;
    expect((await api.get(`/runs/${again.taskId}`)).body).toMatchObject({ jobId: before.id, app, job: 'moved' });
    await world.job({ app: job.app, name: job.name });
    const last = (await api.get(`/jobs/${before.id}`)).body;
    expectProblem(await api.patch(`/jobs/${before.id}`, { app: job.app, name: job.name }, match(last.version)), 409);
    expect((await api.get(`/jobs/${before.id}`)).body).toMatchObject({ app, name: 'moved' });
  });

  test('@every counts anew from enabling and from an edit of the schedule, from nothing else', async () => {
    const job = await world.job({ schedule: { expression: '@every 1h' } });
    const first = (await job.get()).nextFireAt;
    const fireAfter = async (patch: Record<string, unknown>): Promise<string | null> => (await job.change(patch)).nextFireAt;
    expect(await fireAfter({ description: 'x', maxRunning: 2 })).toBe(first);
    expect(await fireAfter({ state: 'paused' })).toBe(first);
    expect(await fireAfter({ state: 'enabled' })).toBe(first);
    expect(await fireAfter({ state: 'disabled' })).toBeNull();
    await until(() => Date.now() > Date.parse(first) - 3_600_000 + 1000);
    const enabled = await fireAfter({ state: 'enabled' });
    expect(Date.parse(enabled!)).toBeGreaterThan(Date.parse(first));
    expect(Date.parse((await fireAfter({ schedule: { expression: '@every 2h' } }))!)).toBeGreaterThan(Date.parse(enabled!));
  });

  test('deleting a job lets its active run end and leaves none of its others behind', async () => {
    const job = await world.job({ overlap: 'queue', retry: { attempts: 3, delayMs: 60_000 } });
    const active = await job.start();
    const waiting = await job.start();
    const delayed = await job.start({ delayMs: 3_600_000 });
    const { version } = await job.get();
    expect((await api.del(`/jobs/${job.key}`, match(version))).status).toBe(204);
    expectProblem(await api.get(`/jobs/${job.key}`), 404);
    expectProblem(await api.post(`/jobs/${job.key}/run`), 404);
    for (const taskId of [waiting, delayed]) {
      expect(await world.untilState(taskId, 'cancelled')).toMatchObject({ reason: expect.stringMatching(/deleted|gone|exist/) });
    }
    expect(await world.run(active)).toMatchObject({ state: 'active' });
    await world.worker.answer(await job.next(active), 'success');
    await world.untilState(active, 'completed');
    expectProblem(await api.post(`/runs/${active}/rerun`), 404);
    await world.settled();
    expect((await job.runs()).map(({ taskId }) => taskId).sort()).toEqual([active, waiting, delayed].sort());
  });
});
