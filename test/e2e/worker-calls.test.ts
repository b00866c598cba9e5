import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError, NotFoundError, RunSkippedError, UnansweredError, UnavailableError } from '../../src-core/domain/errors.ts';
import { type AnyNode, connectAnyNode } from '../support/any-node.ts';
import { type TestNatsServer, startNatsServer } from '../support/nats-server.ts';
import { encodeReport, reportSubject } from '../../src-core/wire/index.ts';
import type { AnyNodeMethod } from '../../src-core/wire/index.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const AT = { namespace: 'made', app: 'up', name: 'asked' };
/** Nobody answers these runs: none may expire while the tests go on. */
const NEVER_MS = 3_600_000;

describe.skipIf(!(await canStartProgram()))('a program with a NATS client asks any of two servers', () => {
  let nats: TestNatsServer;
  let programs: TestProgram[];
  let any: AnyNode;

  beforeAll(async () => {
    nats = await startNatsServer();
    programs = [];
    for (const id of ['one', 'two']) programs.push(await startProgram({ env: { NATSJOB_NATS_URL: nats.url, NATSJOB_NODE_ID: id, NATSJOB_TIMEZONE: 'UTC' } }));
    any = await connectAnyNode(nats.url);
  });
  afterAll(async () => {
    await any[Symbol.asyncDispose]();
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
    await nats[Symbol.asyncDispose]();
  });

  /** Asks again where surely nothing was done, because nobody leads for a moment or NATS stands still. */
  async function sure(method: AnyNodeMethod, input: object): ReturnType<AnyNode['ask']> {
    const isPassing = (error: unknown): boolean => (error instanceof UnavailableError && !(error instanceof UnansweredError)) || (error instanceof RunSkippedError && ['nats-down', 'not-leader'].includes(error.reason));
    let why: unknown;
    const [answer] = await until(() => any.ask(method, input).then((value) => [value] as const, (error: unknown) => {
      if (!isPassing(error)) throw error;
      why = error;
      return undefined;
    }), { what: () => `an answer to ${method}: ${String(why)}` });
    return answer;
  }

  /** Whichever is asked next knows it. */
  async function onEach(knows: (program: TestProgram) => Promise<boolean>, what: string): Promise<void> {
    for (const program of programs) await until(() => knows(program), { deadlineMs: 60_000, what: `${what} on every server` });
  }

  test('for a job: ten that declare it at once come to one', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => any.ask('job.declare', { ...AT, overlap: 'queue', timeoutMs: NEVER_MS })));
    expect(outcomes.map(({ outcome }) => outcome as string).sort()).toEqual(['created', ...Array.from({ length: 9 }, () => 'unchanged')]);
    expect(new Set(outcomes.map(({ job }) => job.id as string)).size).toBe(1);
    expect(await any.ask('job.declare', { ...AT, maxRunning: 2 })).toMatchObject({ outcome: 'updated', job: { maxRunning: 2, overlap: 'queue', timeoutMs: NEVER_MS } });
    // Each server reads it for itself.
    await onEach(async ({ api }) => (await api.get('/jobs/made.up.asked')).body.maxRunning === 2, 'the job as it is now');
    expect(await any.ask('job.get', AT)).toMatchObject({ name: 'asked', maxRunning: 2 });
  });

  test('for runs: asked for, listed and cancelled wherever the call comes to', async () => {
    const started = await Promise.all(Array.from({ length: 8 }, (_, index) => sure('run.run', { ...AT, args: { index } })));
    expect(started.map(({ state }) => state as string).sort()).toEqual(['active', 'active', ...Array.from({ length: 6 }, () => 'waiting')]);
    await onEach(async ({ api }) => ((await api.get('/runs?namespace=made&state=waiting,active')).body as { items: unknown[] }).items.length === 8, 'all in the list');
    expect((await any.ask('run.list', { namespace: 'made', state: ['waiting', 'active'] })).items).toHaveLength(8);
    for (const { taskId } of started) {
      expect(await any.ask('run.get', { taskId })).toMatchObject({ taskId, trigger: 'api' });
      expect(await sure('run.cancel', { taskId, reason: 'not needed any more' })).toMatchObject({ taskId, state: 'cancelled', reason: 'not needed any more' });
    }
    await onEach(async ({ api }) => ((await api.get('/runs?namespace=made&state=cancelled')).body as { items: unknown[] }).items.length === 8, 'all as cancelled');
    expect(await sure('run.rerun', { taskId: started[0].taskId })).toMatchObject({ state: 'active' });
  });

  test('and reports of a run are found on every server', async () => {
    const { taskId } = await sure('run.run', { ...AT, delayMs: 3_600_000 });
    const subject = reportSubject('made', 'up', 'asked', taskId);
    any.publish(subject, encodeReport({ kind: 'log', at: 1_700_000_000_000, level: 'warn', text: 'disk 90 %' })!);
    any.publish(subject, encodeReport({ kind: 'progress', at: 1_700_000_000_001, progress: 40 })!);
    for (const { api } of programs) {
      const items = await until(async () => {
        const page = (await api.get(`/runs/${taskId}/reports`)).body as { items: { seq: number }[] };
        return page.items.length === 2 && page.items;
      }, { what: 'both reports' });
      expect(items).toMatchObject([{ kind: 'log', level: 'warn', text: 'disk 90 %' }, { kind: 'progress', progress: 40 }]);
      expect((await api.get(`/runs/${taskId}/reports?after=${items[0]!.seq}`)).body).toMatchObject({ items: [{ progress: 40 }], nextCursor: null });
    }
    await onEach(async ({ api }) => (await api.get('/jobs/made.up.asked/queue')).body.delayed === 1 && (await api.get('/jobs/made.up.asked/queue/metrics')).body.total === 8, 'the run that waits');
    expect(await any.ask('run.reports', { taskId, limit: 1 })).toMatchObject({ items: [{ kind: 'log' }] });
    expect(await any.ask('run.attempts', { taskId })).toMatchObject({ items: [{ status: 'delayed', retryCount: 0 }] });
    expect(await any.ask('queue.status', AT)).toMatchObject({ delayed: 1, state: 'enabled' });
    expect(await any.ask('queue.metrics', AT)).toMatchObject({ total: 8, successRate: null });
  });

  test('and runs it cleans away are gone on every server', async () => {
    expect(await sure('queue.clean', { ...AT, state: 'cancelled' })).toEqual({ removed: 8 });
    for (const { api } of programs) await until(async () => ((await api.get('/runs?namespace=made&state=cancelled')).body as { items: unknown[] }).items.length === 0, { what: 'no cancelled run' });
    expect(await any.ask('queue.metrics', AT)).toMatchObject({ total: 8 });
  });

  test('and is told what is wrong as over HTTP', async () => {
    const error = await any.ask('job.declare', { ...AT, name: 'a b', timeoutMs: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInputError);
    const { body } = await programs[0]!.api.post('/jobs', { ...AT, name: 'a b', timeoutMs: 1 });
    expect((error as InvalidInputError).errors).toEqual((body as { errors: unknown }).errors);
    expect(await any.ask('run.get', { taskId: '437500000000000001' }).catch((thrown: unknown) => thrown)).toBeInstanceOf(NotFoundError);
  });

  test('and goes on being answered when a server stops', async () => {
    expect(await sure('job.setState', { ...AT, state: 'paused' })).toMatchObject({ state: 'paused' });
    await onEach(async ({ api }) => (await api.get('/jobs/made.up.asked')).body.state === 'paused', 'the pause');
    await programs[0]!.stop();
    for (let index = 0; index < 20; index++) expect(await any.ask('job.get', AT)).toMatchObject({ state: 'paused' });
  });
});

describe.skipIf(!(await canStartProgram()))('a server told not to answer workers', () => {
  test('does not', async () => {
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url, NATSJOB_WORKER_CALLS: 'off' } });
    await using any = await connectAnyNode(nats.url);
    expect((await program.api.get('/jobs')).status).toBe(200);
    await expect(any.ask('job.get', AT)).rejects.toThrow(/no responders/i);
  });
});
