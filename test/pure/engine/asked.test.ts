import { beforeEach, expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import type { Store } from '../../../src-core/ports/index.ts';
import type { Asked, AskedRun, Dispatch } from '../../../src-core/wire/index.ts';
import { askedRunId, askedSubject, decodeDispatch, DEFINITIONS_BUCKET, encodeAsked, encodeHeartbeat, HEARTBEAT_BUCKET, heartbeatKey, jobKey, RESULTS_BUCKET } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let store: Store;
let node: VirtualNode;
/** What plain subscribers have seen, in its order. */
let sent: Dispatch[];

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  store = createMemoryStore();
  sent = [];
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.')) sent.push(decodeDispatch(text) as Dispatch);
  });
  node = openNode({ clock, nats, store });
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
});

async function job(definition: Record<string, unknown> = {}): Promise<number> {
  const made = await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: 'work', ...definition }));
  return Number(made.id);
}

/** Their ids. */
async function ask(runs: AskedRun[], part: Partial<Asked> = {}): Promise<string[]> {
  const at = part.at ?? clock.now();
  const sequence = nats.publish(askedSubject('app', 'biz', 'work'), encodeAsked({ at, runs, ...part }));
  await clock.advance(30);
  return runs.map((_, index) => askedRunId(at, sequence, index));
}

async function run(id: string | undefined): Promise<RunRecord> {
  return (await clock.until(store.run(id ?? '')))!;
}

async function states(ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) found.push((await run(id)).state);
  return found;
}

function answer({ namespace, app, job: name, taskId }: Dispatch, text: string): void {
  nats.put(RESULTS_BUCKET, `natsjob.job.end.${namespace}.${app}.${name}.${taskId}`, text);
}

test('a run that was asked for is sent at once, with the job\'s own where it says nothing', async () => {
  const number = await job({ args: 'the job\'s', priority: 10, retry: { attempts: 3 }, maxRunning: 10 });
  const [first, second] = await ask([{}, { args: 'mine', priority: 20 }], { job: number });
  expect(sent.map(({ taskId, args, priority }) => ({ taskId, args, priority }))).toEqual([
    { taskId: first, args: 'the job\'s', priority: 10 }, { taskId: second, args: 'mine', priority: 20 },
  ]);
  expect(await run(first)).toMatchObject({ state: 'active', trigger: 'api', attempts: 3, jobNumber: number, namespace: 'app', app: 'biz', job: 'work' });
  answer(sent[0]!, 'success');
  await clock.advance(50);
  expect(await run(first)).toMatchObject({ state: 'completed' });
});

test('it waits for its turn by priority and age, also where a fire would be skipped', async () => {
  await job({ overlap: 'skip' });
  const ids = await ask([{}, {}, { priority: 20 }, {}]);
  const order: string[] = [];
  for (let round = 0; round < 4; round++) {
    order.push(sent.at(-1)!.taskId);
    expect(sent).toHaveLength(round + 1);
    answer(sent.at(-1)!, 'success');
    await clock.advance(50);
  }
  expect(order).toEqual([ids[0], ids[2], ids[1], ids[3]]);
});

test('it can wait for its time', async () => {
  await job();
  const [id] = await ask([{ delayMs: 5000 }]);
  expect(await run(id)).toMatchObject({ state: 'delayed' });
  await clock.advance(4900);
  expect(sent).toEqual([]);
  await clock.advance(200);
  expect(sent.map(({ taskId }) => taskId)).toEqual([id]);
});

test('beyond the queue\'s bound it ends as cancelled, saying so', async () => {
  await job({ queueLimit: 3 });
  const ids = await ask([{}, {}, {}, {}, {}, { delayMs: 60_000 }]);
  await clock.advance(100);
  expect(await states(ids)).toEqual(['active', 'waiting', 'waiting', 'waiting', 'cancelled', 'cancelled']);
  expect(await run(ids[4])).toMatchObject({ reason: 'the queue is full', dispatchedAt: 0 });
});

