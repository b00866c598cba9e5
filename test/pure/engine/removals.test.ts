import { beforeEach, describe, expect, test } from 'vitest';
import type { BookListener } from '../../../src-core/decide/index.ts';
import { emptyRecord, RunBook } from '../../../src-core/decide/index.ts';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import { heldRemovals } from '../../../src-core/engine/removals.ts';
import { fence } from '../../../src-core/engine/view-batch.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { encodeRunsRemoved, RESULTS_BUCKET, RESULTS_STREAM, runEventSubject, STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode } from '../../support/virtual-node.ts';

const JOB = 'app.biz.work';
const SILENT: BookListener = { dispatched() {}, accepted() {}, nextStep() {}, ended() {}, monitored() {}, oddity() {} };

let clock: VirtualClock;
let nats: MemoryNats;

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
});

test('a node that is killed when it knows of a cleaning and not of the end lets the run go all the same, and counts the end', async () => {
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.')) clock.after(100, () => void nats.put(RESULTS_BUCKET, (JSON.parse(text) as { jobEndKvKey: string }).jobEndKvKey, 'success'));
  });
  const leader = openNode({ clock, nats, store: createMemoryStore(), config: { nodeId: 'a' } });
  await clock.until(leader.scheduler.start());
  await clock.advance(1000);
  const view = createMemoryStore();
  const open = () => openNode({ clock, nats, store: view, config: { nodeId: 'b' } });
  const other = open();
  await clock.until(other.scheduler.start());
  const { api } = leader.scheduler;
  await clock.until(api.apps.create('app', { name: 'biz' }));
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'work' }));
  await clock.advance(1000);

  other.bus.readLatencyMs = (stream) => (stream === RESULTS_STREAM ? 60_000 : 0);
  const { taskId } = await clock.until(api.jobs.run(JOB, {}));
  await clock.advance(1000);
  expect(await clock.until(api.jobs.clean(JOB, { state: 'completed', olderThanMs: 0, limit: 10 }))).toBe(1);
  await clock.advance(2000);
  expect(await view.run(taskId)).toMatchObject({ state: 'active' });
  await other.crash();

  const again = open();
  await clock.until(again.scheduler.start());
  await clock.advance(2000);
  expect(await view.run(taskId)).toBeUndefined();
  await expect(clock.until(again.scheduler.api.runs.get(taskId))).rejects.toMatchObject({ name: 'NotFoundError' });
  expect((await view.endTotals({ from: 0, to: clock.now() + 60_000, bucketMs: 60_000 })).reduce((sum, { completed }) => sum + completed, 0)).toBe(1);
  for (const node of [leader, again]) await clock.until(node.scheduler.stop());
});

test('a shared view that stands between a cleaning and the end lets the run go with the next leader', async () => {
  const view = createMemoryStore({ isShared: true });
  let key = '';
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.')) key = (JSON.parse(text) as { jobEndKvKey: string }).jobEndKvKey;
  });
  const first = openNode({ clock, nats, store: view, config: { nodeId: 'a' } });
  await clock.until(first.scheduler.start());
  await clock.advance(1000);
  const { api } = first.scheduler;
  await clock.until(api.apps.create('app', { name: 'biz' }));
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'work', timeoutMs: 60_000 }));
  const { taskId } = await clock.until(api.jobs.run(JOB, {}));
  await clock.advance(2000);
  await first.crash();
  nats.put(RESULTS_BUCKET, key, 'success');
  const sequence = nats.publish(runEventSubject('removed', 'app', 'biz', 'work'), encodeRunsRemoved({ v: 1, taskIds: [taskId] }), { 'Natsjob-Term': '1' });
  const { created } = (await view.checkpoints()).find(({ stream }) => stream === STREAM)!;
  await view.apply({ ...fence(1), checkpoints: [{ stream: STREAM, created, sequence }] });
  expect(await view.run(taskId)).toMatchObject({ state: 'active' });

  const second = openNode({ clock, nats, store: view, config: { nodeId: 'b' } });
  await clock.until(second.scheduler.start());
  await clock.advance(10_000);
  expect(second.scheduler.api.health().role).toBe('leader');
  expect(await view.run(taskId)).toBeUndefined();
  expect((await view.endTotals({ from: 0, to: clock.now() + 60_000, bucketMs: 60_000 })).reduce((sum, { completed }) => sum + completed, 0)).toBe(1);
  await clock.until(second.scheduler.stop());
});

describe('what was held back', () => {
  const ids = ['1', '2', '3', '4'].map((digit) => `81573512321433600${digit}`);
  const removed = (taskIds: string[], term = '1'): number => nats.publish(runEventSubject('removed', 'app', 'biz', 'work'), encodeRunsRemoved({ v: 1, taskIds }), term === '' ? {} : { 'Natsjob-Term': term });

  test('is what the view has open and a leader said is to go, up to the place that the view has read', async () => {
    const bus = nats.connect();
    await clock.until(bus.ensureObjects({ replicas: 1, maxBytes: 2 ** 20 }));
    const book = new RunBook(SILENT);
    for (const id of ids.slice(0, 3)) book.load({ ...emptyRecord(id, { jobNumber: 1, namespace: 'app', app: 'biz', job: 'work' }), state: 'active' }, []);
    removed([ids[1]!], '');
    const through = removed([ids[0]!, ids[3]!]);
    removed([ids[2]!]);
    expect(await clock.until(heldRemovals(bus, book, through))).toEqual([ids[0]]);
    expect(await clock.until(heldRemovals(bus, new RunBook(SILENT), through))).toEqual([]);
  });

  test('is not taken for known when NATS showed only a part of it in time', async () => {
    const book = new RunBook(SILENT);
    book.load({ ...emptyRecord(ids[0]!, { jobNumber: 1, namespace: 'app', app: 'biz', job: 'work' }), state: 'active' }, []);
    await expect(heldRemovals({ read: async () => false }, book, 9)).rejects.toThrow(UnavailableError);
  });
});
