import { beforeEach, expect, test } from 'vitest';
import type { Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { DEFINITIONS_STREAM, RESULTS_BUCKET, STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { T0, taskId as idOf } from '../../support/run-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let leader: VirtualNode;
let standby: VirtualNode;
let view: Store;

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  view = createMemoryStore();
  nats.listen((subject, text) => {
    if (!subject.startsWith('natsjob.job.start.')) return;
    const { jobEndKvKey } = JSON.parse(text) as { jobEndKvKey: string };
    clock.after(1, () => void nats.put(RESULTS_BUCKET, jobEndKvKey, 'success'));
  });
  leader = await started('leader', createMemoryStore());
  standby = await started('standby', view);
  await clock.until(leader.scheduler.api.apps.create('app', { name: 'biz' }));
});

async function started(nodeId: string, store: Store): Promise<VirtualNode> {
  const node = openNode({ clock, nats, store, config: { nodeId } });
  await clock.until(node.scheduler.start());
  await clock.advance(3_000);
  return node;
}

test('an answer is read before the job it is of is known, and counts all the same', async () => {
  // Streams have no order between them.
  standby.bus.readLatencyMs = (stream) => ({ [DEFINITIONS_STREAM]: 500, [STREAM]: 300 })[stream] ?? 0;
  await clock.until(leader.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: 'new' }));
  const { taskId } = await clock.until(leader.scheduler.api.jobs.run('app.biz.new', {}));
  await clock.advance(1_000);
  expect(await view.run(taskId)).toMatchObject({ state: 'completed' });
  expect(standby.oddities).toEqual(new Map());
});

test('an answer of a job that nobody makes is held for a while, and then it is one of an unknown run', async () => {
  const stranger = idOf(clock.now() - T0, 4_711);
  nats.put(RESULTS_BUCKET, `natsjob.job.end.app.biz.nobody.${stranger}`, 'success');
  await clock.advance(500);
  expect(standby.oddities).toEqual(new Map());
  await clock.advance(3_500);
  expect(standby.oddities).toEqual(new Map([['end-unknown-run', 1]]));
  expect((await clock.until(standby.scheduler.api.gauges())).projectionLag).toBe(0);
});

test('of many such answers few are held', async () => {
  for (let count = 0; count < 3_000; count++) nats.put(RESULTS_BUCKET, `natsjob.job.end.app.biz.nobody.${idOf(clock.now() - T0 - count, 4_711)}`, 'success');
  await clock.advance(500);
  expect(standby.oddities.get('end-unknown-run')).toBe(2_000);
});
