import { describe, expect, it } from 'vitest';
import { AlreadyExistsError, ConflictError, InvalidInputError, NodeFaultError, NotFoundError, RunSkippedError, StaleVersionError, UnavailableError } from '../../../src-core/domain/errors.ts';
import { serveCalls } from '../../../src-core/http/index.ts';
import type { AnyNodeMethod } from '../../../src-core/wire/index.ts';
import { anyNodeSubject, decodeFrame, encodeFrame, unpackError } from '../../../src-core/wire/index.ts';
import { createFakeApi, JOB, jobView, runRecord } from '../../support/fake-api.ts';
import type { MemoryBus } from '../../support/memory-bus.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { recordingLog } from '../../support/nats-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function open() {
  const clock = new VirtualClock();
  const server = new MemoryNats(clock);
  const asker = server.connect() as MemoryBus;
  const fake = createFakeApi();
  const { log } = recordingLog();
  const serve = () => serveCalls({ bus: server.connect(), api: fake.api, clock, log });
  const raw = async (method: AnyNodeMethod, payload: Uint8Array): Promise<Uint8Array> => {
    let done = false;
    const asked = asker.request(anyNodeSubject(method), payload, 10_000).finally(() => (done = true));
    asked.catch(() => undefined);
    while (!done) await clock.advance(10);
    return asked;
  };
  const ask = async (method: AnyNodeMethod, input?: unknown): Promise<unknown> => {
    const head = decodeFrame(await raw(method, encodeFrame({ method, input }, new Uint8Array(0))))?.head as { value?: unknown; error?: unknown };
    if (head.error !== undefined) throw unpackError(head.error);
    return head.value;
  };
  return { ...fake, clock, serve, ask, raw };
}
const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const AT = { namespace: 'app', app: 'orders', name: 'nightly' };

