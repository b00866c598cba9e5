import { beforeEach, describe, expect, test } from 'vitest';
import { createLeaseStore } from '../../../src-core/nats/lease-store.ts';
import type { Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { HEARTBEAT_BUCKET, heartbeatKey, parseRunId, RESULTS_BUCKET, STREAM } from '../../../src-core/wire/index.ts';
import type { Fault, FaultyStore } from '../../support/faulty-store.ts';
import { faultyStore } from '../../support/faulty-store.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VIRTUAL_START, VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let shared: Store;
/** Every dispatch that a plain subscriber sees, in its order. */
let seen: { job: string; id: string; at: number }[];
let monitored: string[];
/** Of the jobs. */
let names: string[];
/** What workers say; undefined = nothing. */
let answer: string | undefined;

interface Node extends VirtualNode {
  readonly database: FaultyStore;
}

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  shared = createMemoryStore({ isShared: true });
  seen = [];
  monitored = [];
  names = [];
  answer = 'success';
  nats.listen((subject, text) => {
    if (subject === 'natsjob.job.monitor') monitored.push((JSON.parse(text) as { taskId: string }).taskId);
    if (!subject.startsWith('natsjob.job.start.') && !subject.startsWith('natsjob-void.')) return;
    const { taskId, jobName, jobEndKvKey } = JSON.parse(text) as { taskId: string; jobName: string; jobEndKvKey: string };
    seen.push({ job: jobName, id: taskId, at: clock.now() });
    const said = answer;
    if (said !== undefined && jobEndKvKey) clock.after(70, () => void nats.put(RESULTS_BUCKET, jobEndKvKey, said));
  });
});

async function start(nodeId: string, store = shared): Promise<Node> {
  const database = faultyStore(store, (action) => void clock.after(40, action));
  const node = openNode({ clock, nats, store: database.store, config: { nodeId } });
  await clock.until(node.scheduler.start());
  return { ...node, database };
}

async function define(node: VirtualNode, name: string, part: Record<string, unknown> = {}): Promise<void> {
  names.push(`app.biz.${name}`);
  await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name, timeoutMs: 20_000, ...part }));
}

/** Two nodes, the first of which leads, with that many jobs that fire each second. */
async function pair(jobs: number, part: Record<string, unknown> = {}): Promise<[leader: Node, standby: Node]> {
  const leader = await start('node-1');
  await clock.advance(500);
  await clock.until(leader.scheduler.api.apps.create('app', { name: 'biz' }));
  for (let number = 0; number < jobs; number++) {
    await define(leader, `job-${number}`, { schedule: { expression: '* * * * * *' }, maxRunning: 5, misfire: { policy: 'all', windowMs: 60_000, max: 1000 }, ...part });
  }
  return [leader, await start('node-2')];
}

const role = (node: VirtualNode): string | undefined => node.scheduler.api.health().role;

/** Gives the lease up over its holder's head. */
async function takeAway(): Promise<void> {
  const leases = createLeaseStore(nats.connect());
  const entry = await clock.until(leases.read());
  await clock.until(leases.write({ ...entry!.value, held: false }, entry!.revision));
}

async function calm(node: VirtualNode): Promise<void> {
  for (const key of names) {
    const { version } = await node.scheduler.api.jobs.get(key);
    await clock.until(node.scheduler.api.jobs.update(key, { schedule: { expression: '' } }, version));
  }
  await clock.advance(30_000);
}

async function contents(store: Store): Promise<object> {
  const { items } = await store.runs({ limit: 1_000_000 });
  return { runs: items, ends: await store.endTotals({ from: 0, to: VIRTUAL_START + 86_400_000, bucketMs: 60_000 }), skips: (await store.skips({ limit: 10_000 })).items };
}

/** What the log says, read by a node that knows nothing; and what the view says is the same. */
async function expectWhole(): Promise<void> {
  const own = createMemoryStore();
  await start('reader', own);
  await clock.advance(5000);
  expect(await contents(shared)).toEqual(await contents(own));
  const { items } = await shared.runs({ limit: 1_000_000 });
  expect(items.length).toBe(new Set(seen.map(({ id }) => id)).size);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
}

