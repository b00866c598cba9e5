import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import { ConflictError, InvalidInputError, NotFoundError, RunSkippedError, UnansweredError, UnavailableError } from '../../../src-core/domain/errors.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import type { FeedOptions, RunApi, SchedulerApi, Store } from '../../../src-core/ports/index.ts';
import { STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

const JOB = 'app.biz.report';
let clock: VirtualClock;
let nats: MemoryNats;
let leader: VirtualNode;
let standby: VirtualNode;
let nodes: VirtualNode[];
let orders: { taskId: string }[];
/** What all nodes write, if they do. */
let shared: Store | undefined;

async function begin(): Promise<void> {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  orders = [];
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.')) orders.push(JSON.parse(text) as { taskId: string });
  });
  leader = await open('a');
  await clock.advance(1_000);
  standby = await open('b');
  await clock.advance(1_000);
  await clock.until(api().apps.create('app', { name: 'biz' }));
  await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'report', timeoutMs: 600_000, maxRunning: 1_000 }));
}
afterEach(async () => {
  for (const node of nodes) await clock.until(node.scheduler.stop());
});

async function open(nodeId: string, change: (node: VirtualNode) => void = () => {}): Promise<VirtualNode> {
  const node = openNode({ clock, nats, store: shared ?? createMemoryStore(), config: { nodeId } });
  change(node);
  nodes = nodeId === 'a' ? [node] : [...nodes, node];
  await clock.until(node.scheduler.start());
  return node;
}

/** Of the standby: it is the one that is asked. */
const api = (): SchedulerApi => standby.scheduler.api;
const caught = <T>(promise: Promise<T>): Promise<unknown> => clock.until(promise.then((value) => value, (error: unknown) => error));