describe('calls to any node', () => {
  it.each([
    ['job.get', AT, ['jobs.get("app.orders.nightly")'], { name: 'nightly', version: 12 }],
    ['job.list', { namespace: 'app', app: 'orders', limit: 3 }, ['jobs.list({"namespace":"app","app":"orders"}, {"limit":3})'], { items: [{ name: 'nightly' }] }],
    ['run.get', { taskId: '437500000000000001' }, ['runs.get("437500000000000001")'], { taskId: '437500000000000001', state: 'active' }],
    ['run.list', { namespace: 'app', state: ['waiting', 'active'], limit: 3 }, ['runs.list({"namespace":"app","states":["waiting","active"]}, {"limit":3})'], { items: [{ taskId: '437500000000000001' }], nextCursor: null }],
    ['run.list', undefined, ['runs.list({}, {"limit":50})'], { nextCursor: null }],
    ['run.attempts', { taskId: '437500000000000001' }, ['runs.attempts("437500000000000001")'], { items: [{ attempt: 1 }, { attempt: 2 }] }],
    ['run.reports', { taskId: '437500000000000001', after: 7 }, ['runs.reports("437500000000000001", {"limit":200,"after":7})'], { items: [{ seq: 3 }, { seq: 5 }, { seq: 6 }] }],
    ['queue.status', AT, ['jobs.queue("app.orders.nightly")'], { waiting: 3, state: 'enabled' }],
    ['queue.clean', { ...AT, state: 'completed', olderThanMs: 5, limit: 7 }, ['jobs.clean("app.orders.nightly", {"state":"completed","olderThanMs":5,"limit":7})'], { removed: 17 }],
    ['queue.metrics', AT, ['jobs.queueMetrics("app.orders.nightly")'], { total: 6, averageMs: null }],
    ['run.cancel', { taskId: '437500000000000001' }, ['runs.cancel("437500000000000001")'], { state: 'cancelled' }],
    ['run.cancel', { taskId: '437500000000000001', reason: 'not needed' }, ['runs.cancel("437500000000000001", "not needed")'], { state: 'cancelled' }],
    ['run.rerun', { taskId: '437500000000000001', args: { a: 1 } }, ['runs.rerun("437500000000000001", {"args":{"a":1}})'], { taskId: '437500000000000002', state: 'waiting' }],
    ['run.run', { ...AT, args: [1], delayMs: 5, priority: 'high' }, ['jobs.run("app.orders.nightly", {"args":[1],"delayMs":5,"priority":"high","trigger":"api"})'], { state: 'active' }],
    ['job.setState', { ...AT, state: 'enabled' }, ['jobs.get("app.orders.nightly")', 'jobs.get("app.orders.nightly")'], { state: 'enabled' }],
    ['job.setState', { ...AT, state: 'paused' }, ['jobs.get("app.orders.nightly")', 'jobs.update("app.orders.nightly", {"state":"paused"}, 12)'], { name: 'nightly' }],
  ] as const)('%s does what HTTP does', async (method, input, calls, answer) => {
    const world = open();
    world.serve();
    expect(await world.ask(method, input)).toMatchObject(answer);
    expect(world.calls).toEqual(calls);
  });

  it.each([
    ['run.get', { taskId: 'x' }, ['taskId']],
    ['run.get', {}, ['taskId']],
    ['run.get', { taskId: '1', more: 1 }, ['more']],
    ['run.list', { state: ['done'], limit: 0, other: 'x' }, ['limit', 'other', 'state']],
    ['run.list', { job: { a: 1 } }, ['job']],
    ['run.list', 'all', ['']],
    ['run.cancel', { taskId: '1', reason: 5 }, ['reason']],
    ['run.run', { app: 'orders', name: 'a.b' }, ['name', 'namespace']],
    ['run.run', { ...AT, delayMs: -1, priority: 'some' }, ['delayMs', 'priority']],
    ['job.setState', { ...AT, state: 'on', also: 1 }, ['also', 'state']],
    ['job.declare', { namespace: 'app', model: 'giant' }, ['app', 'model', 'name']],
    ['job.declare', { ...AT, onExisting: 'replace' }, ['onExisting']],
  ] as const)('%s with %j names what is wrong, and does nothing', async (method, input, fields) => {
    const world = open();
    world.serve();
    const error = await caught(world.ask(method, input));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect([...new Set((error as InvalidInputError).errors.map(({ field }) => field))].sort()).toEqual(fields);
    expect(world.calls).toEqual([]);
  });

  it.each([new NotFoundError('run', '1'), new ConflictError('It has ended.'), new RunSkippedError('overlap', 'One runs.'), new UnavailableError('NATS is away.')])('brings $name back as itself', async (error) => {
    const world = open();
    world.serve();
    world.answer('runs.get', () => {
      throw error;
    });
    expect(await caught(world.ask('run.get', { taskId: '1' }))).toEqual(error);
  });

  it('answers what is no frame with an error', async () => {
    const world = open();
    world.serve();
    for (const payload of [new Uint8Array(0), new TextEncoder().encode('{"taskId":"1"}'), encodeFrame('run', new Uint8Array(0))]) {
      const head = decodeFrame(await world.raw('run.get', payload))?.head as { error: unknown };
      expect(unpackError(head.error)).toBeInstanceOf(NodeFaultError);
    }
  });

  it('gives a page that fits into a message, and where to go on', async () => {
    const world = open();
    world.serve();
    world.answer('runs.list', (_filter: unknown, { limit }: { limit: number }) => ({ items: Array.from({ length: limit }, (_, index) => runRecord({ id: `${437500000000000100 + index}`, args: 'x'.repeat(60_000) })), next: '437500000000000000' }));
    const page = await world.ask('run.list', { limit: 100 }) as { items: unknown[]; nextCursor: string };
    expect(page.items).toHaveLength(12);
    expect(page.nextCursor).not.toBeNull();
  });

  it('refuses more than a node does at once, and answers what is under way before it stops', async () => {
    const world = open();
    const served = world.serve();
    const release: (() => void)[] = [];
    world.answer('runs.get', () => new Promise((resolve) => release.push(() => resolve(runRecord()))));
    const asked = Array.from({ length: 257 }, () => caught(world.ask('run.get', { taskId: '1' })));
    while (release.length < 256) await world.clock.advance(1);
    expect(await Promise.race(asked)).toBeInstanceOf(UnavailableError);
    const stopped = served.stop();
    for (const each of release) each();
    await stopped;
    expect((await Promise.all(asked)).filter((error) => error === undefined)).toHaveLength(256);
    expect(await caught(world.ask('run.get', { taskId: '1' }))).toMatchObject({ message: expect.stringContaining('Nobody answers') });
  });
});