/** Moments of the job's fires that are missing between its first and its last. */
function gaps(job: string): number[] {
  const times = new Set(seen.filter((one) => one.job === job).map(({ id }) => parseRunId(id)!.atMs));
  const missing: number[] = [];
  for (let at = Math.min(...times); at < Math.max(...times); at += 1000) if (!times.has(at)) missing.push(at);
  return missing;
}

describe('a take-over while the database', () => {
  for (const fault of ['away', 'hangs'] as const satisfies readonly Fault[]) {
    test(`${fault}: fires go on within 3 s, and what the view lacks comes later`, async () => {
      const [leader, standby] = await pair(5);
      await clock.advance(5300);
      leader.database.fault = standby.database.fault = fault;
      await clock.advance(4000);
      await leader.crash();
      const killedAt = clock.now();
      await clock.advance(20_000);
      expect(role(standby)).toBe('leader');
      expect(Math.min(...seen.filter(({ at }) => at > killedAt + 100).map(({ at }) => at)) - killedAt).toBeLessThanOrEqual(3000);
      expect(gaps('job-0')).toEqual([]);
      standby.database.fault = undefined;
      standby.database.breakHanging();
      await clock.advance(5000);
      await calm(standby);
      await expectWhole();
    });
  }

  test('is away tells nobody twice of an answer that was told before, and of none too few', async () => {
    answer = JSON.stringify({ status: 'success', monitorStatus: 'done' });
    const [leader, standby] = await pair(3);
    await clock.advance(5300);
    leader.database.fault = standby.database.fault = 'hangs';
    await clock.advance(3000);
    await leader.crash();
    await clock.advance(10_000);
    expect(role(standby)).toBe('leader');
    standby.database.fault = undefined;
    standby.database.breakHanging();
    await clock.advance(5000);
    await calm(standby);
    expect(new Set(monitored)).toEqual(new Set(seen.map(({ id }) => id)));
    expect(monitored.length).toBe(seen.length);
  });

  test('is away keeps a rate limit that the leader before has used up, and one it used up as a standby', async () => {
    const [leader, standby] = await pair(0);
    await define(leader, 'rare', { schedule: { expression: '*/2 * * * * *' }, rate: { max: 2, perMs: 60_000 } });
    await clock.advance(6000);
    expect(seen.length).toBe(2);
    leader.database.fault = standby.database.fault = 'away';
    await leader.crash();
    await clock.advance(50_000);
    expect(role(standby)).toBe('leader');
    expect(seen.length).toBe(2);
    await clock.advance(30_000);
    expect(seen.length).toBe(4);
    expect(seen[2]!.at - seen[0]!.at).toBeGreaterThanOrEqual(60_000);
  });

  test('is away lets workers go on taking turns', async () => {
    const order: string[] = [];
    nats.listen((subject) => {
      const to = /^natsjob\.job\.client-start\.app\.biz\.turns\.(\w+)/.exec(subject)?.[1];
      if (to !== undefined) order.push(to);
    });
    let isAlive = true;
    const beat = (): void => {
      for (const id of ['w1', 'w2', 'w3']) nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), JSON.stringify({ id, namespace: 'app', appName: 'biz', weight: 1 }));
      if (isAlive) clock.after(2000, beat);
    };
    const [leader, standby] = await pair(0);
    beat();
    await clock.advance(500);
    await define(leader, 'turns', { schedule: { expression: '* * * * * *' }, model: 'ultra', condition: 'clientRound', maxRunning: 1000 });
    await clock.advance(4200);
    leader.database.fault = standby.database.fault = 'away';
    await leader.crash();
    await clock.advance(12_000);
    isAlive = false;
    expect(order.length).toBeGreaterThan(10);
    expect(order).toEqual(order.map((_, index) => `w${index % 3 + 1}`));
    standby.database.fault = undefined;
    // A node that starts anew knows it from the view.
    await clock.advance(3000);
    await standby.crash();
    const third = await start('node-3');
    await clock.advance(8000);
    expect(role(third)).toBe('leader');
    expect(order).toEqual(order.map((_, index) => `w${index % 3 + 1}`));
  });

  test('is away gives runs by hand ids of their own, though the clock is behind', async () => {
    const [leader, standby] = await pair(0);
    await define(leader, 'asked', { maxRunning: 100 });
    const first = (await clock.until(leader.scheduler.api.jobs.run('app.biz.asked', {}))).taskId;
    await clock.advance(8000);
    leader.database.fault = standby.database.fault = 'away';
    await leader.crash();
    clock.jump(-3_600_000);
    await clock.advance(5000);
    const second = (await clock.until(standby.scheduler.api.jobs.run('app.biz.asked', {}))).taskId;
    expect(BigInt(second)).toBeGreaterThan(BigInt(first));
  });
});