test('timeout, attempts and backoff may be its own, and its attempts have them too', async () => {
  await job({ timeoutMs: 60_000, retry: { attempts: 1 } });
  const [id] = await ask([{ timeoutMs: 2000, attempts: 3, backoff: { type: 'fixed', delayMs: 7000 } }]);
  await clock.advance(2200);
  expect(await run(id)).toMatchObject({ state: 'expired', attempts: 3 });
  const second = (await run(id)).retryId;
  expect(await run(second)).toMatchObject({ state: 'delayed', attempt: 2, attempts: 3, rootId: id });
  // Whoever leads next goes on with them.
  await node.crash();
  node = openNode({ clock, nats, store });
  await clock.until(node.scheduler.start());
  await clock.advance(7200);
  expect(sent.map(({ attempt }) => attempt)).toEqual([1, 2]);
  await clock.advance(2200);
  expect(await run(second)).toMatchObject({ state: 'expired' });
  await clock.advance(7200);
  expect(sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  answer(sent[2]!, 'fail');
  await clock.advance(10_000);
  expect(sent).toHaveLength(3);
});

test('a worker that says so gets no other attempt', async () => {
  await job({ retry: { attempts: 5, delayMs: 10 } });
  const [id] = await ask([{}]);
  answer(sent[0]!, '{"status":"fail","reason":"BadInput: no","noRetry":true}');
  await clock.advance(2000);
  expect(await run(id)).toMatchObject({ state: 'failed', reason: 'BadInput: no', retryId: '', retryPending: false });
  expect(sent).toHaveLength(1);
});

test('one job by its number: it is waited for, and ends as cancelled when it never comes', async () => {
  const number = await job();
  await clock.until(node.scheduler.api.jobs.remove('app.biz.work', (await clock.until(node.scheduler.api.jobs.get('app.biz.work'))).version));
  const ids = await ask([{}, { delayMs: 50_000 }], { job: number });
  expect(await states(ids)).toEqual(['waiting', 'delayed']);
  await clock.advance(4000);
  expect(await states(ids)).toEqual(['cancelled', 'cancelled']);
  expect(await run(ids[0])).toMatchObject({ reason: 'the job is gone or disabled' });
});

test('a job that was made before its run was asked for is waited for, however late it is read of', async () => {
  const number = await job();
  const { definition } = await clock.until(node.scheduler.api.jobs.get('app.biz.work'));
  const text = (name: string, change: object): string => JSON.stringify({ ...definition, name, ...change });
  // What stands between is more than a reader gives out at a time, so that the run is read of first.
  for (let count = 0; count < 600; count++) nats.put(DEFINITIONS_BUCKET, jobKey('app', 'biz', `other-${count}`), text(`other-${count}`, { number: number + 2 + count }));
  nats.put(DEFINITIONS_BUCKET, jobKey('app', 'biz', 'late'), text('late', { number: number + 1 }));
  const at = clock.now();
  const sequence = nats.publish(askedSubject('app', 'biz', 'late'), encodeAsked({ at, runs: [{ args: 'x' }] }));
  await clock.advance(50);
  expect(await run(askedRunId(at, sequence, 0))).toMatchObject({ state: 'active', job: 'late', jobNumber: number + 1, args: 'x' });
  expect(Object.fromEntries(node.oddities)).toEqual({});
});

test('what nobody knows and nobody can read makes no runs, and is counted', async () => {
  await ask([{}]);
  for (const text of ['', 'x', '{"v":1}', `{"v":1,"at":${clock.now()},"runs":[${'{},'.repeat(300)}{}]}`]) nats.publish(askedSubject('app', 'biz', 'work'), text);
  await clock.advance(50);
  const number = await job({ maxRunning: 5 });
  // The number of another job than the subject says.
  nats.publish(askedSubject('app', 'biz', 'other'), encodeAsked({ at: clock.now(), job: number, runs: [{}] }));
  await clock.advance(50);
  expect(Object.fromEntries(node.oddities)).toEqual({ 'asked-unknown-job': 2, 'asked-unreadable': 4 });
  expect((await clock.until(store.runs({ limit: 10 }))).items).toEqual([]);
});

test('a clock that is minutes off does not decide the id', async () => {
  await job();
  const at = clock.now() - 90_000;
  const sequence = nats.publish(askedSubject('app', 'biz', 'work'), encodeAsked({ at, runs: [{}] }));
  const storedAt = clock.now();
  await clock.advance(50);
  expect(sent.map(({ taskId }) => taskId)).toEqual([askedRunId(storedAt, sequence, 0)]);
  expect(node.oddities.get('asked-clock')).toBe(1);
});

test('when the job is disabled thousands that wait are all cancelled', async () => {
  await job({ queueLimit: 10_000 });
  for (let message = 0; message < 12; message++) await ask(Array.from({ length: 250 }, () => ({})));
  const { version } = await clock.until(node.scheduler.api.jobs.get('app.biz.work'));
  await clock.until(node.scheduler.api.jobs.update('app.biz.work', { state: 'disabled' }, version));
  await clock.advance(5000);
  const { items } = await clock.until(store.runs({ limit: 10_000 }));
  const found = items.map(({ state }) => state);
  expect([found.filter((state) => state === 'cancelled').length, found.filter((state) => state === 'active').length, found.length]).toEqual([2999, 1, 3000]);
});

test('a job that keeps no runs cannot be asked for one', async () => {
  await job({ model: 'plus' });
  const [id] = await ask([{}]);
  await clock.advance(1500);
  expect(sent).toEqual([]);
  expect(await run(id)).toMatchObject({ state: 'cancelled', reason: 'the job is of model plus, which keeps no runs that could wait' });
});

test('what was asked for while nobody led is sent by who leads next, once', async () => {
  await job({ maxRunning: 100 });
  const standby = openNode({ clock, nats, store: createMemoryStore(), config: { nodeId: 'node-2' } });
  await clock.until(standby.scheduler.start());
  await node.crash();
  const ids = await ask(Array.from({ length: 20 }, () => ({})));
  expect(sent).toEqual([]);
  await clock.advance(5000);
  expect(sent.map(({ taskId }) => taskId)).toEqual(ids);
  await clock.until(standby.scheduler.stop());
});

test('a pause holds it', async () => {
  await job({ state: 'paused' });
  const [id] = await ask([{}]);
  expect(sent).toEqual([]);
  const { version } = await clock.until(node.scheduler.api.jobs.get('app.biz.work'));
  await clock.until(node.scheduler.api.jobs.update('app.biz.work', { state: 'enabled' }, version));
  await clock.advance(50);
  expect(sent.map(({ taskId }) => taskId)).toEqual([id]);
});


async function beat(id: string, capacity: number): Promise<void> {
  nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), encodeHeartbeat({ id, namespace: 'app', appName: 'biz', capacity }));
  await clock.advance(20);
}

