import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { askedSubject, encodeAsked, kvStream } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode } from '../../support/virtual-node.ts';

const HOUR = 3_600_000;

test('a clock set back an hour repeats no fire, also over a crash, and runs by hand get ids of their own', async () => {
  const clock = new VirtualClock();
  const nats = new MemoryNats(clock);
  const store = createMemoryStore();
  const sent: string[] = [];
  nats.listen((subject, text) => {
    if (/^natsjob(-void)?\.job\.start\./.test(subject)) sent.push((JSON.parse(text) as { taskId: string }).taskId);
  });
  const start = async (): Promise<ReturnType<typeof openNode>> => {
    const node = openNode({ clock, nats, store });
    await clock.until(node.scheduler.start());
    await clock.advance(3_000);
    return node;
  };
  const first = await start();
  const { api } = first.scheduler;
  await clock.until(api.apps.create('app', { name: 'biz' }));
  for (const model of ['max', 'plus', 'lite']) {
    const limits = model === 'max' ? { maxRunning: 1000 } : {};
    await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: model, model, schedule: { expression: '* * * * * *' }, ...limits }));
  }
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'hand', maxRunning: 1000 }));
  await clock.advance(5_000);
  const before = sent.length;
  expect(before).toBeGreaterThanOrEqual(12);
  const byHand = (await clock.until(api.jobs.run('app.biz.hand', {}))).taskId;

  clock.jump(-HOUR);
  await clock.advance(5_000);
  const again = (await clock.until(api.jobs.run('app.biz.hand', {}))).taskId;
  expect(BigInt(again)).toBeGreaterThan(BigInt(byHand));
  expect(first.scheduler.api.health()).toMatchObject({ role: 'leader', ready: true });
  await first.crash();
  const second = await start();
  await clock.advance(10_000);
  expect(second.scheduler.api.health().role).toBe('leader');
  const third = (await clock.until(second.scheduler.api.jobs.run('app.biz.hand', {}))).taskId;
  expect(BigInt(third)).toBeGreaterThan(BigInt(again));

  clock.jump(HOUR);
  await clock.advance(5_000);
  expect(sent.length).toBeGreaterThan(before + 12);
  expect(new Set(sent).size).toBe(sent.length);
  await clock.until(second.scheduler.stop());
});

test('a clock set back while the bucket of the lease is gone repeats no fire of lite', async () => {
  const clock = new VirtualClock();
  const nats = new MemoryNats(clock);
  const sent: string[] = [];
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob-void.job.start.')) sent.push((JSON.parse(text) as { taskId: string }).taskId);
  });
  const node = openNode({ clock, nats, store: createMemoryStore() });
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
  await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: 'lite', model: 'lite', schedule: { expression: '* * * * * *' } }));
  await clock.advance(3_000);
  nats.drop(kvStream('natsjob-control'));
  const before = sent.length;
  while (sent.length === before) await clock.advance(10);
  clock.jump(-10_000);
  await clock.advance(30_000);
  expect(node.scheduler.api.health().role).toBe('leader');
  expect(sent.length).toBeGreaterThan(before + 10);
  expect(new Set(sent).size).toBe(sent.length);
  await clock.until(node.scheduler.stop());
});

test('a clock set back an hour holds no run that waits for the end of a pause', async () => {
  const clock = new VirtualClock();
  const nats = new MemoryNats(clock);
  const sent: string[] = [];
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.')) sent.push((JSON.parse(text) as { taskId: string }).taskId);
  });
  const node = openNode({ clock, nats, store: createMemoryStore() });
  await clock.until(node.scheduler.start());
  await clock.advance(3_000);
  const { api } = node.scheduler;
  await clock.until(api.apps.create('app', { name: 'biz' }));
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'work', overlap: 'queue' }));
  await clock.until(api.pauseScheduling());
  await clock.advance(1_000);
  nats.publish(askedSubject('app', 'biz', 'work'), encodeAsked({ at: clock.now(), runs: [{}] }));
  await clock.advance(3_000);
  expect(sent).toEqual([]);
  clock.jump(-HOUR);
  await clock.advance(1_000);
  await clock.until(api.resumeScheduling());
  await clock.advance(3_000);
  expect(sent).toHaveLength(1);
  await clock.until(node.scheduler.stop());
});