describe('a shared database', () => {
  test('that was away for ten minutes, over a kill of the leader, has everything once afterwards', { timeout: 600_000 }, async () => {
    const [leader, standby] = await pair(10);
    await clock.advance(3000);
    leader.database.fault = standby.database.fault = 'away';
    await clock.advance(300_000);
    await leader.crash();
    await clock.advance(300_000);
    expect(gaps('job-3')).toEqual([]);
    expect((await shared.runs({ limit: 10_000 })).items.length).toBeLessThan(100);
    standby.database.fault = undefined;
    await clock.advance(10_000);
    await calm(standby);
    await expectWhole();
  });

  test('that takes batches and says it did not gets each row and each count once', async () => {
    const [leader, standby] = await pair(4, { maxRunning: 1 });
    answer = undefined;
    for (let round = 0; round < 12; round++) {
      leader.database.fault = standby.database.fault = round % 2 === 0 ? 'unsure' : undefined;
      answer = round % 3 === 0 ? 'fail' : round % 3 === 1 ? 'success' : undefined;
      await clock.advance(3700);
      if (round === 6) await leader.crash();
    }
    leader.database.fault = standby.database.fault = undefined;
    answer = 'success';
    await clock.advance(30_000);
    await calm(standby);
    await expectWhole();
    expect((await shared.skips({ limit: 100 })).items.length).toBeGreaterThan(0);
  });

  test('refuses the leader before, and the next one does not take it back behind what that one wrote', async () => {
    const [leader, standby] = await pair(6);
    await clock.advance(4000);
    // Both go on reading; the leader's batches arrive late, and its lease passes meanwhile.
    leader.database.fault = 'late';
    for (let round = 0; round < 6; round++) {
      await clock.advance(1370);
      await takeAway();
      await clock.advance(3100);
    }
    leader.database.fault = undefined;
    await clock.advance(3000);
    await calm(role(leader) === 'leader' ? leader : standby);
    await expectWhole();
  });

  test('that carries out a dead leader\'s batch late has it once, or not at all', { timeout: 600_000 }, async () => {
    answer = undefined;
    const [first, standby] = await pair(6, { maxRunning: 1, timeoutMs: 2500 });
    let [leader, other] = [first, standby];
    for (let round = 0; round < 10; round++) {
      await clock.advance(2000 + round * 330);
      leader.database.fault = 'hangs';
      other.database.fault = 'late';
      await clock.advance(700);
      await leader.crash();
      while (role(other) !== 'leader') await clock.advance(5);
      await clock.advance(round * 9);
      await leader.database.deliverHanging();
      await clock.advance(5000);
      other.database.fault = undefined;
      const nodeId = `node-${round + 3}`;
      [leader, other] = [other, await start(nodeId)];
    }
    answer = 'success';
    await clock.advance(5000);
    await calm(leader);
    await expectWhole();
    expect((await shared.skips({ limit: 100 })).items.length).toBeGreaterThan(0);
  });

  test('is written at an orderly stop', async () => {
    const node = await start('node-1');
    await clock.advance(500);
    await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
    await define(node, 'asked');
    await clock.until(node.scheduler.api.jobs.run('app.biz.asked', {}));
    await clock.until(node.scheduler.stop());
    const runs = (await shared.checkpoints()).find(({ stream }) => stream === STREAM);
    expect(runs?.sequence).toBe(nats.stream(STREAM)?.lastSequence);
  });

  test('is stopped in good order though it hangs', async () => {
    const [leader, standby] = await pair(2);
    await clock.advance(3000);
    leader.database.fault = 'hangs';
    await clock.advance(1000);
    const stoppedAt = clock.now();
    const stopping = leader.scheduler.stop();
    await clock.advance(1500);
    expect(role(standby)).toBe('leader');
    await clock.until(stopping);
    expect(clock.now() - stoppedAt).toBeLessThan(10_000);
    expect(gaps('job-0')).toEqual([]);
  });

  test('that is away shows in the health of every node, and no longer once it is back, whoever leads', async () => {
    const [leader, standby] = await pair(2);
    for (const fault of ['away', 'hangs'] as const) {
      leader.database.fault = standby.database.fault = fault;
      await clock.advance(5000);
      // A leader's batch that hangs is the store's to give up.
      for (const node of [leader, standby].filter((one) => fault === 'away' || role(one) === 'standby')) {
        expect(node.scheduler.api.health()).toMatchObject({ ready: false, databaseWritable: false });
      }
      await takeAway();
      await clock.advance(5000);
      leader.database.fault = standby.database.fault = undefined;
      leader.database.breakHanging();
      standby.database.breakHanging();
      await clock.advance(6000);
      for (const node of [leader, standby]) expect(node.scheduler.api.health()).toMatchObject({ ready: true, databaseWritable: true });
    }
  });

  test('that lacks what only a lost log had is told that nobody knows what became of those runs, and they are not sent again', async () => {
    const [leader, standby] = await pair(0);
    await define(leader, 'asked');
    const { taskId } = await clock.until(leader.scheduler.api.jobs.run('app.biz.asked', { delayMs: 1000 }));
    const later = (await clock.until(leader.scheduler.api.jobs.run('app.biz.asked', { delayMs: 30_000 }))).taskId;
    await clock.advance(500);
    expect(await shared.run(taskId)).toMatchObject({ state: 'delayed' });
    leader.database.fault = standby.database.fault = 'away';
    await clock.advance(2000);
    expect(seen.map(({ id }) => id)).toEqual([taskId]);
    nats.wipe();
    await clock.advance(5000);
    leader.database.fault = standby.database.fault = undefined;
    await clock.advance(20_000);
    expect(await shared.run(taskId)).toMatchObject({ state: 'expired', reason: 'its answer, if there was one, is no longer in the log' });
    await clock.advance(20_000);
    expect(await shared.run(later)).toMatchObject({ state: 'completed' });
    expect(seen.map(({ id }) => id)).toEqual([taskId, later]);
  });

  test('loses old runs by the leader\'s hand alone', async () => {
    const deleters: string[] = [];
    const watched = (nodeId: string): Store => new Proxy(shared, {
      get: (target, name) => {
        if (String(name).startsWith('delete') || name === 'resetCheckpoints') deleters.push(nodeId);
        return Reflect.get(target, name) as unknown;
      },
    });
    await start('node-1', watched('node-1'));
    await clock.advance(1000);
    await start('node-2', watched('node-2'));
    await clock.advance(200_000);
    expect(new Set(deleters)).toEqual(new Set(['node-1']));
  });

  test('goes on from a log that was made anew, whoever leads then, and terms go on above its own', async () => {
    const [leader, standby] = await pair(2);
    for (let turn = 0; turn < 3; turn++) {
      await takeAway();
      await clock.advance(2000);
    }
    const before = (await shared.runs({ limit: 1000 })).items.length;
    nats.wipe();
    await clock.advance(8000);
    const rows = (await shared.runs({ limit: 1000 })).items.length;
    expect(rows).toBeGreaterThan(before);
    expect((await shared.checkpoints()).find(({ stream }) => stream === STREAM)?.sequence).toBe(nats.stream(STREAM)?.lastSequence);
    expect([role(leader), role(standby)].sort()).toEqual(['leader', 'standby']);
  });
});
