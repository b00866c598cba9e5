import { beforeEach, describe, expect, test } from 'vitest';
import type { Scheduler } from '../../../src-core/index.ts';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import type { Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { HEARTBEAT_BUCKET, heartbeatKey, parseRunId, RESULTS_BUCKET, STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

interface Order {
  readonly subject: string;
  readonly id: string;
  readonly taskId: string;
  readonly jobName: string;
  readonly jobEndKvKey: string;
}

let clock: VirtualClock;
let nats: MemoryNats;
let store: Store;
let node: VirtualNode;
let orders: Order[];
/** Answers every order at once with it, when set. */
let answer: string | undefined;

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  store = createMemoryStore();
  orders = [];
  answer = undefined;
  nats.listen((subject, text, headers) => {
    if (!/^natsjob(-void)?\.job\.(start|pre-start|client-start|group-start|cancel)\./.test(subject)) return;
    const order = { ...(JSON.parse(text) as Order), subject, id: headers['Nats-Msg-Id'] ?? '' };
    orders.push(order);
    if (answer !== undefined && order.jobEndKvKey) reply(order, answer);
  });
  node = open();
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(api().apps.create('app', { name: 'biz' }));
});

function open(nodeId = 'node-1', view = store): VirtualNode {
  return openNode({ clock, nats, store: view, config: { nodeId } });
}

function api(): Scheduler['api'] {
  return node.scheduler.api;
}

function define(part: Record<string, unknown> = {}): Promise<unknown> {
  return clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'report', ...part }));
}

function reply(order: Order, text: string): void {
  nats.put(RESULTS_BUCKET, order.jobEndKvKey, text);
}

function beat(id: string, part: object = {}): void {
  nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), JSON.stringify({ id, namespace: 'app', appName: 'biz', ...part }));
}

async function run(request = {}, job = 'app.biz.report'): Promise<string> {
  return (await clock.until(api().jobs.run(job, request))).taskId;
}

async function rows(): Promise<RunRecord[]> {
  await clock.advance(200);
  return [...(await store.runs({ limit: 100 })).items].reverse();
}

const starts = (): Order[] => orders.filter(({ subject }) => !subject.includes('.cancel.'));

test('a fan-out that goes out at once tells no acceptance, however late its moment is decided', async () => {
  nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', 'w1'), JSON.stringify({ id: 'w1', namespace: 'app', appName: 'biz', weight: 1 }));
  await define({ category: 'broadcast', model: 'ultra', schedule: { expression: '* * * * * *' } });
  answer = '{"status":"success"}';
  clock.jump(7);
  await clock.advance(3_000);
  const { items } = await clock.until(api().runs.list({}, { limit: 10 }));
  const late = items.find((run) => run.state === 'completed' && run.dispatchedAt > run.scheduledAt);
  expect(late).toBeDefined();
  const events = await clock.until(api().runs.events(late?.id ?? ''));
  expect(events.map(({ kind }) => kind)).toEqual(['scheduled', 'dispatched', 'sub-run', 'ended']);
});

