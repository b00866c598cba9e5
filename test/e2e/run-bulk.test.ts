import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../support/bad-values.ts';
import type { ApiAnswer, ProgramApi } from '../support/program-api.ts';
import { untilAvailable } from '../support/create.ts';
import { canStartProgram } from '../support/program.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** A run without an answer would expire after a minute, which these tests may take. */
const NEVER_MS = 3_600_000;
/** Why a run is not started, or cancelled, that would be a moment later. */
const PASSING = /^(nats-down|not-leader): |^No server leads|is not connected\.$/;

describe.skipIf(!(await canStartProgram()))('many runs at once', () => {
  let world: World;
  let api: ProgramApi;
  beforeAll(async () => {
    world = await openWorld();
    ({ api } = world.program);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** What a machine that stands still lets fail is asked for again, and nothing else is. */
  async function bulk(request: Record<string, unknown>): Promise<Json> {
    const { status, body } = await untilAvailable(() => api.post('/runs/bulk', request));
    expect({ status, body }).toMatchObject({ status: 200 });
    const passing = body.failures.filter(({ message }: Json) => PASSING.test(message));
    if (passing.length === 0) return body;
    const again = await bulk({ ids: passing.map(({ id }: Json) => id), action: request['action'] });
    const others = body.failures.filter((each: Json) => !passing.includes(each));
    return { ...body, done: body.done + again.done, failures: [...others, ...again.failures], started: [...body.started, ...again.started] };
  }

  /** Runs that are open, as the list has them. */
  async function start(job: TestJob, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) ids.push(await job.start({ args: `run ${index}` }));
    await world.settled();
    return ids;
  }

  test('are cancelled by their ids; what has ended or is none is named', async () => {
    const job = await world.job({ timeoutMs: NEVER_MS, maxRunning: 100 });
    const [ended, ...open] = await start(job, 4);
    await world.worker.answer(await job.next(ended), 'success');
    await world.untilState(ended!, 'completed');
    await world.settled();
    expect(await bulk({ ids: [...open, ended, '12', 'x'], action: 'cancel', dryRun: true })).toEqual({ matched: 6, done: 0, failures: [], started: [] });
    expect((await job.runs('state=active')).length).toBe(3);
    const answer = await bulk({ ids: [...open, ended, '12', 'x', open[0]], action: 'cancel' });
    expect(answer).toMatchObject({ matched: 6, done: 3, started: [] });
    expect(answer.failures.map(({ id }: Json) => id).sort()).toEqual([ended, '12', 'x'].sort());
    expect(answer.failures.find(({ id }: Json) => id === ended).message).toContain('ended already');
    for (const id of open) await world.untilState(id, 'cancelled');
  });

  test('are cancelled by a filter, which means open ones', async () => {
    const job = await world.job({ timeoutMs: NEVER_MS, maxRunning: 2, overlap: 'queue', queueLimit: 100 });
    const ids = await start(job, 5);
    await world.worker.answer(await job.next(ids[0]), 'fail');
    await world.untilState(ids[0]!, 'failed');
    const filter = { job: job.key, trigger: ['manual'] };
    await world.settled();
    expect(await bulk({ filter, action: 'cancel', dryRun: true })).toMatchObject({ matched: 4 });
    expect(await bulk({ filter: { ...filter, args: 'run 4' }, action: 'cancel' })).toMatchObject({ matched: 1, done: 1 });
    expect((await world.run(ids[4]!)).state).toBe('cancelled');
    await world.settled();
    expect(await bulk({ filter, action: 'cancel' })).toMatchObject({ matched: 3, done: 3, failures: [] });
    await world.settled();
    expect((await job.runs()).map(({ state }: Json) => state)).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'failed']);
    expect(await bulk({ filter: { job: 'none' }, action: 'cancel' })).toEqual({ matched: 0, done: 0, failures: [], started: [] });
  });

  test('are run again with their args, in their order; a skip is a failure with its reason', async () => {
    const job = await world.job({ timeoutMs: NEVER_MS, maxRunning: 100 });
    const ids = await start(job, 3);
    for (const id of ids) await world.worker.answer(await job.next(id), 'fail');
    for (const id of ids) await world.untilState(id, 'failed');
    await world.settled();
    await job.change({ maxRunning: 2 });
    const { matched, done, failures, started } = await bulk({ filter: { namespace: NAMESPACE, job: job.name, state: ['failed'] }, action: 'rerun' });
    expect({ matched, done }).toEqual({ matched: 3, done: 2 });
    expect(failures).toEqual([{ id: ids[2], message: expect.stringMatching(/^overlap: Not run/) }]);
    expect(started).toHaveLength(2);
    expect((await Promise.all(started.map((id: string) => job.next(id)))).map(({ task }) => task.jobArgs).sort()).toEqual(['run 0', 'run 1']);
    for (const id of started) expect(await world.run(id)).toMatchObject({ trigger: 'manual', state: 'active' });
  });

  test('hundreds at once', async () => {
    const job = await world.job({ timeoutMs: NEVER_MS, maxRunning: 1_000 });
    const first = await job.start();
    await world.worker.answer(await job.next(first), 'success');
    await world.untilState(first, 'completed');
    const asked = await Promise.all(Array.from({ length: 300 }, () => api.post(`/runs/${first}/rerun`)));
    // A machine that stands still for longer than the lease has nobody who leads, and a connection that is made anew: who asks then is told so.
    const isRefused = ({ status, body }: ApiAnswer): boolean => status === 503 || (status === 409 && (body as Json).reason === 'nats-down');
    const accepted = asked.filter(({ status }) => status === 202).length;
    expect(asked.filter((one) => one.status !== 202 && !isRefused(one)).map(({ status, body }) => ({ status, body: body as unknown }))).toEqual([]);
    expect(accepted).toBeGreaterThan(200);
    await world.settled();
    const filter = { job: job.key };
    const { matched, ...cancelled } = await bulk({ filter, action: 'cancel' });
    expect(cancelled).toMatchObject({ done: matched, failures: [] });
    expect([matched >= accepted, matched <= 300], `${matched} of ${accepted}`).toEqual([true, true]);
    const again = await bulk({ filter, action: 'rerun' });
    expect(again).toMatchObject({ matched: matched + 1, done: matched + 1, failures: [] });
    expect(new Set(again.started).size).toBe(matched + 1);
  });

  test('are asked for in one way only', async () => {
    expectProblem(await api.post('/runs/bulk', { action: 'cancel' }), 400, 'ids');
    expectProblem(await api.post('/runs/bulk', { ids: ['1'], filter: {}, action: 'cancel' }), 400, 'ids');
    expectProblem(await api.post('/runs/bulk', { ids: ['1'], action: 'delete' }), 400, 'action');
    expectProblem(await api.post('/runs/bulk', { filter: { job: 'a.b' }, action: 'rerun' }), 400, 'filter.job');
  });

  test('a run that waits says that it was accepted, also in the millisecond it was due', async () => {
    const job = await world.job({ timeoutMs: NEVER_MS, overlap: 'queue' });
    const [, waiting] = await start(job, 2);
    expect((await api.get(`/runs/${waiting}/events`)).body.items.map(({ kind }: Json) => kind)).toEqual(['scheduled', 'accepted']);
  });
});
