import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANY_JOB } from '../support/any-job.ts';
import { untilAvailable } from '../support/create.ts';
import { checkedApi, type CheckedApi } from '../support/openapi-check.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** For each property: as many cases as fit. */
const TIME_MS = 6_000;
const LIMITS = { numRuns: 100_000, interruptAfterTimeLimit: TIME_MS, skipAllAfterTimeLimit: TIME_MS };

describe.skipIf(!(await canStartProgram()))('whatever is sent', () => {
  let world: World;
  let checked: CheckedApi;
  let api: ProgramApi;
  let job: TestJob;
  beforeAll(async () => {
    world = await openWorld();
    checked = await checkedApi(world.program.api);
    ({ api } = checked);
    job = await world.job({ maxRunning: 10_000 });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('each operation answers as it is documented', async () => {
    const match = async (place: string): Promise<Record<string, string>> => ({ 'if-match': `"${(await api.get(place)).body.version}"` });
    await api.post('//natsjob/api/login', { user: 'nobody', password: 'x' });
    await api.post('/login/one-time', { token: 'none' });
    await api.post('/namespaces', { name: 'brief' });
    await api.post('/namespaces/brief/apps', { name: 'a' });
    await api.post('/jobs', { namespace: 'brief', app: 'a', name: 'lite', model: 'lite', schedule: { expression: '@every 1s' } });
    await world.beat(job.app, 'w1', { weight: 5, comment: 'ü', machineCpuUsage: '1.5' });
    const taskId = await job.start();
    await world.worker.answer(await job.next(taskId), { status: 'fail', reason: 'r', monitorStatus: 'm', monitorPayload: 'p', clientId: 'w1' });
    await world.worker.publish('natsjob.job.sub-result-flow', { taskId, namespace: NAMESPACE, appName: job.app, jobName: job.name, clientId: 'w1', sceneId: 's', status: 'half', startAt: Date.now() });
    await world.untilState(taskId, 'failed');
    await world.settled();
    const open = await job.start({ delayMs: 60_000 });
    for (const path of ['/me', '/namespaces', '/namespaces/brief', '/namespaces/brief/apps', '/namespaces/brief/apps/a', '/jobs', '/jobs/brief.a.lite', `/jobs/${job.key}`, `/jobs/${job.key}/explain`,
      `/jobs/${job.key}/skips`, `/jobs/${job.key}/stats`, '/jobs/no.such.job', '/runs', `/runs/${taskId}`, `/runs/${taskId}/sub-runs`, `/runs/${taskId}/events`, `/runs/${taskId}/messages`, `/runs/${taskId}/attempts`, `/runs/${taskId}/reports`, `/jobs/${job.key}/queue`, `/jobs/${job.key}/queue/metrics`, '/jobs/brief.a.lite/versions', `/runs/${open}`, '/workers', '/servers', '/overview', '/skips', '/stats', '/attention', '/calendar', '/fires', '/scheduler/pause', '/jobs/count', '/runs/count', '/jobs/recent-runs?ids=brief.a.lite',
      '/settings', '/database', '/diagnostics', '/nats/buckets', '/nats/buckets/natsjob-definitions/entries?limit=1', '//healthz', '//readyz', '//metrics', '/openapi.json', '/live']) await api.get(path);
    for (const path of ['/database/backup', '/nats/ping', '/sessions/revoke']) await api.post(path);
    await api.post('/nats/publish', { subject: 'natsjob-void.job.start.a.b.c', text: '{}' });
    await api.post('/me/password', { current: 'x', password: 'long enough' });
    await api.patch(`/workers/${NAMESPACE}/${job.app}/w1`, { drained: false });
    await api.patch('/jobs/brief.a.lite', { state: 'disabled' }, await match('/jobs/brief.a.lite'));
    await api.put('/jobs/brief.a.lite', (await api.get('/jobs/brief.a.lite')).body, await match('/jobs/brief.a.lite'));
    await api.post('/jobs/brief.a.lite/run');
    await api.post('/jobs/bulk', { filter: { namespace: 'brief' }, action: 'run' });
    await api.post('/runs/bulk', { ids: [taskId], action: 'cancel' });
    await api.post('/schedule/preview', { expression: '0 30 2 * * *', timezone: 'Europe/Berlin', from: '2026-03-28T12:00:00Z' });
    await api.post(`/jobs/${job.key}/queue/clean`, { state: 'completed', limit: 1 });
    await api.post(`/runs/${open}/cancel`);
    await api.post(`/runs/${taskId}/rerun`);
    for (const place of ['/namespaces/brief', '/namespaces/brief/apps/a']) await api.patch(place, { description: 'x' }, await match(place));
    for (const place of ['/jobs/brief.a.lite', '/namespaces/brief/apps/a', '/namespaces/brief']) expect((await api.del(place, await match(place))).status).toBe(204);
    await api.post(`/jobs/${job.key}/run`);
    await api.put('/scheduler/pause', {});
    await api.del('/scheduler/pause');
    const unseen = checked.documented.filter((id) => !checked.seen.has(id));
    expect(unseen.sort()).toEqual(['logout', 'stepDown']);
  });

  test('no body makes it fail, on any path', async () => {
    const paths = ['/jobs', '/namespaces', `/namespaces/${NAMESPACE}/apps`, '/jobs/bulk', '/runs/bulk', '/schedule/preview', `/jobs/${job.key}/run`, '/runs/12/rerun', '/nats/publish', '/nats/ping', '/sessions/revoke', '/me/password', '//natsjob/api/login'];
    const field = fc.constantFrom(
      'namespace', 'app', 'name', 'description', 'schedule', 'category', 'model', 'condition', 'args', 'maxRunning', 'overlap', 'timeoutMs', 'retry', 'misfire', 'rate', 'priority', 'state', 'tags', 'ids', 'filter',
      'action', 'tag', 'move', 'dryRun', 'expression', 'timezone', 'dst', 'count', 'from', 'anchor', 'delayMs', 'workerId', 'trigger', 'subject', 'text', 'headers', 'current', 'password', 'drained', 'toString', '__proto__',
    );
    const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.constantFrom(NAMESPACE, job.app, 'x', 'enable', 'max', 'map', '@daily', '* * * * *', -1, 1e308, 0.1, '\0', '\ud800', []));
    const object = fc.dictionary(field, fc.oneof(value, fc.dictionary(fc.oneof(field, fc.constantFrom('expression', 'on', 'max', 'perMs', 'attempts', 'startAt', 'add')), value, { maxKeys: 3 })), { maxKeys: 6 });
    const likeJob = ANY_JOB.chain((valid) => object.map((wild) => ({ namespace: NAMESPACE, app: job.app, name: 'fuzzed', ...valid, ...wild })));
    const holds = fc.asyncProperty(fc.constantFrom(...paths), fc.oneof(object, likeJob, value), async (path, body) => {
      const { status } = await api.post(path, body);
      expect(status).not.toBe(500);
      if (path === '/jobs') expect((await api.patch(`/jobs/${job.key}`, body, { 'if-match': '"0"' })).status).not.toBe(500);
      if (path === '/nats/ping') expect((await api.patch(`/workers/${NAMESPACE}/${job.app}/w1`, body)).status).not.toBe(500);
    });
    // No case at all within the time counts as a failure there; on a machine that stands still it is none.
    let details = await fc.check(holds, LIMITS);
    while (details.counterexample === null && details.numRuns === 0) details = await fc.check(holds, LIMITS);
    expect(details.counterexample, details.counterexample === null ? '' : await fc.asyncDefaultReportMessage(details)).toBeNull();
    expect(world.program.output()).not.toContain('A request failed.');
  });

  test('what is accepted as a job runs or says why not, and does so again after a restart', async () => {
    const [manned, empty] = [await world.app(), await world.app()];
    const kept: { key: string; args: unknown; shown: Json }[] = [];
    // None is cut off in the middle; on a busy machine it takes longer.
    const end = performance.now() + TIME_MS;
    await fc.assert(
      fc.asyncProperty(ANY_JOB, fc.constantFrom(manned, empty), async (definition, app) => {
        if (performance.now() > end && kept.length > 20) return;
        await keepBeating(manned);
        const created = await api.post('/jobs', { namespace: NAMESPACE, app, name: `any-${kept.length}`, ...definition });
        expect([201, 400], JSON.stringify(created.body)).toContain(created.status);
        if (created.status === 400) return;
        const key = `${NAMESPACE}.${app}.any-${kept.length}`;
        kept.push({ key, args: definition['args'], shown: created.body });
        await firesOrSaysWhyNot(key, definition['args']);
      }),
      { numRuns: 3_000 },
    );
    expect(kept.length).toBeGreaterThan(20);

    await world.settled();
    await world.program.restart();
    for (const { key, args, shown } of kept) {
      await keepBeating(manned);
      const { nextFireAt: _next, lastRun: _last, running: _running, queued: _queued, ...definition } = shown;
      expect((await api.get(`/jobs/${key}`)).body).toMatchObject(definition);
      await firesOrSaysWhyNot(key, args);
    }
    expect(world.program.output()).not.toContain('A request failed.');
  });

  let beatAt = 0;
  async function keepBeating(app: string): Promise<void> {
    if (Date.now() - beatAt < 5_000) return;
    for (const id of ['w1', 'w2']) await world.beat(app, id, { group: 'g', weight: 10 });
    beatAt = Date.now();
  }

  async function firesOrSaysWhyNot(key: string, args: unknown): Promise<void> {
    // Again where NATS is away for a moment: the next answer may be another one.
    const explain = (): ReturnType<ProgramApi['get']> => untilAvailable(() => api.get(`/jobs/${key}/explain`));
    const run = (): ReturnType<ProgramApi['post']> => untilAvailable(() => api.post(`/jobs/${key}/run`));
    let { body: explained } = await explain();
    let { status, body } = await run();
    // Its workers may have gone silent in between, which does not happen each time.
    for (let again = 0; again < 3 && status === 409 && explained.verdict !== 'skip'; again++) {
      beatAt = 0;
      await keepBeating(key.split('.')[1]!);
      ({ body: explained } = await explain());
      ({ status, body } = await run());
    }
    const about = `${key}: ${JSON.stringify({ explained, status, body })}`;
    if (status === 409) {
      expect(explained.verdict, about).toBe('skip');
      expect(body.reason, about).toBe(explained.reason);
      expect(explained.gates.some((gate: Json) => !gate.pass && gate.detail.length > 5), about).toBe(true);
      return;
    }
    expect(status, about).toBe(202);
    // Unless the run that it had before the restart ran out of time in between.
    if (explained.verdict === 'skip' && ['overlap', 'queue-full'].includes(explained.reason)) await until(async () => (await api.get(`/runs?job=${key}&state=expired`)).body.items.length > 0, { deadlineMs: 60_000, what: about });
    else expect(explained.verdict, about).not.toBe('skip');
    if (body.state !== 'active') return;
    const message = await world.worker.next(({ subject, task }) => subject.includes(`.${key}`) && task.taskId === body.taskId);
    expect(message.task.jobArgs, about).toBe(args === undefined || args === null ? '' : typeof args === 'string' ? args : JSON.stringify(args));
  }
});