describe('what becomes due without a fire', () => {
  test('a delayed run starts at its moment', async () => {
    await define();
    const taskId = await run({ delayMs: 5000 });
    await clock.advance(4800);
    expect(starts()).toEqual([]);
    await clock.advance(300);
    expect(starts()).toMatchObject([{ taskId }]);
  });

  test('an unanswered run expires, and its worker is told', async () => {
    await define({ timeoutMs: 2000 });
    await run();
    await clock.advance(2300);
    expect(await rows()).toMatchObject([{ state: 'expired' }]);
    expect(orders.at(-1)?.subject).toContain('.cancel.app.biz.report.');
  });

  test('a failed run is tried again after its backoff, as often as allowed', async () => {
    answer = 'fail';
    await define({ retry: { attempts: 3, delayMs: 1000 } });
    const root = await run();
    await clock.advance(500);
    expect(starts()).toHaveLength(1);
    await clock.advance(5000);
    expect(starts()).toHaveLength(3);
    expect((await rows()).map(({ attempt, rootId, state }) => [attempt, rootId, state])).toEqual([[1, '', 'failed'], [2, root, 'failed'], [3, root, 'failed']]);
  });

  test('held runs go in order of priority, then of age', async () => {
    await define({ overlap: 'queue' });
    const first = await run();
    const old = await run();
    const young = await run();
    const urgent = await run({ priority: 20 });
    answer = 'success';
    reply(starts()[0] as Order, 'success');
    await clock.advance(500);
    expect(starts().map(({ taskId }) => taskId)).toEqual([first, urgent, old, young]);
  });

  test('a queue keeps its bound under a burst', async () => {
    await define({ overlap: 'queue', queueLimit: 3 });
    const asked = Array.from({ length: 10 }, () => api().jobs.run('app.biz.report', {}));
    const results = await clock.until(Promise.allSettled(asked));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    await clock.advance(500);
    expect((await rows()).map(({ state }) => state).sort()).toEqual(['active', 'waiting', 'waiting', 'waiting']);
  });

  test('held runs of a paused job wait, of a disabled one are cancelled', async () => {
    await define({ overlap: 'queue' });
    await run();
    await run();
    const { version } = await api().jobs.get('app.biz.report');
    await clock.until(api().jobs.update('app.biz.report', { state: 'paused' }, version));
    reply(starts()[0] as Order, 'success');
    await clock.advance(3000);
    expect((await rows()).map(({ state }) => state)).toEqual(['completed', 'waiting']);
    const again = await api().jobs.get('app.biz.report');
    await clock.until(api().jobs.update('app.biz.report', { state: 'disabled' }, again.version));
    await clock.advance(2000);
    expect((await rows()).map(({ state }) => state)).toEqual(['completed', 'cancelled']);
  });

  test('held runs end with the active window', async () => {
    await define({ overlap: 'queue', schedule: { endAt: new Date(clock.now() + 3000).toISOString() } });
    await run();
    await run();
    await run({ delayMs: 2900 });
    await clock.advance(3500);
    reply(starts()[0] as Order, 'success');
    await clock.advance(2000);
    expect((await rows()).map(({ state, reason }) => [state, reason])).toEqual([['completed', ''], ['cancelled', 'the active window is over'], ['cancelled', 'the active window is over']]);
  });

  test('a newer fire replaces the running one and whatever waited to', async () => {
    await define({ overlap: 'replace' });
    const first = await run();
    const second = await run();
    await clock.advance(500);
    const third = await run();
    await clock.advance(500);
    expect((await rows()).map(({ id, state }) => [id, state])).toEqual([[first, 'cancelled'], [second, 'cancelled'], [third, 'active']]);
  });
});

describe('cancelling', () => {
  test.each([['active', {}], ['delayed', { delayMs: 60_000 }]])('ends one that is %s, once', async (_state, request) => {
    await define();
    const taskId = await run(request);
    expect((await clock.until(api().runs.cancel(taskId))).state).toBe('cancelled');
    await expect(api().runs.cancel(taskId)).rejects.toThrow(/ended/);
    await clock.advance(70_000);
    expect((await rows()).map(({ state }) => state)).toEqual(['cancelled']);
  });

  test('a map run that has just gone on to its second step ends there', async () => {
    await define({ category: 'map' });
    const taskId = await run();
    const cancelling = api().runs.cancel(taskId);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    // Decided, and not in the log yet: the worker is faster.
    reply(starts()[0] as Order, 'success:next');
    expect((await clock.until(cancelling, 15_000)).state).toBe('cancelled');
    expect(starts()).toHaveLength(1);
  });
});

describe('answers', () => {
  test('to a broadcast are kept after the run was written and forgotten', async () => {
    await define({ category: 'broadcast' });
    const taskId = await run();
    const order = starts()[0] as Order;
    reply(order, 'success');
    await clock.advance(5000);
    reply(order, JSON.stringify({ status: 'fail', reason: 'late' }));
    await clock.advance(500);
    expect((await store.subRuns(taskId, { limit: 10 })).items).toMatchObject([{ kind: 'answer', status: 'fail', reason: 'late' }]);
  });

  test('to runs nobody knows hold nothing up', async () => {
    await define();
    for (let index = 0; index < 50; index++) nats.put(RESULTS_BUCKET, `natsjob.job.end.app.biz.report.${81_573_508_966_000_000n + BigInt(index) * 4_194_304n + 1n}0`, 'success');
    const taskId = await run();
    reply(starts()[0] as Order, 'success');
    await clock.advance(4000);
    expect((await store.run(taskId))?.state).toBe('completed');
    expect((await clock.until(api().gauges())).projectionLag).toBe(0);
  });
});

describe('stopping', () => {
  test('leaves no timer behind', async () => {
    await define({ overlap: 'queue', schedule: { expression: '* * * * * *' } });
    await run({ delayMs: 60_000 });
    await clock.advance(3000);
    await clock.until(node.scheduler.stop());
    await node.crash();
    await clock.advance(1000);
    expect(clock.timers).toBe(0);
  });

  test('in good order lets the next node fire the very next moment, none lost, none twice', async () => {
    await define({ model: 'plus', schedule: { expression: '* * * * * *' }, misfire: { policy: 'all' } });
    const standby = open('node-2', createMemoryStore());
    await clock.until(standby.scheduler.start());
    await clock.advance(3000 - (clock.now() % 1000) - 1);
    const stopping = node.scheduler.stop();
    await clock.advance(1);
    await clock.advance(300);
    await clock.until(stopping);
    await clock.advance(4000);
    const times = starts().map(({ taskId }) => parseRunId(taskId)!.atMs);
    expect(new Set(times).size).toBe(times.length);
    expect(times.map((at) => at - times[0]!)).toEqual(times.map((_, index) => index * 1000));
  });

  test('while a definition is being written answers instead of hanging', async () => {
    const creating = api().jobs.create({ namespace: 'app', app: 'biz', name: 'late' });
    const stopping = node.scheduler.stop();
    await clock.until(Promise.allSettled([creating, stopping]));
    expect((await store.checkpoints()).length).toBeGreaterThan(0);
  });
});

