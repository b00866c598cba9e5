import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import type { Store } from '../../../src-core/ports/index.ts';
import { RESULTS_BUCKET } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

const JOB = 'app.biz.work';
const STATES = ['completed', 'failed', 'cancelled', 'waiting', 'delayed'] as const;

/** Runs, answers, cleanings, crashes and take-overs in an order that the seed chooses. */
test.each(Array.from({ length: 30 }, (_, seed) => seed + 1))('whatever is cleaned away, two nodes come to the same history and sums, and nothing cleaned runs (seed %i)', async (seed) => {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const clock = new VirtualClock();
  const nats = new MemoryNats(clock);
  const stores = new Map<string, Store>([['a', createMemoryStore()], ['b', createMemoryStore()]]);
  const nodes = new Map<string, VirtualNode>();
  const sent = new Map<string, string>();
  nats.listen((subject, text) => {
    if (!subject.startsWith('natsjob.job.start.')) return;
    const { taskId, jobEndKvKey } = JSON.parse(text) as { taskId: string; jobEndKvKey: string };
    expect(sent.has(taskId), `${taskId} is sent once`).toBe(false);
    sent.set(taskId, jobEndKvKey);
    if (random() < 0.8) clock.after(Math.floor(random() * 3_000), () => void nats.put(RESULTS_BUCKET, jobEndKvKey, JSON.stringify({ status: random() < 0.5 ? 'success' : 'fail' })));
  });
  const start = async (nodeId: string): Promise<void> => {
    const node = openNode({ clock, nats, store: stores.get(nodeId)!, random, config: { nodeId } });
    nodes.set(nodeId, node);
    await clock.until(node.scheduler.start());
  };
  await start('a');
  await start('b');
  await clock.advance(1_000);
  const { api } = nodes.get('a')!.scheduler;
  await clock.until(api.apps.create('app', { name: 'biz' }));
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'work', overlap: 'queue', queueLimit: 1_000, maxRunning: 3, timeoutMs: 8_000, retry: { attempts: 2, delayMs: 500, on: ['fail', 'expired'] } }));

  let removed = 0;
  for (let step = 0; step < 60; step++) {
    const [nodeId, node] = pick([...nodes]);
    const what = random();
    // A call that NATS or a leader is missing for is no matter here.
    const attempt = <T>(call: Promise<T>): Promise<T | undefined> => clock.until(call.catch(() => undefined));
    if (what < 0.5) await attempt(node.scheduler.api.jobs.run(JOB, random() < 0.3 ? { delayMs: 4_000 } : {}));
    else if (what < 0.85) removed += (await attempt(node.scheduler.api.jobs.clean(JOB, { state: pick(STATES), olderThanMs: pick([0, 0, 2_000]), limit: pick([1, 5, 1_000]) }))) ?? 0;
    else if (what < 0.93) {
      // What it holds back is let go first: a removal held at the crash is lost, which is known.
      await clock.advance(1_000);
      await node.crash();
      if (random() < 0.5) await clock.advance(6_000);
      await start(nodeId);
    }
    await clock.advance(Math.floor(random() * 1_500));
  }
  await clock.advance(60_000);
  const histories = [];
  for (const [nodeId, store] of stores) {
    const { items } = await store.runs({ limit: 1_000 });
    for (const run of items) expect(['completed', 'failed', 'expired', 'cancelled'], `${run.id} at ${nodeId}`).toContain(run.state);
    histories.push({ items, ends: await store.endTotals({ from: 0, to: clock.now() + 60_000, bucketMs: 60_000 }) });
  }
  expect(histories[1]).toEqual(histories[0]);
  expect(removed).toBeGreaterThan(0);
  const ended = histories[0]!.ends.reduce((sum, { completed, failed, expired, cancelled }) => sum + completed + failed + expired + cancelled, 0);
  expect(ended).toBe(histories[0]!.items.length + removed);
  for (const node of nodes.values()) await clock.until(node.scheduler.stop());
});