describe.each(['of its own', 'that all share'])('a node that does not lead, with a database %s', (kind) => {
  beforeEach(() => {
    shared = kind === 'of its own' ? undefined : createMemoryStore({ isShared: true });
    return begin();
  });

  test('runs a job it has just defined, and finds the run at once', async () => {
    expect(standby.scheduler.api.health().role).toBe('standby');
    for (let round = 0; round < 10; round++) {
      await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: `new-${round}` }));
      const run = await clock.until(api().jobs.run(`app.biz.new-${round}`, { args: `n${round}` }).then(({ taskId }) => api().runs.get(taskId)));
      expect(run).toMatchObject({ job: `new-${round}`, args: `n${round}`, state: 'active', trigger: 'manual' });
    }
    expect(orders).toHaveLength(10);
  });

  test('cancels a run and shows its end at once; so does the leader', async () => {
    const { taskId } = await clock.until(api().jobs.run(JOB, {}));
    const [told, shown] = await clock.until(api().runs.cancel(taskId).then(async (run): Promise<RunRecord[]> => [run, await api().runs.get(taskId)]));
    expect(told).toMatchObject({ id: taskId, state: 'cancelled' });
    expect(shown).toEqual(told);
    await clock.advance(100);
    expect(await clock.until(leader.scheduler.api.runs.get(taskId))).toEqual(told);
    expect(await caught(api().runs.cancel(taskId))).toBeInstanceOf(ConflictError);
  });

  test('answers as soon as the end is in the log', async () => {
    const { taskId } = await clock.until(api().jobs.run(JOB, {}));
    const before = clock.monotonic();
    await clock.until(api().runs.cancel(taskId));
    expect(clock.monotonic() - before).toBeLessThan(200);
  });

  test.runIf(kind === 'that all share')('finds what it asked for while the view is slow', async () => {
    const apply = shared!.apply.bind(shared);
    shared!.apply = async (batch) => {
      await new Promise<void>((resolve) => clock.after(700, resolve));
      return apply(batch);
    };
    const before = clock.monotonic();
    const states = await clock.until((async () => {
      const { taskId } = await api().jobs.run(JOB, {});
      const active = (await api().runs.get(taskId)).state;
      const told = (await api().runs.cancel(taskId)).state;
      return [active, told, (await api().runs.get(taskId)).state];
    })());
    expect(states).toEqual(['active', 'cancelled', 'cancelled']);
    expect(clock.monotonic() - before).toBeLessThan(200);
  });

  test('cancels a run that it has not read yet', async () => {
    const late = await open('late', delayRuns);
    await clock.advance(1_000);
    const { taskId } = await clock.until(leader.scheduler.api.jobs.run(JOB, {}));
    expect(await caught(late.scheduler.api.runs.get(taskId))).toBeInstanceOf(NotFoundError);
    expect(await clock.until(late.scheduler.api.runs.cancel(taskId))).toMatchObject({ id: taskId, state: 'cancelled' });
  });

  test('cancels a delayed run', async () => {
    const { taskId, state } = await clock.until(api().jobs.run(JOB, { delayMs: 60_000 }));
    expect(state).toBe('delayed');
    expect(await clock.until(api().runs.cancel(taskId))).toMatchObject({ state: 'cancelled' });
    expect(orders).toEqual([]);
  });

  test('runs again what ran before', async () => {
    const first = await clock.until(api().jobs.run(JOB, { args: 'x' }));
    const second = await clock.until(api().runs.rerun(first.taskId, {}));
    expect(await clock.until(api().runs.get(second.taskId))).toMatchObject({ args: 'x', state: 'active' });
    expect(orders.map(({ taskId }) => taskId)).toEqual([first.taskId, second.taskId]);
  });

  test('cancels and runs again many', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 120; index++) ids.push((await clock.until(api().jobs.run(JOB, {}))).taskId);
    const bulk = (action: 'cancel' | 'rerun'): ReturnType<RunApi['bulk']> => clock.until(api().runs.bulk({ ids, action, dryRun: false }));
    expect(await bulk('cancel')).toEqual({ matched: 120, done: 120, failures: [], started: [] });
    const again = await bulk('rerun');
    expect({ done: again.done, started: again.started.length }).toEqual({ done: 120, started: 120 });
    expect(orders).toHaveLength(240);
    const jobs = await clock.until(api().jobs.bulk({ ids: [JOB], action: { kind: 'run' }, dryRun: false }));
    expect(jobs).toEqual({ matched: 1, done: 1, failures: [] });
    expect(orders).toHaveLength(241);
  });

  test('hands on what the leader says against it', async () => {
    const closed = await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'closed', state: 'disabled' }));
    expect(closed.definition.state).toBe('disabled');
    const skipped = await caught(api().jobs.run('app.biz.closed', {}));
    expect(skipped).toBeInstanceOf(RunSkippedError);
    expect(skipped).toMatchObject({ reason: 'disabled', message: 'Not run: the job is disabled.' });
    expect(await caught(api().jobs.run(JOB, { priority: 99 }))).toBeInstanceOf(InvalidInputError);
    expect(await caught(api().jobs.run('app.biz.none', {}))).toBeInstanceOf(NotFoundError);
    expect(await caught(api().runs.cancel('12345678901234567'))).toBeInstanceOf(NotFoundError);
    expect(orders).toEqual([]);
  });

  test('explains a fire as the leader sees it, and as itself while there is none', async () => {
    await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'rated', maxRunning: 5, rate: { max: 1, perMs: 60_000 } }));
    await clock.until(leader.scheduler.api.jobs.run('app.biz.rated', {}));
    const there = await clock.until(leader.scheduler.api.jobs.explain('app.biz.rated'));
    expect(there).toMatchObject({ verdict: 'skip', reason: 'rate' });
    expect((await clock.until(api().jobs.explain('app.biz.rated'))).reason).toBe('rate');
    await leader.crash();
    expect(await clock.until(api().jobs.explain('app.biz.rated'))).toMatchObject({ verdict: 'skip', reason: 'not-leader' });
    drop();
  });

  test('knows when jobs fire next', async () => {
    await clock.until(api().jobs.create({ namespace: 'app', app: 'biz', name: 'often', schedule: { expression: '*/5 * * * * *' } }));
    for (const node of [leader, standby]) {
      await clock.advance(7_000);
      expect((await clock.until(node.scheduler.api.jobs.get('app.biz.often'))).nextFireAt! - clock.now()).toBeGreaterThan(0);
      expect((await clock.until(node.scheduler.api.looking.fires({ limit: 5 }))).map(({ at }) => at > clock.now())).toEqual([true]);
    }
  });

  test('says that nobody leads when the leader is dead, and runs it once it leads itself', async () => {
    await leader.crash();
    const error = await caught(api().jobs.run(JOB, {}));
    expect(error).toEqual(new UnavailableError('No server leads right now; try again in a moment.'));
    expect(await caught(api().runs.bulk({ ids: ['1'], action: 'rerun', dryRun: false }))).toMatchObject({ done: 0 });
    await clock.advance(4_000);
    expect(orders).toEqual([]);
    await clock.until(api().jobs.run(JOB, {}));
    expect(orders).toHaveLength(1);
    drop();
  });

  test('asks the new leader once when the one it knew has given up the lease', async () => {
    const third = await open('c');
    await clock.advance(1_000);
    await clock.until(leader.scheduler.api.stepDown('a'));
    // Nobody has noticed yet.
    const answers = await Promise.all([api(), third.scheduler.api].map((each) => caught(each.jobs.run(JOB, {}))));
    for (const answer of answers) if (answer instanceof Error) expect(answer).toEqual(new UnavailableError('No server leads right now; try again in a moment.'));
    await clock.advance(1_000);
    await clock.until(api().jobs.run(JOB, {}));
    await clock.until(third.scheduler.api.jobs.run(JOB, {}));
    await clock.advance(10_000);
    expect(orders).toHaveLength(2 + answers.filter((answer) => !(answer instanceof Error)).length);
  });

  test('does not ask twice when the leader died over it: it may have been done', async () => {
    // What the leader sends is never acknowledged, so it does not answer.
    leader.bus.losesAcks = true;
    const asked = api().jobs.run(JOB, {}).then(() => 'answered', (error: unknown) => error);
    await clock.advance(500);
    await leader.crash();
    const error = await clock.until(asked);
    expect(error).toBeInstanceOf(UnansweredError);
    expect((error as Error).message).toMatch(/may have been done, or may still be/);
    await clock.advance(10_000);
    expect(orders.length).toBeLessThanOrEqual(1);
    drop();
  });

  test('says that it may have been done when it stopped leading before NATS had confirmed it', async () => {
    leader.bus.losesAcks = true;
    const asked = caught(leader.scheduler.api.jobs.run(JOB, {}));
    await clock.advance(100);
    leader.bus.stall();
    await clock.advance(4_000);
    leader.bus.flow();
    const error = await asked;
    expect(error).toBeInstanceOf(UnansweredError);
    expect((error as Error).message).toMatch(/the run may have been started/);
    expect(orders).toHaveLength(1);
  });

  test('gets its run from the next leader when the one before stopped leading and had not sent it', async () => {
    leader.bus.stall();
    // Its trust is over, and it does not know yet that another one leads.
    await clock.advance(1_900);
    const asked = caught(leader.scheduler.api.jobs.run(JOB, {}));
    await clock.advance(3_000);
    leader.bus.flow();
    expect(await asked).toMatchObject({ taskId: orders[0]?.taskId, state: 'active' });
    await clock.advance(10_000);
    expect(orders).toHaveLength(1);
  });
});

function drop(): void {
  nodes = nodes.filter((node) => node !== leader);
}

/** Reads the runs stream later than others. */
function delayRuns({ bus }: VirtualNode): void {
  const openFeed = bus.openFeed.bind(bus);
  bus.openFeed = (options: FeedOptions) =>
    openFeed(options.stream === STREAM ? { ...options, onMessage: (message) => void clock.after(300, () => options.onMessage(message)) } : options);
}