describe('starting', () => {
  test('again and again while NATS flaps does not block the jobs of open runs', async () => {
    await define({ timeoutMs: 60_000 });
    await run();
    await clock.advance(500);
    await node.crash();
    node = open();
    const starting = node.scheduler.start();
    for (let flap = 0; flap < 5; flap++) {
      await clock.settle();
      node.bus.cut();
      await clock.advance(700);
      node.bus.mend();
      await clock.advance(60);
    }
    await clock.until(starting);
    await clock.advance(3000);
    expect(await clock.until(api().gauges())).toMatchObject({ activeRuns: 1 });
    reply(starts()[0] as Order, 'success');
    await clock.advance(500);
    await run();
    expect(starts()).toHaveLength(2);
  });

  test('waits for a database that is away, says so, and goes on by itself', async () => {
    await node.crash();
    let isAway = true;
    const view = new Proxy(store, {
      get: (target, name) => (isAway && typeof Reflect.get(target, name) === 'function' ? () => Promise.reject(new UnavailableError('The database h:1 does not answer.')) : Reflect.get(target, name)),
    });
    node = open('node-1', view);
    const starting = node.scheduler.start();
    await clock.advance(10_000);
    expect(api().health()).toMatchObject({ ready: false, databaseWritable: false, problems: ['the database is not read yet', 'The database h:1 does not answer.'] });
    isAway = false;
    await clock.until(starting);
    await clock.advance(5_000);
    expect(api().health()).toMatchObject({ ready: true, databaseWritable: true, problems: [] });
  });

  test('counts each open run once, also when the database goes away while it is asked', async () => {
    await define({ rate: { max: 5, perMs: 1000 } });
    await clock.until(api().jobs.run('app.biz.report', {}));
    await clock.advance(1000);
    await node.crash();
    let asked = 0;
    node = open('node-1', { ...store, runs: (query) => (++asked === 1 ? Promise.reject(new UnavailableError('The database h:1 does not answer.')) : store.runs(query)) });
    await clock.until(node.scheduler.start());
    await clock.advance(1000);
    expect(asked).toBeGreaterThan(1);
    expect(await clock.until(api().gauges())).toMatchObject({ activeRuns: 1 });
    reply(starts()[0] as Order, 'success');
    await clock.advance(1000);
    expect(await clock.until(api().gauges())).toMatchObject({ activeRuns: 0, queuedRuns: 0 });
    await clock.until(api().jobs.run('app.biz.report', {}));
    expect(starts()).toHaveLength(2);
  });

  test('with an empty view on a log with a history tells every run as it was', async () => {
    answer = 'success';
    await define({ schedule: { expression: '* * * * * *' } });
    await clock.advance(20_000);
    await node.crash();
    const copy = createMemoryStore();
    node = open('node-1', copy);
    await clock.until(node.scheduler.start());
    await clock.advance(3000);
    const { items } = await copy.runs({ limit: 100 });
    expect(items.length).toBeGreaterThan(20);
    expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['completed']));
  });

  test('after NATS lost everything goes on with the definitions it knows', async () => {
    answer = 'success';
    await define({ model: 'plus', schedule: { expression: '* * * * * *' } });
    await clock.advance(3000);
    nats.wipe();
    await clock.advance(20_000);
    const before = starts().length;
    await clock.advance(5000);
    expect(starts().length - before).toBe(5);
    expect(nats.stream(STREAM)?.lastSequence).toBeGreaterThan(0);
  });

  test('of a pro job waits for its worker', async () => {
    await define({ model: 'pro', schedule: { expression: '* * * * * *' } });
    await clock.advance(2000);
    expect(starts()).toEqual([]);
    beat('w1');
    await clock.advance(1100);
    expect(starts().length).toBeGreaterThan(0);
  });

  test('of a pro job finds workers that beat, however far its clock is ahead of the NATS server\'s', async () => {
    answer = 'success';
    await define({ model: 'pro' });
    node.clock.skewMs += 200_000;
    for (let time = 0; time < 5; time++) {
      beat('w1');
      await clock.advance(5000);
    }
    await clock.until(api().jobs.run('app.biz.report', {}));
    expect(starts()).toHaveLength(1);
    await clock.advance(15_000);
    await expect(clock.until(api().jobs.run('app.biz.report', {}))).rejects.toThrow();
    expect(starts()).toHaveLength(1);
  });
});
