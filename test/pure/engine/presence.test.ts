import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConflictError } from '../../../src-core/domain/errors.ts';
import { createMemoryStore } from '../../../src-core/sql/memory/store.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode, type VirtualNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let nodes: VirtualNode[];

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  nodes = [];
  for (const nodeId of ['a', 'b']) await open(nodeId);
  await clock.advance(1_000);
});
afterEach(async () => {
  for (const node of nodes) await clock.until(node.scheduler.stop());
});

async function open(nodeId: string): Promise<void> {
  const node = openNode({ clock, nats, store: createMemoryStore(), config: { nodeId } });
  nodes.push(node);
  await clock.until(node.scheduler.start());
}

const seen = async (index: number): Promise<string[]> => (await clock.until(nodes[index]!.scheduler.api.servers())).map(({ id, role }) => `${id} ${role}`);

test('every node lists itself first, then the others, with the role each has', async () => {
  await clock.advance(6_000);
  expect(await seen(0)).toEqual(['a leader', 'b standby']);
  expect(await seen(1)).toEqual(['b standby', 'a leader']);
  const [, other] = await clock.until(nodes[1]!.scheduler.api.servers());
  expect(other).toMatchObject({ host: 'here', jobs: 0, machineCpuPercent: undefined, tickAgeMs: expect.any(Number) });
});

test('a node that stops in order is gone at once, one that dies after 15 s', async () => {
  await clock.advance(6_000);
  await nodes[0]!.crash();
  await clock.advance(9_000);
  expect(await seen(1)).toContain('a leader');
  await clock.advance(7_000);
  expect(await seen(1)).toEqual(['b leader']);
  nodes = [nodes[1]!];
  await open('c');
  await clock.advance(6_000);
  expect(await seen(0)).toEqual(['b leader', 'c standby']);
  await clock.until(nodes[1]!.scheduler.stop());
  expect(await seen(0)).toEqual(['b leader']);
  nodes = [nodes[0]!];
});

test('nonsense beside the entries of nodes is nobody, and only a server itself steps down', async () => {
  await clock.advance(6_000);
  nats.put('natsjob-control', 'server.x', '{"id":"x"}');
  nats.put('natsjob-control', 'server.y', 'no JSON');
  await clock.advance(100);
  expect(await seen(0)).toEqual(['a leader', 'b standby']);
  await expect(clock.until(nodes[1]!.scheduler.api.stepDown('a'))).rejects.toBeInstanceOf(ConflictError);
});
