import { beforeEach, expect, test } from 'vitest';
import type { Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { HEARTBEAT_BUCKET, heartbeatKey, RESULTS_BUCKET } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let picks: string[];

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  picks = [];
  nats.listen((subject, text) => {
    if (!subject.startsWith('natsjob.job.client-start.')) return;
    picks.push(subject.split('.').at(-1)!);
    const { jobEndKvKey } = JSON.parse(text) as { jobEndKvKey: string };
    clock.after(20, () => void nats.put(RESULTS_BUCKET, jobEndKvKey, 'success'));
  });
});

async function open(nodeId: string, store: Store): Promise<VirtualNode> {
  const node = openNode({ clock, nats, store, config: { nodeId } });
  await clock.until(node.scheduler.start());
  await clock.advance(1_000);
  return node;
}

function beat(...ids: string[]): void {
  for (const id of ids) nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), JSON.stringify({ id, namespace: 'app', appName: 'biz' }));
}

async function define(node: VirtualNode): Promise<void> {
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
  await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: 'turns', category: 'standalone', model: 'ultra', maxRunning: 50 }));
}

async function run(node: VirtualNode, times: number, request = {}): Promise<void> {
  for (let index = 0; index < times; index++) await clock.until(node.scheduler.api.jobs.run('app.biz.turns', request));
  await clock.advance(200);
}

test('the leader after a take-over goes on behind the worker that the log shows as the last', async () => {
  const first = await open('a', createMemoryStore());
  const second = await open('b', createMemoryStore());
  await define(first);
  for (const id of ['w1', 'w2', 'w3', 'w4']) {
    beat(id);
    await clock.advance(10);
  }
  await run(first, 6);
  expect(picks).toEqual(['w1', 'w2', 'w3', 'w4', 'w1', 'w2']);
  await first.crash();
  await clock.advance(3_000);
  beat('w1', 'w2', 'w3', 'w4');
  await run(second, 3);
  expect(picks.slice(6)).toEqual(['w3', 'w4', 'w1']);
  await clock.until(second.scheduler.stop());
});

test('also when the last one has gone meanwhile, another has come, and one was named by hand', async () => {
  const first = await open('a', createMemoryStore());
  const second = await open('b', createMemoryStore());
  await define(first);
  for (const id of ['w1', 'w2', 'w3']) {
    beat(id);
    await clock.advance(10);
  }
  await run(first, 1);
  await run(second, 1, { workerId: 'w2' });
  expect(picks).toEqual(['w1', 'w2']);
  await first.crash();
  // Longer than three beats: w2 is lost.
  for (let second = 0; second < 20; second += 5) {
    await clock.advance(5_000);
    beat('w1', 'w3', 'w4');
  }
  await run(second, 4);
  expect(picks.slice(2)).toEqual(['w3', 'w4', 'w1', 'w3']);
  await clock.until(second.scheduler.stop());
});

test('a server that starts again goes on from its view', async () => {
  const store = createMemoryStore();
  const first = await open('a', store);
  await define(first);
  for (const id of ['w1', 'w2', 'w3']) {
    beat(id);
    await clock.advance(10);
  }
  await run(first, 2);
  await clock.until(first.scheduler.stop());
  const again = await open('a', store);
  await run(again, 2);
  expect(picks).toEqual(['w1', 'w2', 'w3', 'w1']);
  await clock.until(again.scheduler.stop());
});
