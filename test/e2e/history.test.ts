import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../support/bad-values.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const FULL = {
  description: 'first', schedule: { expression: '0 3 * * *', timezone: 'Europe/Berlin', startAt: '2026-01-01T00:00:00.000+08:00', endAt: '2999-01-01T00:00:00.000+08:00', dst: 'skip', jitterMs: 5_000 },
  model: 'pro', args: { order: { id: 17 } }, maxRunning: 3, overlap: 'queue', queueLimit: 7, timeoutMs: 5_000, retry: { attempts: 3, backoff: 'exponential', delayMs: 100, maxDelayMs: 1_000, on: ['fail'] },
  misfire: { policy: 'all', windowMs: 5_000, max: 3 }, rate: { max: 5, perMs: 1_000 }, priority: 9, tags: ['a', 'b'], owner: 'Ops, ext. 17',
};

describe.skipIf(!(await canStartProgram()))('what was', () => {
  let world: World;
  let api: ProgramApi;
  beforeAll(async () => {
    world = await openWorld();
    ({ api } = world.program);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function versions(id: string): Promise<Json[]> {
    const { status, body } = await api.get(`/jobs/${id}/versions`);
    expect({ status, body }).toMatchObject({ status: 200, body: { nextCursor: null } });
    return body.items;
  }

  /** Of a job, all that its definition says. */
  function definitionOf({ id: _id, version: _version, createdAt: _created, updatedAt: _updated, nextFireAt: _next, running: _running, queued: _queued, lastRun: _last, scheduleWords: _words, ...definition }: Json): Json {
    return definition;
  }

  test.each([['a full one', FULL], ['one of all defaults', {}], ['a lite one', { model: 'lite', args: 'text', schedule: { expression: '@every 1h' } }]])('an edited job goes back to what it was: %s', async (_name, fields) => {
    const job = await world.job(fields);
    const first = await job.get();
    await job.change({ description: 'second', schedule: { expression: '' }, args: null, tags: [], rate: null });
    const [newest, oldest, ...more] = await versions(first.id);
    expect(more).toEqual([]);
    const edited = await job.get();
    expect(newest).toMatchObject({ version: edited.version, deleted: false, definition: definitionOf(edited) });
    expect(oldest).toEqual({ version: first.version, at: expect.any(String), deleted: false, definition: definitionOf(first) });
    const restored = await api.put(`/jobs/${first.id}`, oldest.definition, { 'if-match': `"${edited.version}"` });
    expect(restored).toMatchObject({ status: 200 });
    expect(definitionOf(restored.body)).toEqual(definitionOf(first));
    expect((await versions(job.key)).map(({ version }) => version)).toEqual([restored.body.version, edited.version, first.version]);
  });

  test('a deleted job comes back', async () => {
    const job = await world.job(FULL);
    const before = await job.get();
    expect((await api.del(`/jobs/${job.key}`, { 'if-match': `"${before.version}"` })).status).toBe(204);
    const [deletion, last] = await versions(job.key);
    expect(deletion).toEqual({ version: expect.any(Number), at: expect.any(String), deleted: true, definition: null });
    expect(Math.abs(Date.parse(deletion.at) - Date.now())).toBeLessThan(60_000);
    const back = await api.post('/jobs', last.definition);
    expect(back).toMatchObject({ status: 201 });
    expect(definitionOf(back.body)).toEqual(definitionOf(before));
    expect((await versions(back.body.id)).map(({ deleted }) => deleted)).toEqual([false, true, false]);
  });

  test('eight versions are kept', async () => {
    const job = await world.job();
    for (let index = 0; index < 9; index++) await job.change({ description: `edit ${index}` });
    expect((await versions(job.key)).map(({ definition }) => definition.description)).toEqual([8, 7, 6, 5, 4, 3, 2, 1].map((index) => `edit ${index}`));
  });

  test('of a job that never was there is nothing', async () => {
    expectProblem(await api.get('/jobs/no.such.job/versions'), 404);
    expectProblem(await api.get('/jobs/999999/versions'), 404);
    expectProblem(await api.get('/jobs/a.b/versions'), 400, 'id');
  });

  describe('messages of a run', () => {
    /** Once there are so many: a run is told to have ended, or to go, before all that follows is stored. */
    async function messages(taskId: string, count: number): Promise<Json[]> {
      let last: Json;
      return until(async () => {
        const { status, body, headers } = await api.get(`/runs/${taskId}/messages`);
        // NATS stood still for longer than it is waited for.
        if (headers.has('retry-after')) return false;
        expect({ status, body }).toMatchObject({ status: 200 });
        last = body.items;
        return last.length >= count && last;
      }, { what: () => `${count} messages of ${taskId}; there are ${JSON.stringify(last)}` });
    }

    test('are those of this run, not of others of the job', async () => {
      const job = await world.job({ maxRunning: 10 });
      const [first, second] = [await job.start({ args: 'one' }), await job.start({ args: 'two' })];
      await world.worker.answer(await job.next(first), { status: 'fail', reason: 'r', monitorStatus: 'mail', monitorPayload: 'p' });
      await world.untilState(first, 'failed');
      const [seen] = job.dispatched(first);
      const sent = await messages(first, 2);
      expect(sent[0]).toEqual({ sequence: expect.any(Number), subject: job.subject('start'), headers: expect.objectContaining({ 'Nats-Msg-Id': first }), text: expect.stringContaining('"one"'), at: expect.any(String) });
      expect(JSON.parse(sent[0].text)).toEqual(seen!.task);
      expect(sent.slice(1).map(({ subject }) => subject)).toEqual([`natsjob.job.monitor.${NAMESPACE}.${job.app}`]);
      await api.post(`/runs/${second}/cancel`);
      expect((await messages(second, 2)).map(({ subject }) => subject)).toEqual([job.subject('start'), job.subject('cancel', second)]);
    });

    test('of a run that waits tell that it was accepted; of one for several workers there is one for each', async () => {
      const waiting = await world.job({ overlap: 'queue' });
      await waiting.start();
      expect((await messages(await waiting.start(), 1)).map(({ subject }) => subject)).toEqual([`natsjob.run.accepted.${waiting.key}`]);
      const app = await world.app();
      for (const id of ['w1', 'w2']) await world.stayLive(app, id);
      const broad = await world.job({ app, category: 'broadcast', model: 'ultra' });
      expect((await messages(await broad.start(), 3)).map(({ subject }) => subject).sort()).toEqual([...['w1', 'w2'].map((id) => broad.subject('client-start', id)), `natsjob.run.accepted.${broad.key}`]);
    });

    test('of an unknown run there are none', async () => {
      expectProblem(await api.get('/runs/12/messages'), 404);
      expectProblem(await api.get('/runs/x/messages'), 400, 'taskId');
    });
  });
});
