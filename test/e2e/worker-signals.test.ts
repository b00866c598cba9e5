import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorker, RunCancelledError, RunExpiredError } from '../../src-core/worker/index.ts';
import type { HandlerOptions } from '../../src-core/worker/index.ts';
import { untilAvailable } from '../support/create.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('a handler of a worker is told', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each<HandlerOptions>([{ delivery: 'jetstream' }, { delivery: 'core' }])('when the scheduler cancels or expires its run, with %j', async (options) => {
    const job = await world.job({ maxRunning: 10, timeoutMs: 600_000 });
    // Long enough to be begun on a machine that stands still for a moment.
    const short = await world.job({ app: job.app, timeoutMs: 8_000 });
    const reasons = new Map<string, unknown>();
    await using worker = createWorker({ url: world.program.natsUrl, namespace: job.namespace, app: job.app, concurrency: 2 });
    const begun = new Set<string>();
    for (const { name } of [job, short]) {
      worker.handle(name, async (run, { signal }) => {
        begun.add(run.taskId);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reasons.set(run.taskId, signal.reason);
      }, options);
    }
    await worker.start();
    const [cancelled, expired] = [await job.start(), await short.start()];
    await until(() => begun.size === 2, { what: 'both to have begun' });
    expect((await untilAvailable(() => world.program.api.post(`/runs/${cancelled}/cancel`, { reason: 'not needed' }))).status).toBeLessThan(300);
    await world.untilState(cancelled, 'cancelled');
    await world.untilState(expired, 'expired');
    await until(() => reasons.size === 2 && worker.state().running === 0);
    expect(reasons.get(cancelled)).toBeInstanceOf(RunCancelledError);
    expect(reasons.get(expired)).toBeInstanceOf(RunExpiredError);
    await world.settled();
    expect(await world.subRuns(cancelled)).toEqual([]);
    expect(await world.run(expired)).toMatchObject({ state: 'expired' });
  });

  test('of a broadcast, each worker of which does the run', async () => {
    const job = await world.job({ category: 'broadcast', model: 'ultra' });
    const seen: string[] = [];
    await using first = createWorker({ url: world.program.natsUrl, namespace: job.namespace, app: job.app, id: 'first' });
    await using second = createWorker({ url: world.program.natsUrl, namespace: job.namespace, app: job.app, id: 'second' });
    for (const worker of [first, second]) await worker.handle(job.name, () => void seen.push(worker.id)).start();
    await until(async () => (await world.program.api.get(`/workers?namespace=${job.namespace}&app=${job.app}`)).body.items.filter(({ live }: { live: boolean }) => live).length === 2);
    await world.untilState(await job.start(), 'completed');
    expect(seen.toSorted()).toEqual(['first', 'second']);
  });
});
