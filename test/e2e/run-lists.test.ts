import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../support/bad-values.ts';
import { untilAvailable } from '../support/create.ts';
import type { ApiAnswer, ProgramApi } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Run = any;

/** A run without an answer would expire after a minute, which these tests may take. */
const NEVER_MS = 3_600_000;

describe.skipIf(!(await canStartProgram()))('runs', () => {
  let world: World;
  let api: ProgramApi;
  let job: TestJob;
  let all: Run[];
  beforeAll(async () => {
    world = await openWorld();
    ({ api } = world.program);
    job = await world.job({ maxRunning: 100, overlap: 'queue', timeoutMs: NEVER_MS });
    await makeRunsOfEveryKind();
    all = await allRuns('');
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Ends as no other does, so that each filter finds some and leaves some out. */
  async function makeRunsOfEveryKind(): Promise<void> {
    const answers = [
      { status: 'success', reason: 'all 100% done', clientId: 'w1', monitorStatus: 'warn', monitorPayload: 'Disk 90% full' }, { status: 'success', reason: 'ALL_DONE', clientId: 'w2' },
      { status: 'fail', reason: "it's \\ broken", clientId: 'w1', monitorStatus: 'alarm' }, { status: 'success', reason: 'Größe überschritten' }, { status: 'success', reason: 'x'.repeat(1024) },
    ];
    for (const [index, answer] of answers.entries()) {
      const taskId = await job.start({ args: { order: { id: index, lines: ['Straße'] } }, trigger: index % 2 === 0 ? 'manual' : 'api' });
      await world.worker.answer(await job.next(taskId), answer);
    }
    const retried = await world.job({ timeoutMs: 100, retry: { attempts: 2, delayMs: 0 } });
    await retried.start();
    await until(async () => (await retried.runs('state=expired')).length === 2, { deadlineMs: 60_000, what: 'both attempts to expire' });
    const single = await world.job({ overlap: 'queue', timeoutMs: NEVER_MS });
    await single.start();
    await single.start();
    const cancelled = await single.start({ delayMs: 60_000 });
    expect((await ask(`/runs/${cancelled}/cancel`)).body.state).toBe('cancelled');
    await single.start({ delayMs: 3_600_000 });
    const ticking = await world.job({ schedule: { expression: '@every 1s' }, maxRunning: 10, timeoutMs: NEVER_MS });
    await ticking.next();
    await ticking.change({ state: 'disabled' });
    await world.settled();
  }

  /** For a moment nobody may lead. */
  const ask = (path: string, body?: unknown): Promise<ApiAnswer> => untilAvailable(() => api.post(path, body));

  async function allRuns(query: string, limit = 200): Promise<Run[]> {
    const runs: Run[] = [];
    for (let cursor = ''; ; ) {
      const { status, body } = await api.get(`/runs?limit=${limit}&${query}${cursor && `&cursor=${cursor}`}`);
      expect({ query, status }).toEqual({ query, status: 200 });
      runs.push(...body.items);
      if (body.nextCursor === null) return runs;
      cursor = body.nextCursor;
    }
  }

  test('come newest first, each once', () => {
    const ids = all.map(({ taskId }) => BigInt(taskId));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? 1 : -1)));
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled']));
    expect(new Set(all.map(({ trigger }) => trigger))).toEqual(new Set(['manual', 'api', 'retry', 'schedule']));
  });

  test('are found by each filter, alone and with others', async () => {
    const middle = all[Math.floor(all.length / 2)].scheduledAt as string;
    const has = (reason: string) => (run: Run): boolean => run.reason.toLowerCase().includes(reason);
    const filters: readonly (readonly [query: string, fits: (run: Run) => boolean])[] = [
      [`namespace=${NAMESPACE}`, () => true], [`app=${job.app}`, (run) => run.app === job.app], [`job=${job.key}`, (run) => run.job === job.name], [`job=${job.name}`, (run) => run.job === job.name],
      ...['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled'].map((state) => [`state=${state}`, (run: Run) => run.state === state] as const),
      ['state=failed,expired', (run) => ['failed', 'expired'].includes(run.state)], ['state=failed&state=completed', (run) => ['failed', 'completed'].includes(run.state)],
      ...['manual', 'api', 'retry', 'schedule'].map((trigger) => [`trigger=${trigger}`, (run: Run) => run.trigger === trigger] as const),
      ['worker=w1', (run) => run.workerId === 'w1'], ['monitorStatus=warn', (run) => run.monitorStatus === 'warn'], ['worker=w1&state=failed', (run) => run.workerId === 'w1' && run.state === 'failed'],
      [`from=${encodeURIComponent(middle)}`, (run) => Date.parse(run.scheduledAt) >= Date.parse(middle)], [`to=${encodeURIComponent(middle)}`, (run) => Date.parse(run.scheduledAt) < Date.parse(middle)],
      ['reason=done', has('done')], ['reason=100%25', has('100%')], ['reason=L_D', has('l_d')], ['reason=%5C', has('\\')], [`reason=${encodeURIComponent("it's")}`, has("it's")],
      [`reason=${encodeURIComponent('größe')}`, has('größe')], ['reason=no+end', has('no end')],
      ['monitorPayload=disk%2090%25', (run) => run.monitorPayload !== ''], ['args=order.id%3A2', (run) => run.args.includes('"id":2,')], ['args=order.lines.0%3AStraße', (run) => run.args.includes('order')],
      ['args=STRA', (run) => run.args.includes('Straße')], ['minDurationMs=100&state=expired', (run) => run.state === 'expired'], ['args=order.id%3A2&state=failed', (run) => run.args.includes('"id":2,') && run.state === 'failed'],
      [`job=${job.name}&namespace=${NAMESPACE}&app=${job.app}`, (run) => run.job === job.name], ['state=completed,failed,cancelled&trigger=manual,api', (run) => ['completed', 'failed', 'cancelled'].includes(run.state) && run.trigger !== 'retry' && run.trigger !== 'schedule'],
    ];
    const now = new Map((await allRuns('')).map((run) => [run.taskId, run]));
    for (const [query, fits] of filters) {
      const expected = [...now.values()].filter(fits).map(({ taskId }) => taskId);
      expect(expected.length, query).toBeGreaterThan(0);
      expect((await allRuns(query, 3)).map(({ taskId }) => taskId), query).toEqual(expected);
    }
    for (const nothing of ['app=none', 'job=none', 'namespace=app', 'worker=w', 'monitorStatus=war', 'args=order.id%3A99', 'monitorPayload=none', 'minDurationMs=9000000', 'trigger=map', "reason=' OR 1=1", 'from=2999-01-01T00:00:00Z', 'to=2001-01-01T00:00:00Z', `reason=${'%25'.repeat(100)}`]) {
      expect(await allRuns(nothing), nothing).toEqual([]);
    }
    expectProblem(await api.get(`/runs?job=${job.key}&app=other`), 400, 'job');
  });

  test('are paged without gap or repeat while others come in', async () => {
    let isDone = false;
    let count = 0;
    const coming = (async () => {
      const started: string[] = [];
      while (!isDone) count = started.push(await job.start());
      return started;
    })();
    for (const query of ['', `job=${job.name}&`, 'state=completed,failed&']) {
      const before = (await allRuns(query)).map(({ taskId }) => taskId);
      const paged = (await allRuns(query, 4)).map(({ taskId }) => BigInt(taskId));
      expect(new Set(paged).size).toBe(paged.length);
      expect(paged).toEqual([...paged].sort((a, b) => (a < b ? 1 : -1)));
      const seen = new Set(paged);
      expect(before.filter((taskId) => !seen.has(BigInt(taskId)))).toEqual([]);
    }
    await until(() => count > 3, { deadlineMs: 60_000, what: 'some to come' });
    isDone = true;
    const started = await coming;
    expect(started.length).toBeGreaterThan(3);
    await world.settled();
    const listed = new Set((await allRuns(`job=${job.key}`)).map(({ taskId }) => taskId));
    expect(started.filter((taskId) => !listed.has(taskId))).toEqual([]);
    // Answered here, so that no later test finds them active.
    for (const taskId of started) if (job.dispatched(taskId)[0]) await world.worker.answer(job.dispatched(taskId)[0]!, 'success');
  });

  test('that do not exist are said to be unknown, whatever is asked of them', async () => {
    for (const taskId of ['1', '9223372036854775807', '0000012']) {
      for (const path of ['', '/sub-runs', '/events']) expectProblem(await api.get(`/runs/${taskId}${path}`), 404);
      for (const path of ['/cancel', '/rerun']) expectProblem(await ask(`/runs/${taskId}${path}`), 404);
    }
    for (const taskId of ['x', '-1', '9223372036854775808', '99999999999999999999', '1.5']) expectProblem(await api.get(`/runs/${taskId}`), 400, 'taskId');
  });

  test('that were asked for are there from the answer on', async () => {
    const many = await world.job({ maxRunning: 10_000, timeoutMs: 600_000 });
    const statuses = await Promise.all(Array.from({ length: 300 }, async () => (await api.get(`/runs/${await many.start()}`)).status));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  test('that have ended cannot be cancelled, and open ones only once', async () => {
    const ended = all.find(({ state }) => state === 'completed').taskId;
    expectProblem(await ask(`/runs/${ended}/cancel`), 409);
    const open = await world.job({ timeoutMs: 600_000 });
    const taskId = await open.start();
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(`/runs/${taskId}/cancel`)));
    expect(answers.every(({ status, body }) => (status === 200 ? body.state === 'cancelled' : status === 409))).toBe(true);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    await world.worker.next(`natsjob.job.cancel.${open.key}.${taskId}`);
    await world.worker.answer(await open.next(taskId), 'success');
    await world.settled();
    expect(await world.run(taskId)).toMatchObject({ state: 'cancelled', status: 'cancelled' });
    expectProblem(await api.post(`/runs/${taskId}/cancel`, { why: 'x' }), 400);
    await open.start();
  });

  test('are run again with their own args or others, through the same gates', async () => {
    const again = await world.job({ args: { a: 1 }, maxRunning: 2, timeoutMs: NEVER_MS });
    const first = await again.start({ args: 'by hand' });
    const { taskId } = (await ask(`/runs/${first}/rerun`)).body;
    expect((await again.next(taskId)).task.jobArgs).toBe('by hand');
    const full = await ask(`/runs/${first}/rerun`, {});
    expectProblem(full, 409);
    expect(full.body.reason).toBe('overlap');
    await world.worker.answer(await again.next(first), 'success');
    await world.untilState(first, 'completed');
    const other = (await ask(`/runs/${first}/rerun`, { args: [null] })).body.taskId;
    expect((await again.next(other)).task.jobArgs).toBe('[null]');
    for (const [field, body] of [['args', { args: 'x'.repeat(65_537) }], ['arg', { arg: 1 }], ['args', { args: '\0' }]] as const) expectProblem(await api.post(`/runs/${first}/rerun`, body), 400, field);
    await again.change({ state: 'disabled' });
    expect((await ask(`/runs/${first}/rerun`)).body).toMatchObject({ status: 409, reason: 'disabled' });
  });

  test('tell their events in order, and their sub-runs by pages', async () => {
    const app = await world.app();
    for (const id of ['w1', 'w2', 'w3']) await world.stayLive(app, id);
    const wide = await world.job({ app, category: 'broadcast', model: 'ultra', timeoutMs: NEVER_MS });
    const taskId = await wide.start();
    for (const id of ['w1', 'w2', 'w3']) await world.worker.answer(await world.worker.next(wide.subject('client-start', id)), { status: 'success', clientId: id });
    await world.untilState(taskId, 'completed');
    await world.settled();
    const numbers: number[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await api.get(`/runs/${taskId}/sub-runs?limit=2${cursor && `&cursor=${cursor}`}`);
      numbers.push(...body.items.map((sub: { number: number }) => sub.number));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    expect(numbers).toEqual([3, 2, 1]);
    const { items } = (await api.get(`/runs/${taskId}/events`)).body;
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual(['scheduled', 'dispatched', 'sub-run', 'sub-run', 'sub-run', 'ended']);
    expect(items.map(({ at }: { at: string }) => at)).toEqual(items.map(({ at }: { at: string }) => at).sort());
    const page = (await api.get('/runs?limit=1')).body.nextCursor;
    expectProblem(await api.get(`/runs/${taskId}/sub-runs?cursor=${page}`), 400, 'cursor');
  });
});
