import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src-core/ports/index.ts';
import { createMemoryStore } from '../../src-core/sql/index.ts';
import { RESULTS_BUCKET, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import { MemoryNats } from '../support/memory-nats.ts';
import { VIRTUAL_START, VirtualClock } from '../support/virtual-clock.ts';
import { openNode, type VirtualNode } from '../support/virtual-node.ts';

const JOBS: readonly Record<string, unknown>[] = [
  { name: 'every', schedule: { expression: '* * * * * *' }, maxRunning: 100, timeoutMs: 2_000 },
  { name: 'single', schedule: { expression: '* * * * * *' }, timeoutMs: 3_000 },
  { name: 'mapped', schedule: { expression: '*/3 * * * * *' }, category: 'map', maxRunning: 3, timeoutMs: 2_500 },
  { name: 'shout', schedule: { expression: '*/4 * * * * *' }, category: 'broadcast', maxRunning: 2, timeoutMs: 2_500 },
  { name: 'again', schedule: { expression: '*/5 * * * * *' }, timeoutMs: 1_000, retry: { attempts: 3, delayMs: 500, on: ['fail', 'expired'] } },
  { name: 'by-hand', timeoutMs: 1_000, retry: { attempts: 3, delayMs: 0, on: ['fail', 'expired'] } },
];

interface Order {
  readonly taskId: string;
  readonly jobName: string;
  readonly jobEndKvKey: string;
}

let clock: VirtualClock;
let nats: MemoryNats;
let isSilent = false;
const open: VirtualNode[] = [];

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  isSilent = false;
  nats.listen((subject, text) => {
    if (/^natsjob\.job\.(start|pre-start)\./.test(subject)) answer(JSON.parse(text) as Order);
  });
});
afterEach(async () => {
  for (const node of open.splice(0)) await node.crash();
});

/** A worker: of `again`'s runs each second one fails, of the others all succeed. */
function answer({ taskId, jobName, jobEndKvKey }: Order): void {
  if (isSilent) return;
  const status = jobEndKvKey.includes('.pre-end.') ? 'success:next' : jobName === 'again' && Number(taskId.at(-8)) % 2 === 0 ? 'fail' : 'success';
  clock.after(300, () => void nats.put(RESULTS_BUCKET, jobEndKvKey, JSON.stringify({ status, reason: `of ${taskId}` })));
}

function node(nodeId: string, store: Store): VirtualNode {
  const made = openNode({ clock, nats, store, config: { nodeId } });
  open.push(made);
  return made;
}

async function started(nodeId: string, store: Store): Promise<VirtualNode> {
  const made = node(nodeId, store);
  await clock.until(made.scheduler.start());
  await clock.advance(1_000);
  return made;
}

async function withJobs({ scheduler: { api } }: VirtualNode): Promise<void> {
  await clock.until(api.apps.create('app', { name: 'biz' }));
  for (const job of JOBS) await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', ...job }));
}

async function quiet({ scheduler: { api } }: VirtualNode): Promise<void> {
  for (const { name } of JOBS) {
    const { version } = await clock.until(api.jobs.get(`app.biz.${name as string}`));
    await clock.until(api.jobs.update(`app.biz.${name as string}`, { schedule: { expression: '' } }, version));
  }
  await clock.advance(20_000);
}

/** The log keeps only the newest messages. */
function shorten(kept = 10): void {
  for (const name of [STREAM, RESULTS_STREAM]) nats.stream(name)?.purge(nats.stream(name)!.lastSequence - kept);
}

async function contentOf(store: Store): Promise<object> {
  const { items } = await store.runs({ limit: 100_000 });
  const range = { from: VIRTUAL_START, to: VIRTUAL_START + 86_400_000, bucketMs: 60_000 };
  return {
    runs: items, subRuns: await Promise.all(items.map(({ id }) => store.subRuns(id, { limit: 1_000 }))), skips: await store.skips({ limit: 10_000 }),
    ends: await store.endTotals(range), definitions: await store.definitions(), checkpoints: await store.checkpoints(),
  };
}