describe('declaring a job', () => {
  const missing = (kind: string) => () => {
    throw new NotFoundError(kind, 'x');
  };

  it('makes it, with its namespace and app where they are missing', async () => {
    const world = open();
    world.serve();
    for (const kind of ['namespaces', 'apps', 'jobs']) world.answer(`${kind}.get`, missing(kind));
    expect(await world.ask('job.declare', { ...AT, args: { a: 2 }, onExisting: 'keep' })).toMatchObject({ outcome: 'created', job: { name: 'nightly' } });
    expect(world.calls).toEqual([
      'jobs.get("app.orders.nightly")', 'namespaces.get("app")', 'namespaces.create({"name":"app"})', 'apps.get("app", "orders")', 'apps.create("app", {"name":"orders"})',
      'jobs.create({"namespace":"app","app":"orders","name":"nightly","args":{"a":2}})',
    ]);
  });

  it('changes the given fields of the one that is there', async () => {
    const world = open();
    world.serve();
    expect(await world.ask('job.declare', { ...AT, timeoutMs: 5_000 })).toMatchObject({ outcome: 'updated' });
    expect(world.calls).toEqual(['jobs.get("app.orders.nightly")', 'jobs.update("app.orders.nightly", {"namespace":"app","app":"orders","name":"nightly","timeoutMs":5000}, 12)']);
  });

  it.each([
    ['says nothing new', { timeoutMs: 60_000, args: { a: 1 }, priority: 'normal', schedule: { expression: '0 3 * * *' } }],
    ['is to be kept', { timeoutMs: 1_000, onExisting: 'keep' }],
  ])('changes nothing when it %s', async (_why, fields) => {
    const world = open();
    world.serve();
    expect(await world.ask('job.declare', { ...AT, ...fields })).toMatchObject({ outcome: 'unchanged', job: { version: 12 } });
    expect(world.calls).toEqual(['jobs.get("app.orders.nightly")']);
  });

  it('comes to one job when others declare it at the same time', async () => {
    const world = open();
    world.serve();
    let isThere = false;
    world.answer('jobs.get', () => (isThere ? jobView() : missing('job')()));
    world.answer('jobs.create', () => {
      isThere = true;
      throw new AlreadyExistsError('job', 'app.orders.nightly');
    });
    let changes = 0;
    world.answer('jobs.update', () => {
      if (++changes === 1) throw new StaleVersionError('app.orders.nightly', 13);
      return jobView({ timeoutMs: 7_000 });
    });
    expect(await world.ask('job.declare', { ...AT, timeoutMs: 7_000 })).toMatchObject({ outcome: 'updated' });
    expect(JOB.timeoutMs).toBe(60_000);
    expect(changes).toBe(2);
  });

  it('gives up when others go on changing it', async () => {
    const world = open();
    world.serve();
    world.answer('jobs.update', () => {
      throw new StaleVersionError('app.orders.nightly', 13);
    });
    expect(await caught(world.ask('job.declare', { ...AT, timeoutMs: 7_000 }))).toBeInstanceOf(ConflictError);
  });
});
