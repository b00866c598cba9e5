import { beforeEach, expect, test } from 'vitest';
import { createLeaseStore } from '../../../src-core/nats/lease-store.ts';
import type { LeaseValue } from '../../../src-core/domain/lease.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { kvPrefix } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
/** Ids of all runs a plain subscriber has seen, in their order. */
let seen: string[];

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  seen = [];
  nats.listen((subject, text) => {
    if (subject.startsWith('natsjob.job.start.') || subject.startsWith('natsjob-void.job.start.')) seen.push((JSON.parse(text) as { taskId: string }).taskId);
  });
});

async function leading(...models: string[]): Promise<VirtualNode> {
  // So that renewals do not fall on the moments of fires.
  await clock.advance(130);
  const node = openNode({ clock, nats, store: createMemoryStore() });
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
  for (const model of models) {
    await clock.until(node.scheduler.api.jobs.create({ namespace: 'app', app: 'biz', name: model, model, schedule: { expression: '* * * * * *' }, misfire: { policy: 'all' } }));
  }
  await clock.advance(3000);
  return node;
}

async function changeLease(change: (value: LeaseValue) => Partial<LeaseValue>): Promise<void> {
  const leases = createLeaseStore(nats.connect());
  const entry = await clock.until(leases.read());
  await clock.until(leases.write({ ...entry!.value, ...change(entry!.value) }, entry!.revision));
}

test('a lease that is lost and free while a leader steps down does not make it lead beside itself', async () => {
  const node = await leading('plus');
  node.bus.losesAcks = true;
  await clock.advance(1100);
  const stepping = node.scheduler.api.stepDown('node-1');
  await clock.advance(1200);
  await changeLease(() => ({ held: false, term: 40 }));
  await clock.advance(1500);
  node.bus.losesAcks = false;
  await clock.until(stepping);
  expect(node.scheduler.api.health().role).not.toBe('leader');
  await clock.advance(12_000);
  expect(node.scheduler.api.health().role).toBe('leader');
  expect(new Set(seen).size).toBe(seen.length);
});

test('fires of lite that a leader with a clock ahead has sent are not sent again', async () => {
  const node = await leading('lite', 'plus');
  const sent = seen.length;
  expect(sent).toBeGreaterThan(4);
  // It dies before the lease tells of the last one.
  while (seen.length === sent) await clock.advance(1);
  await node.crash();
  // The next one's machine is 40 s behind.
  clock.jump(-40_000);
  const next = openNode({ clock, nats, store: createMemoryStore(), config: { nodeId: 'node-2' } });
  await clock.until(next.scheduler.start());
  await clock.advance(60_000);
  expect(seen.length).toBeGreaterThan(sent + 20);
  expect(new Set(seen).size).toBe(seen.length);
});

test('a term that fails as it begins leaves nothing of it behind', async () => {
  const node = await leading('plus');
  const { bus } = node;
  const openLog = bus.openLog.bind(bus);
  let broken = 0;
  bus.openLog = (options) => {
    const log = openLog(options);
    return broken > 0 ? log : { publish() { broken++; throw new Error('broken'); }, stop: (ms) => log.stop(ms), get unsettled() { return log.unsettled; }, get lastSequence() { return log.lastSequence; }, problem: '' };
  };
  // Another holds it for its whole length: fires are due when it is taken again.
  await changeLease(() => ({ nodeId: 'other', process: 'other', held: true, term: 40 }));
  while (broken === 0) await clock.advance(1);
  await clock.advance(1);
  expect(node.scheduler.api.health().role).not.toBe('leader');
  await clock.advance(20_000);
  expect(broken).toBe(1);
  expect(node.scheduler.api.health().role).toBe('leader');
  expect(new Set(seen).size).toBe(seen.length);
});

test('who dies right after taking a lease that nobody had seen leaves no fire undecided', async () => {
  const node = await leading('plus');
  await node.crash();
  nats.put('natsjob-control', 'lease', '', { 'KV-Operation': 'DEL' });
  const second = openNode({ clock, nats, store: createMemoryStore(), config: { nodeId: 'node-2' } });
  let dying: Promise<void> | undefined;
  nats.listen((subject) => {
    if (subject === `${kvPrefix('natsjob-control')}lease`) dying ??= second.crash();
  });
  void second.scheduler.start();
  while (dying === undefined) await clock.advance(10);
  await dying;
  const before = seen.length;
  const third = openNode({ clock, nats, store: createMemoryStore(), config: { nodeId: 'node-3' } });
  await clock.until(third.scheduler.start());
  await clock.advance(6000);
  expect(third.scheduler.api.health().role).toBe('leader');
  expect(seen.length).toBeGreaterThan(before + 5);
  const fires = seen.map((id) => Number(BigInt(id) >> 22n)).sort((a, b) => a - b);
  for (let index = 1; index < fires.length; index++) expect((fires[index] as number) - (fires[index - 1] as number)).toBe(1000);
});