test('with maxRunning 0 as many run as live workers say they take, from when they say it', async () => {
  await job({ maxRunning: 0, overlap: 'queue', timeoutMs: 600_000 });
  const ids = await ask(Array.from({ length: 20 }, () => ({})));
  expect(sent).toEqual([]);
  const { gates } = await clock.until(node.scheduler.api.jobs.explain('app.biz.work'));
  expect(gates.find(({ gate }) => gate === 'concurrency')).toMatchObject({ pass: false, detail: '0 of 0 that live workers can take running, 20 waiting' });
  await beat('w1', 3);
  expect(sent.map(({ taskId }) => taskId)).toEqual(ids.slice(0, 3));
  await beat('w2', 2);
  expect(sent).toHaveLength(5);
  await beat('w1', 4);
  expect(sent).toHaveLength(6);
  // It leaves: what is under way goes on, and no more comes until there is room.
  await beat('w1', 0);
  for (const one of sent.slice(0, 4)) answer(one, 'success');
  await clock.advance(50);
  expect(sent).toHaveLength(6);
  answer(sent[4]!, 'success');
  await clock.advance(50);
  expect(sent).toHaveLength(7);
  // Silent for long enough to be no live one.
  await clock.advance(20_000);
  answer(sent[5]!, 'success');
  await clock.advance(50);
  expect(sent).toHaveLength(7);
});

test('quick work is sent ahead of what workers say they take, and slow work is not', async () => {
  await job({ maxRunning: 0, queueLimit: 10_000, timeoutMs: 600_000 });
  await beat('w1', 1);
  for (let round = 0; round < 10; round++) await ask(Array.from({ length: 200 }, () => ({})));
  let answered = 0;
  let most = 0;
  for (; answered < 400; answered++) {
    answer(sent[answered]!, 'success');
    await clock.advance(4);
    most = Math.max(most, sent.length - answered - 1);
  }
  // 250 a second: 12 in 50 ms.
  expect(most).toBeGreaterThan(4);
  expect(most).toBeLessThan(16);
});