describe('a node that was away for longer than the log reaches back', () => {
  test('takes the view of one that was there, and has the same history', async () => {
    const [own, others] = [createMemoryStore(), createMemoryStore()];
    const first = await started('node-1', others);
    const second = await started('node-2', own);
    await withJobs(first);
    await clock.advance(20_000);
    await second.crash();
    await clock.advance(60_000);
    shorten();

    const back = await started('node-2', own);
    expect(back.scheduler.api.health()).toMatchObject({ role: 'standby', problems: [] });
    await clock.advance(20_000);
    await quiet(first);
    expect(await contentOf(own)).toEqual(await contentOf(others));
    expect([...back.errors, ...first.errors]).toEqual([]);
  });

  test('has the whole history when it is new, and leads as well as the others', async () => {
    const [own, others] = [createMemoryStore(), createMemoryStore()];
    const first = await started('node-1', others);
    await withJobs(first);
    await clock.advance(60_000);
    shorten();
    const third = await started('node-3', own);
    await clock.until(first.scheduler.stop());
    await clock.advance(10_000);
    expect(third.scheduler.api.health().role).toBe('leader');
    const before = (await others.runs({ limit: 1_000 })).items.map(({ id }) => id);
    const after = new Set((await own.runs({ limit: 1_000 })).items.map(({ id }) => id));
    expect(before.length).toBeGreaterThan(50);
    expect(before.filter((id) => !after.has(id))).toEqual([]);
    await quiet(third);
    expect((await own.openRuns())).toEqual([]);
  });

  test('forgets jobs that were deleted meanwhile', async () => {
    const [own, others] = [createMemoryStore(), createMemoryStore()];
    const first = await started('node-1', others);
    const second = await started('node-2', own);
    await withJobs(first);
    await clock.advance(5_000);
    await second.crash();
    const { version } = await clock.until(first.scheduler.api.jobs.get('app.biz.single'));
    await clock.until(first.scheduler.api.jobs.remove('app.biz.single', version));
    await clock.advance(30_000);
    shorten();
    const back = await started('node-2', own);
    await expect(clock.until(back.scheduler.api.jobs.get('app.biz.single'))).rejects.toThrow(/There is no job/);
    expect((await own.definitions()).jobs).toHaveLength(JOBS.length - 1);
  });

  test('takes it too when only its connection was away', async () => {
    const [own, others] = [createMemoryStore(), createMemoryStore()];
    const first = await started('node-1', others);
    const second = await started('node-2', own);
    await withJobs(first);
    await clock.advance(10_000);
    second.bus.cut();
    await clock.advance(60_000);
    shorten();
    second.bus.mend();
    await clock.advance(20_000);
    await quiet(first);
    expect(await contentOf(own)).toEqual(await contentOf(others));
    expect(second.scheduler.api.health()).toMatchObject({ role: 'standby', problems: [] });
  });

  test('goes on alone, and what nobody can answer for ends once, on every node, and is not tried again', async () => {
    const own = createMemoryStore();
    const first = await started('node-1', own);
    await withJobs(first);
    await clock.advance(5_000);
    for (const { name } of JOBS) {
      const { version } = await clock.until(first.scheduler.api.jobs.get(`app.biz.${name as string}`));
      await clock.until(first.scheduler.api.jobs.update(`app.biz.${name as string}`, { schedule: { expression: '' } }, version));
    }
    await clock.advance(20_000);
    isSilent = true;
    const sent = await clock.until(first.scheduler.api.jobs.run('app.biz.by-hand', {}));
    const held = await clock.until(first.scheduler.api.jobs.run('app.biz.by-hand', { delayMs: 4_000 }));
    await clock.advance(500);
    await first.crash();
    // What nobody is going to read: an answer, and whatever the leader might have sent.
    nats.put(RESULTS_BUCKET, `natsjob.job.end.app.biz.by-hand.${sent.taskId}`, 'fail');
    nats.publish('natsjob.job.sub-result-flow', '{}');
    await clock.advance(60_000);
    shorten(0);
    const before = nats.stream(STREAM)!.lastSequence;

    const back = await started('node-1', own);
    await clock.advance(10_000);
    for (const { taskId } of [sent, held]) {
      expect(await clock.until(back.scheduler.api.runs.get(taskId))).toMatchObject({ state: 'expired', reason: 'its answer, if there was one, is no longer in the log', retryPending: false, retryId: '' });
    }
    const dispatched = [];
    for (let at = before + 1; at <= nats.stream(STREAM)!.lastSequence; at++) dispatched.push(nats.stream(STREAM)!.at(at, clock.now())?.subject);
    expect(dispatched.filter((subject) => subject?.startsWith('natsjob.job.start.'))).toEqual([]);
  });
});

describe('a log that was put back from a backup', () => {
  test('whose bucket of definitions has others wins over what the nodes knew', async () => {
    const own = createMemoryStore();
    const first = await started('node-1', own);
    await withJobs(first);
    await clock.advance(5_000);
    await first.crash();
    // As the bucket was before the last job was made.
    const stream = nats.stream('KV_natsjob-definitions')!;
    const kept = stream.newest(clock.now()).filter(({ subject }) => !subject.endsWith('.shout'));
    nats.drop('KV_natsjob-definitions');
    nats.makeObjects();
    for (const { subject, text } of kept) nats.publish(subject, text);

    const back = await started('node-1', own);
    await expect(clock.until(back.scheduler.api.jobs.get('app.biz.shout'))).rejects.toThrow(/There is no job/);
    await clock.advance(5_000);
    expect((await own.definitions()).jobs.map(({ definition }) => definition.name)).toEqual(['again', 'by-hand', 'every', 'mapped', 'single']);
    expect(back.errors).toEqual([]);
  });

  test('and a filling of an empty bucket that was cut short goes on at the next start', async () => {
    const own = createMemoryStore();
    const first = await started('node-1', own);
    await withJobs(first);
    await clock.advance(2_000);
    await first.crash();
    const [one] = nats.stream('KV_natsjob-definitions')!.newest(clock.now()).filter(({ subject }) => subject.endsWith('.every'));
    nats.drop('KV_natsjob-definitions');
    nats.makeObjects();
    nats.publish(one!.subject, one!.text);

    const back = await started('node-1', own);
    const { items } = await clock.until(back.scheduler.api.jobs.list({}, { limit: 100 }));
    expect(items).toHaveLength(JOBS.length);
    expect(nats.stream('KV_natsjob-definitions')!.newest(clock.now()).filter(({ subject }) => /\.(every|single|mapped|shout|again|by-hand)$/.test(subject))).toHaveLength(JOBS.length);
  });
});

test('a node that is stopped before it has reached NATS leaves the view\'s checkpoints as they were', async () => {
  const own = createMemoryStore();
  const first = await started('node-1', own);
  await withJobs(first);
  await clock.advance(5_000);
  await clock.until(first.scheduler.stop());
  const before = await own.checkpoints();
  const again = node('node-1', own);
  again.bus.cut();
  void again.scheduler.start();
  await clock.advance(3_000);
  await clock.until(again.scheduler.stop());
  expect(await own.checkpoints()).toEqual(before);
});
