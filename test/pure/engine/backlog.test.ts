import { beforeEach, describe, expect, test } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { EndTotals, Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { RESULTS_BUCKET } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let isAway: boolean;
let sent: string[];

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  isAway = false;
  sent = [];
  nats.listen((subject, text) => {
    if (!subject.startsWith('natsjob.job.start.')) return;
    const { taskId, jobEndKvKey } = JSON.parse(text) as { taskId: string; jobEndKvKey: string };
    sent.push(taskId);
    clock.after(100, () => void nats.put(RESULTS_BUCKET, jobEndKvKey, Number(taskId.slice(-1)) % 3 === 0 ? 'fail' : 'success'));
  });
});

/** A store that can be away. */
function mayBeAway(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => (isAway ? Promise.reject(new UnavailableError('The database is away.')) : (member as (...all: unknown[]) => unknown).apply(target, args));
    },
  });
}

async function start(store: Store, nodeId = 'node-1'): Promise<VirtualNode> {
  const node = openNode({ clock, nats, store, config: { nodeId } });
  await clock.until(node.scheduler.start());
  return node;
}

async function define(node: VirtualNode, count: number, part: Record<string, unknown> = {}): Promise<void> {
  await clock.advance(500);
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
  for (let number = 0; number < count; number++) {
    await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: `job-${number}`, schedule: { expression: '* * * * * *' }, timeoutMs: 5000, ...part }));
  }
}

/** Everything of it that a person sees. */
async function contents(store: Store): Promise<{ runs: unknown; ends: readonly EndTotals[]; skips: unknown }> {
  const { items: runs } = await store.runs({ limit: 1_000_000 });
  const ends = await store.endTotals({ from: 0, to: clock.now() + 3_600_000, bucketMs: 60_000 });
  return { runs, ends, skips: (await store.skips({ limit: 10_000 })).items };
}

async function readAfresh(): Promise<Store> {
  const store = createMemoryStore();
  await start(store, 'reader');
  await clock.advance(5000);
  return store;
}

describe('a database that was away', () => {
  test('for so long that its rows were let go catches up from the log, while fires go on', { timeout: 600_000 }, async () => {
    const own = createMemoryStore();
    const node = await start(mayBeAway(own));
    await define(node, 400);
    await clock.advance(3000);
    const before = sent.length;
    isAway = true;
    await clock.advance(150_000);
    expect(sent.length - before).toBeGreaterThanOrEqual(149 * 400);
    isAway = false;
    await clock.advance(1500);
    expect((await own.runs({ limit: 1 })).items.length).toBe(1);
    await clock.advance(8000);
    expect(await clock.until(node.scheduler.api.gauges())).toMatchObject({ projectionLag: expect.toSatisfy((lag: number) => lag < 1000) });
    for (let number = 0; number < 400; number++) {
      const { version } = await node.scheduler.api.jobs.get(`app.biz.job-${number}`);
      await clock.until(node.scheduler.api.jobs.update(`app.biz.job-${number}`, { state: 'disabled' }, version));
    }
    await clock.advance(5000);
    expect(node.errors.map(({ message }) => message)).toEqual(['the database does not take writes; runs go on, the log keeps what is to be written']);
    const { runs, ends } = await contents(own);
    expect((runs as unknown[]).length).toBe(new Set(sent).size);
    expect(ends.reduce((sum, { completed, failed }) => sum + completed + failed, 0)).toBe(sent.length);
    expect(await contents(await readAfresh())).toEqual(await contents(own));
  });
});

describe('a database that two nodes share', () => {
  test('is written by the leader alone, and the next one goes on where it stopped', { timeout: 600_000 }, async () => {
    const shared = createMemoryStore({ isShared: true });
    const writers: string[] = [];
    const watched = (nodeId: string): Store => new Proxy(shared, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (name !== 'apply') return member;
        return (batch: Parameters<Store['apply']>[0]) => {
          if (batch.insertRuns.length + batch.updateRuns.length > 0) writers.push(nodeId);
          return target.apply(batch);
        };
      },
    });
    const first = await start(watched('node-1'), 'node-1');
    await define(first, 20, { retry: { attempts: 2, delayMs: 300 }, overlap: 'queue', maxRunning: 1, queueLimit: 3 });
    const second = await start(watched('node-2'), 'node-2');
    await clock.advance(10_400);
    expect(new Set(writers)).toEqual(new Set(['node-1']));
    await first.crash();
    writers.length = 0;
    await clock.advance(10_000);
    expect(new Set(writers)).toEqual(new Set(['node-2']));
    const again = await start(watched('node-1'), 'node-1');
    await clock.advance(5000);
    expect(new Set(writers)).toEqual(new Set(['node-2']));
    for (let number = 0; number < 20; number++) {
      const { version } = await second.scheduler.api.jobs.get(`app.biz.job-${number}`);
      await clock.until(second.scheduler.api.jobs.update(`app.biz.job-${number}`, { schedule: { expression: '' } }, version));
    }
    await clock.advance(10_000);
    for (const node of [second, again]) expect(await clock.until(node.scheduler.api.gauges())).toMatchObject({ activeRuns: 0, queuedRuns: 0, projectionLag: 0 });
    expect(new Set(sent).size).toBe(sent.length);
    expect(((await contents(shared)).runs as unknown[]).length).toBe(sent.length);
    expect(await contents(await readAfresh())).toEqual(await contents(shared));
  });
});
