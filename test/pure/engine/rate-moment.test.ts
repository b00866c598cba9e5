import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode } from '../../support/virtual-node.ts';

const RUNS = 200;
const PER_MS = 100;

async function startRated() {
  const clock = new VirtualClock();
  const { scheduler, clock: own } = openNode({ clock, nats: new MemoryNats(clock), store: createMemoryStore() });
  const { api } = scheduler;
  await clock.until(scheduler.start());
  await clock.advance(500);
  await clock.until(api.apps.create('app', { name: 'biz' }));
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'rated', rate: { max: 1, perMs: PER_MS }, maxRunning: 1000, overlap: 'queue', queueLimit: 1000, timeoutMs: 3_600_000 }));
  return { clock, own, api };
}

test('the moments that runs are sent at keep the rate limit, however much time passes between two looks at the clock', async () => {
  const { clock, own, api } = await startRated();
  const now = own.now.bind(own);
  const random = seeded(5);
  let passed = 0;
  own.now = () => now() + (passed += random() < 0.02 ? 5 : 0);
  const ids: string[] = [];
  for (let count = 0; count < RUNS; count++) ids.push((await clock.until(api.jobs.run('app.biz.rated', {}))).taskId);
  await clock.advance(4 * RUNS * PER_MS);

  const sent = (await Promise.all(ids.map((id) => clock.until(api.runs.get(id))))).map(({ dispatchedAt }) => dispatchedAt).sort((a, b) => a - b);
  expect(sent[0]).toBeGreaterThan(0);
  for (let index = 1; index < RUNS; index++) expect(sent[index]! - sent[index - 1]!).toBeGreaterThanOrEqual(PER_MS);
});

test('a run for which the limit opens just as it is held is sent at once', async () => {
  const { clock, own, api } = await startRated();
  const now = own.now.bind(own);
  const dispatchedAt = async (id: string): Promise<number> => (await clock.until(api.runs.get(id))).dispatchedAt;
  for (let before = 0; before < 20; before++) {
    await clock.until(api.jobs.run('app.biz.rated', {}));
    // One that is held, so that the next round is not near.
    const held = await clock.until(api.jobs.run('app.biz.rated', {}));
    await clock.advance(PER_MS);
    const opensAt = (await dispatchedAt(held.taskId)) + PER_MS;
    await clock.advance(opensAt - before - own.now());
    // From here on each look at the clock takes a millisecond.
    let passed = 0;
    own.now = () => now() + passed++;
    const { taskId } = await clock.until(api.jobs.run('app.biz.rated', {}));
    const late = passed;
    own.now = () => now() + late;
    await clock.advance(PER_MS);
    expect(await dispatchedAt(taskId), `asked for ${before} ms before`).toBeGreaterThanOrEqual(opensAt);
    await clock.advance(2_000);
    own.now = now;
    await clock.advance(2_000);
  }
});
