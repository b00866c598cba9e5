import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotFoundError } from '../../../src-core/domain/errors.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import type { SchedulerApi, Store } from '../../../src-core/ports/index.ts';
import type { Report } from '../../../src-core/wire/index.ts';
import { encodeReport, reportSubject, RESULTS_BUCKET, RESULTS_STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

const JOB = 'app.biz.work';
let clock: VirtualClock;
let nats: MemoryNats;
let nodes: VirtualNode[];
let orders: Map<string, { taskId: string; jobEndKvKey: string }>;
let shared: Store | undefined;
let storeOfB: Store;

async function begin(): Promise<void> {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  orders = new Map();
  nodes = [];
  nats.listen((subject, text) => {
    if (!subject.startsWith('natsjob.job.start.')) return;
    const order = JSON.parse(text) as { taskId: string; jobEndKvKey: string };
    orders.set(order.taskId, order);
  });
  for (const nodeId of ['a', 'b']) {
    storeOfB = createMemoryStore();
    const node = openNode({ clock, nats, store: shared ?? storeOfB, config: { nodeId } });
    nodes.push(node);
    await clock.until(node.scheduler.start());
    await clock.advance(1_000);
  }
  await clock.until(api().apps.create('app', { name: 'biz' }));
  await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'work', overlap: 'queue', maxRunning: 2, timeoutMs: 600_000 }));
}
afterEach(async () => {
  for (const node of nodes) await clock.until(node.scheduler.stop());
});

/** Of the one that stands by. */
const api = (): SchedulerApi => nodes[1]!.scheduler.api;
const caught = (promise: Promise<unknown>): Promise<unknown> => clock.until(promise.then(() => undefined, (error: unknown) => error));
const answer = async (taskId: string, status: string, reason = ''): Promise<void> => {
  nats.put(RESULTS_BUCKET, orders.get(taskId)!.jobEndKvKey, JSON.stringify({ status, reason }));
  await clock.advance(200);
};
const run = async (request = {}, job = JOB): Promise<string> => (await clock.until(api().jobs.run(job, request))).taskId;

