import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

/** A gap longer than five seconds counts as a sleep, after which each job's misfire policy decides. */
const GAP_MS = 7_000;

describe.skipIf(!(await canStartProgram()))('after a restart', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const everySecond = (misfire: Record<string, unknown>): Promise<TestJob> => world.job({ schedule: { expression: '* * * * * *' }, maxRunning: 1000, timeoutMs: 600_000, misfire });
  const secondsOf = (runs: { scheduledAt: string }[]): number[] => runs.map(({ scheduledAt }) => Date.parse(scheduledAt) / 1000).toSorted((a, b) => a - b);

  test('missed fires are made up for as each job\'s policy says, and every one is accounted for', async () => {
    const jobs = {
      skip: await everySecond({ policy: 'skip' }),
      once: await everySecond({}),
      all: await everySecond({ policy: 'all', max: 1000 }),
      three: await everySecond({ policy: 'all', max: 3 }),
      window: await everySecond({ policy: 'all', windowMs: 2_500 }),
    };
    for (const job of Object.values(jobs)) await job.next();
    // Its clock stands from here on, however long it takes to end.
    const toldAt = Date.now();
    expect(await world.program.stop()).toBe(0);
    const stoppedAt = Date.now();
    await until(() => Date.now() - stoppedAt > GAP_MS, { what: 'the gap' });
    await world.program.restart();
    await until(async () => (await jobs.skip.runs('state=active')).some(({ scheduledAt }) => Date.parse(scheduledAt) > stoppedAt + GAP_MS), { what: 'fires to go on' });
    const mostMissed = (): number => Math.ceil((Date.now() - toldAt) / 1000) + 2;
    await world.settled();
    // One, unless the machine stands still for as long once more.
    const gaps = (): number => world.program.output().split('"gapMs"').length - 1;

    for (const [policy, job] of Object.entries(jobs)) {
      await job.change({ state: 'disabled' });
      await world.settled();
      const runs = await job.runs();
      const seconds = secondsOf(runs);
      expect(new Set(seconds).size).toBe(seconds.length);
      // From its first run to its last, each second was either run or counted as missed; what is counted is told every three seconds.
      const missed = seconds.at(-1)! - seconds[0]! + 1 - runs.length;
      let skipped = 0;
      await until(async () => {
        skipped = (await job.skips()).reduce((sum, { reason, count }) => sum + (reason === 'misfire' ? count : 0), 0);
        return skipped >= missed;
      }, { what: () => `skips of ${policy}: ${skipped} of ${missed}` });
      expect(skipped).toBe(missed);
      const caughtUp = secondsOf(runs.filter(({ trigger }) => trigger === 'catch-up'));
      const [least, most] = { skip: [0, 0], once: [1, gaps()], all: [7, mostMissed()], three: [3, 3 * gaps()], window: [1, 3 * gaps()] }[policy]!;
      expect(caughtUp.length, policy).toBeGreaterThanOrEqual(least!);
      expect(caughtUp.length, policy).toBeLessThanOrEqual(most!);
      expect(skipped + caughtUp.length, policy).toBeGreaterThanOrEqual(7);
      // The latest of those missed are made up for.
      if (caughtUp.length > 0) expect(seconds).toContain(caughtUp.at(-1)! + 1);
    }
  });

  test('delayed, waiting and active runs are what they were', async () => {
    const job = await world.job({ overlap: 'queue', queueLimit: 10, timeoutMs: 600_000 });
    const active = await job.start({ args: 'active' });
    const waiting = await job.start({ args: 'waiting' });
    const urgent = await job.start({ args: 'urgent', priority: 20 });
    const delayed = await job.start({ args: 'delayed', delayMs: 600 });
    const message = await job.next(active);
    await world.program.kill('SIGKILL');
    const killedAt = Date.now();
    // Both while the scheduler is away; its NATS server is there.
    await world.worker.answer(message, { status: 'success', reason: 'meanwhile' });
    await until(() => Date.now() - killedAt > 700, { what: 'the delay to pass' });
    await world.program.restart();

    expect(await world.untilState(active, 'completed')).toMatchObject({ reason: 'meanwhile' });
    for (const [taskId, args] of [[urgent, 'urgent'], [waiting, 'waiting'], [delayed, 'delayed']] as const) {
      const next = await job.next();
      expect(next.task).toMatchObject({ taskId, jobArgs: args });
      await world.worker.answer(next, 'success');
      await world.untilState(taskId, 'completed');
    }
    await world.settled();
    expect(job.dispatched()).toHaveLength(4);
  });

  test('a map run goes on with its second step, whatever the scheduler missed', async () => {
    const job = await world.job({ category: 'map', maxRunning: 2 });
    const [early, late] = [await job.start(), await job.start()];
    const first = await job.next(early);
    await world.worker.answer(await job.next(late), 'success:next');
    await job.next(late);
    await world.program.kill('SIGKILL');
    await world.worker.answer(first, { status: 'success:next', reason: 'meanwhile' });
    await world.program.restart();
    const second = await job.next(early);
    expect(second.subject).toBe(job.subject('start'));
    await world.worker.answer(second, 'success');
    expect(await world.untilState(early, 'completed')).toMatchObject({ reason: 'meanwhile' });
    await world.worker.answer(job.dispatched(late)[1]!, 'success');
    await world.untilState(late, 'completed');
    await world.settled();
    expect(job.dispatched()).toHaveLength(4);
  });

  test('a broadcast keeps later answers, also those given while the scheduler was away', async () => {
    const job = await world.job({ category: 'broadcast' });
    const taskId = await job.start();
    const message = await job.next();
    await world.worker.answer(message, { status: 'success', clientId: 'w1' });
    await world.untilState(taskId, 'completed');
    await world.settled();
    await world.program.kill('SIGKILL');
    await world.worker.answer(message, { status: 'fail', clientId: 'w2' });
    await world.program.restart();
    await until(async () => (await world.subRuns(taskId)).length === 1, { what: 'the later answer' });
    expect(await world.subRuns(taskId)).toMatchObject([{ kind: 'answer', workerId: 'w2', status: 'fail' }]);
    expect(await world.run(taskId)).toMatchObject({ state: 'completed', workerId: 'w1' });
  });

  test('a run whose time ran out meanwhile is expired', async () => {
    const job = await world.job({ timeoutMs: 200 });
    const taskId = await job.start();
    await job.next();
    await world.program.kill('SIGKILL');
    await world.program.restart();
    await world.untilState(taskId, 'expired');
  });

  test('the worker that registered first is still the first', async () => {
    const app = await world.app();
    await world.beat(app, 'zebra');
    await world.beat(app, 'ape');
    await world.settled();
    await world.program.restart();
    for (const id of ['ape', 'zebra']) await world.stayLive(app, id);
    const job = await world.job({ app, model: 'ultra', condition: 'clientFirst' });
    await job.start();
    expect((await job.next()).subject).toBe(job.subject('client-start', 'zebra'));
  });
});
