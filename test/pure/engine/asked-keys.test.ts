import { beforeEach, expect, test } from 'vitest';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import type { Feed, Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import type { AskedRun, Dispatch } from '../../../src-core/wire/index.ts';
import { askedRunId, askedSubject, decodeDispatch, encodeAsked, RESULTS_BUCKET, RESULTS_STREAM } from '../../../src-core/wire/index.ts';
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
/** The node's reading of the results. */
let results: Feed;

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  store = createMemoryStore();
  sent = [];
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.')) sent.push(decodeDispatch(text) as Dispatch);
  });
  node = openNode({ clock, nats, store });
  const openFeed = node.bus.openFeed.bind(node.bus);
  node.bus.openFeed = (options) => {
    const feed = openFeed(options);
    if (options.stream === RESULTS_STREAM) results = feed;
    return feed;
  };
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
  await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: 'work', maxRunning: 10 }));
});

/** Its id. Nothing has been read of it yet. */
function publish(run: AskedRun): string {
  const at = clock.now();
  return askedRunId(at, nats.publish(askedSubject('app', 'biz', 'work'), encodeAsked({ at, runs: [run] })), 0);
}

async function ask(run: AskedRun): Promise<string> {
  const id = publish(run);
  await clock.advance(100);
  return id;
}

const run = async (id: string): Promise<RunRecord> => (await clock.until(store.run(id)))!;

function answer(taskId: string, text = 'success'): void {
  nats.put(RESULTS_BUCKET, `natsjob.job.end.app.biz.work.${taskId}`, text);
}

async function setState(state: 'enabled' | 'paused'): Promise<void> {
  const { version } = await clock.until(node.scheduler.api.jobs.get('app.biz.work'));
  await clock.until(node.scheduler.api.jobs.update('app.biz.work', { state }, version));
}

/** kill -9, and a new process on that view. */
async function startAnew(view: Store): Promise<void> {
  await node.crash();
  store = view;
  node = openNode({ clock, nats, store });
  await clock.until(node.scheduler.start());
  await clock.advance(3_000);
}

const sentIds = (): string[] => sent.map(({ taskId }) => taskId);

test('a run whose key another one has that runs is not done, and says whose it is; once that one has ended it is', async () => {
  const first = await ask({ key: 'k' });
  const other = await ask({ key: 'l' });
  const double = await ask({ key: 'k' });
  expect(await run(double)).toMatchObject({ state: 'cancelled', reason: `duplicate of ${first}`, dispatchedAt: 0 });
  answer(first);
  await clock.advance(100);
  const again = await ask({ key: 'k' });
  expect(sentIds()).toEqual([first, other, again]);
});

test.each(['waits', 'is delayed'])('so it is while the first one %s, whatever its priority', async (what) => {
  if (what === 'waits') await setState('paused');
  const first = await ask(what === 'waits' ? { key: 'k' } : { key: 'k', delayMs: 5_000 });
  const doubles = [await ask({ key: 'k', priority: 20 }), await ask({ key: 'k', delayMs: 10_000 })];
  for (const id of doubles) expect(await run(id)).toMatchObject({ state: 'cancelled', reason: `duplicate of ${first}` });
  if (what === 'waits') await setState('enabled');
  await clock.advance(6_000);
  expect(sentIds()).toEqual([first]);
});

test('of many asked for in the same moment one is done', async () => {
  const ids = Array.from({ length: 20 }, () => publish({ key: 'k' }));
  await clock.advance(200);
  expect(sentIds()).toEqual([ids[0]]);
  for (const id of ids.slice(1)) expect(await run(id)).toMatchObject({ state: 'cancelled', reason: `duplicate of ${ids[0]}` });
});

test('who has seen the end, and asks again, is not told that the first one runs still', async () => {
  const first = await ask({ key: 'k' });
  results.pause();
  answer(first);
  const again = await ask({ key: 'k' });
  await clock.advance(5_000);
  expect(sentIds()).toEqual([first]);
  results.resume();
  await clock.advance(100);
  expect(sentIds()).toEqual([first, again]);
});

test('between two tries of the first one it has the key still, and when it has failed for good no more', async () => {
  const first = await ask({ key: 'k', attempts: 2, backoff: { type: 'fixed', delayMs: 1_000 } });
  answer(first, 'fail');
  const double = publish({ key: 'k' });
  await clock.advance(100);
  expect(await run(double)).toMatchObject({ state: 'cancelled', reason: `duplicate of ${first}` });
  await clock.advance(1_500);
  const second = sentIds()[1]!;
  const late = await ask({ key: 'k' });
  expect(await run(late)).toMatchObject({ state: 'cancelled', reason: `duplicate of ${first}` });
  answer(second, 'fail');
  await clock.advance(100);
  const again = await ask({ key: 'k' });
  expect(sentIds()).toEqual([first, second, again]);
});

test.each(['its view', 'the log alone'])('a process that is started anew knows the keys from %s', async (source) => {
  const [active, delayed] = [await ask({ key: 'a' }), await ask({ key: 'd', delayMs: 20_000 })];
  await startAnew(source === 'its view' ? store : createMemoryStore());
  const doubles = [await ask({ key: 'a' }), await ask({ key: 'd' })];
  expect((await run(doubles[0]!)).reason).toBe(`duplicate of ${active}`);
  expect((await run(doubles[1]!)).reason).toBe(`duplicate of ${delayed}`);
  expect(sentIds()).toEqual([active]);
});

test('what nobody had decided when the leader died is decided by the next one', async () => {
  await setState('paused');
  const first = await ask({ key: 'k' });
  await node.crash();
  const double = publish({ key: 'k', priority: 20 });
  await startAnew(store);
  expect(await run(double)).toMatchObject({ state: 'cancelled', reason: `duplicate of ${first}` });
  await setState('enabled');
  await clock.advance(2_000);
  expect(sentIds()).toEqual([first]);
});

test('a run that somebody cancels gives its key away', async () => {
  const first = await ask({ key: 'k', delayMs: 10_000 });
  await clock.until(node.scheduler.api.runs.cancel(first));
  const again = await ask({ key: 'k' });
  expect(sentIds()).toEqual([again]);
});