describe.each(['of its own', 'that all share'])('a node that does not lead, with a database %s', (kind) => {
  beforeEach(() => {
    shared = kind === 'of its own' ? undefined : createMemoryStore({ isShared: true });
    return begin();
  });

  test('tells what a job has to do and what became of its runs', async () => {
    const ids = [];
    for (let index = 0; index < 6; index++) {
      ids.push(await run());
      await clock.advance(1_000);
    }
    await run({ delayMs: 60_000 });
    const begun = clock.now();
    expect(await clock.until(api().jobs.queue(JOB))).toMatchObject({ waiting: 4, delayed: 1, active: 2, completed: 0, state: 'enabled', workers: 0 });
    // The third one waits longest.
    expect((await clock.until(api().jobs.queue(JOB))).oldestWaitingAt).toBe(begun - 4_000);
    await answer(ids[0]!, 'success');
    await answer(ids[1]!, 'fail', 'no paper');
    await clock.until(api().runs.cancel(ids[2]!));
    await clock.advance(1_000);
    expect(await clock.until(api().jobs.queue(JOB))).toMatchObject({ waiting: 1, delayed: 1, active: 2, completed: 1, failed: 1, expired: 0, cancelled: 1 });
    const metrics = await clock.until(api().jobs.queueMetrics(JOB));
    expect(metrics).toMatchObject({ total: 3, completed: 1, failed: 1, successRate: 0.5 });
    expect(metrics.averageMs).toBeGreaterThan(1_000);
  });

  test('shows all tries of a run, whichever of them is asked for', async () => {
    await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'again', retry: { attempts: 3, delayMs: 5_000, on: ['fail'] } }));
    const first = await run({}, 'app.biz.again');
    await answer(first, 'fail', 'no paper');
    const [, second] = await clock.until(api().runs.attempts(first));
    expect(second?.run).toMatchObject({ attempt: 2, state: 'delayed', rootId: first });
    await clock.advance(6_000);
    await answer(second!.run.id, 'success', '{"pages":3}');
    for (const id of [first, second!.run.id]) {
      const attempts = await clock.until(api().runs.attempts(id));
      expect(attempts.map(({ run: { attempt, state, reason } }) => [attempt, state, reason])).toEqual([[1, 'failed', 'no paper'], [2, 'completed', '{"pages":3}']]);
    }
    expect(await caught(api().runs.attempts('437500000000000001'))).toBeInstanceOf(NotFoundError);
  });

  test('gives the result of a try that was too long for its answer, while it is kept', async () => {
    const ids = [await run(), await run()];
    nats.publish(reportSubject('app', 'biz', 'work', ids[0]!), encodeReport({ kind: 'log', at: 1, level: 'info', text: 'counting' })!);
    nats.publish(reportSubject('app', 'biz', 'work', ids[0]!), encodeReport({ kind: 'result', at: 2, value: { rows: ['x'.repeat(2_000)] } })!);
    for (const id of ids) await answer(id, 'success', 'a result of 2011 characters');
    expect((await clock.until(api().runs.attempts(ids[0]!)))[0]?.result).toEqual({ value: { rows: ['x'.repeat(2_000)] } });
    expect((await clock.until(api().runs.attempts(ids[1]!)))[0]?.result).toBeUndefined();
  });

  test('says which tries wait because somebody paused the job', async () => {
    await run();
    await run();
    const waiting = await run();
    const { version } = await clock.until(api().jobs.get(JOB));
    await clock.until(api().jobs.update(JOB, { state: 'paused' }, version));
    expect(await clock.until(api().runs.attempts(waiting))).toMatchObject([{ isPaused: true, run: { state: 'waiting' } }]);
    await clock.until(api().jobs.update(JOB, { state: 'enabled' }, (await clock.until(api().jobs.get(JOB))).version));
    expect(await clock.until(api().runs.attempts(waiting))).toMatchObject([{ isPaused: false }]);
  });

  test('gives what was reported of a run in pages, and of no other', async () => {
    const id = await run();
    const other = await run();
    const tell = (taskId: string, report: Report): void => void nats.publish(reportSubject('app', 'biz', 'work', taskId), encodeReport(report)!);
    for (let at = 1; at <= 7; at++) {
      tell(id, { kind: 'log', at, level: 'info', text: `line ${at}` });
      tell(other, { kind: 'progress', at, progress: at });
    }
    nats.publish(reportSubject('app', 'biz', 'work', id), 'no report');
    tell(id, { kind: 'result', at: 8, value: { rows: 2 } });
    const first = await clock.until(api().runs.reports(id, { limit: 5 }));
    expect(first.items).toMatchObject([1, 2, 3, 4, 5].map((at) => ({ kind: 'log', at, text: `line ${at}` })));
    const rest = await clock.until(api().runs.reports(id, { limit: 5, after: first.next! }));
    expect(rest).toMatchObject({ items: [{ at: 6 }, { at: 7 }, { kind: 'result', value: { rows: 2 } }], next: undefined });
    expect(await clock.until(api().runs.reports(id, { limit: 5, after: rest.items.at(-1)!.sequence }))).toEqual({ items: [], next: undefined });
    expect(await caught(api().runs.reports('437500000000000001', { limit: 5 }))).toBeInstanceOf(NotFoundError);
  });

  test('gives what was reported of a run that has no row, too, and pages of a bounded size', async () => {
    const id = '437500000000000001';
    for (let at = 1; at <= 12; at++) nats.publish(reportSubject('app', 'biz', 'light', id), encodeReport({ kind: 'result', at, value: 'x'.repeat(200_000) })!);
    const { items, next } = await clock.until(api().runs.reports(id, { limit: 100 }));
    expect(items).toHaveLength(5);
    expect(next).toBe(items[4]!.sequence);
  });

  describe('cleans away', () => {
    const idsOf = async (node: VirtualNode): Promise<string[]> => (await clock.until(node.scheduler.api.runs.list({}, { limit: 100 }))).items.map(({ id }) => id);
    const histories = async (): Promise<string[]> => Promise.all(nodes.map(async (node) => JSON.stringify((await node.scheduler.api.runs.list({}, { limit: 100 })).items)));

    test('ended runs of one state from the view of every node, those that ended long enough ago', async () => {
      const ids = [];
      for (let index = 0; index < 6; index++) {
        ids.push(await run());
        await answer(ids.at(-1)!, index % 2 === 0 ? 'success' : 'fail');
        await clock.advance(60_000);
      }
      const other = (await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'other' }))).definition.name;
      const kept = await run({}, `app.biz.${other}`);
      await answer(kept, 'success');
      await clock.advance(600_000);
      expect(await clock.until(api().jobs.clean(JOB, { state: 'completed', olderThanMs: 600_000 + 2.5 * 60_000, limit: 100 }))).toBe(2);
      // At once on the node that was asked, soon on the others.
      expect(await idsOf(nodes[1]!)).toEqual([kept, ids[5], ids[4], ids[3], ids[1]]);
      await clock.advance(200);
      for (const node of nodes) expect(await idsOf(node)).toEqual([kept, ids[5], ids[4], ids[3], ids[1]]);
      expect(await clock.until(api().jobs.clean(JOB, { state: 'failed', olderThanMs: 0, limit: 2 }))).toBe(2);
      await clock.advance(200);
      for (const node of nodes) expect(await idsOf(node)).toEqual([kept, ids[4], ids[1]]);
      expect(await clock.until(api().jobs.queue(JOB))).toMatchObject({ completed: 3, failed: 3 });
      expect(await clock.until(api().jobs.clean(JOB, { state: 'expired', olderThanMs: 0, limit: 2 }))).toBe(0);
    });

    test('what waits or is delayed, after it is cancelled: it never runs', async () => {
      const active = [await run(), await run()];
      for (let index = 0; index < 3; index++) await run();
      await run({ delayMs: 3_600_000 });
      await clock.advance(1_000);
      expect(await clock.until(api().jobs.clean(JOB, { state: 'waiting', olderThanMs: 0, limit: 100 }))).toBe(3);
      expect(await clock.until(api().jobs.clean(JOB, { state: 'delayed', olderThanMs: 0, limit: 100 }))).toBe(0);
      await clock.advance(3_600_001);
      for (const id of active) expect(orders.has(id)).toBe(true);
      await clock.advance(1_000);
      expect(orders.size).toBe(3);
      expect(await clock.until(api().jobs.queue(JOB))).toMatchObject({ waiting: 0, delayed: 0, cancelled: 3 });
      await clock.advance(200);
      const [one, two] = await clock.until(histories());
      expect(one).toBe(two);
      expect(JSON.parse(one!)).toHaveLength(3);
    });

    test('the same from a node that was killed, or away from its answers, meanwhile', async () => {
      const ids = [await run(), await run()];
      await answer(ids[0]!, 'success');
      await clock.advance(500);
      const standby = nodes.pop()!;
      await standby.crash();
      // Ends after the crash, and is cleaned away: the node reads both when it is back.
      await answer(ids[1]!, 'success');
      await clock.advance(1_000);
      const leader = nodes[0]!.scheduler.api;
      expect(await clock.until(leader.jobs.clean(JOB, { state: 'completed', olderThanMs: 0, limit: 100 }))).toBe(2);
      const back = openNode({ clock, nats, store: shared ?? storeOfB, config: { nodeId: 'b' } });
      nodes.push(back);
      // Answers come to this node long after the runs.
      const open = back.bus.openFeed.bind(back.bus);
      back.bus.openFeed = (options) => open(options.stream === RESULTS_STREAM ? { ...options, onMessage: (message) => void clock.after(300, () => options.onMessage(message)) } : options);
      await clock.until(back.scheduler.start());
      await clock.advance(2_000);
      for (const node of nodes) expect(await idsOf(node)).toEqual([]);
      for (const node of nodes) expect(await clock.until(node.scheduler.api.jobs.queue(JOB))).toMatchObject({ completed: 2, active: 0 });
    });

    test('and tells so in the log alone: whoever has no term removes nothing', async () => {
      const id = await run();
      await answer(id, 'success');
      nats.publish('natsjob.run.removed.app.biz.work', JSON.stringify({ v: 1, taskIds: [id] }));
      await clock.advance(1_000);
      for (const node of nodes) expect(await idsOf(node)).toEqual([id]);
    });
  });
});
