import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConflictError, NotFoundError, UnavailableError } from '../../../src-core/domain/errors.ts';
import { createMemoryStore } from '../../../src-core/sql/memory/store.ts';
import { decodeServer } from '../../../src-core/engine/server-codec.ts';
import type { Feed, FeedOptions, Store } from '../../../src-core/ports/index.ts';
import { RESULTS_BUCKET, STREAM } from '../../../src-core/wire/index.ts';
import type { MemoryBus } from '../../support/memory-bus.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode, type VirtualNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let nodes: VirtualNode[];
let stores: { hangs: boolean }[];

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  nodes = [];
  stores = [];
  for (const nodeId of ['a', 'b']) await open(nodeId);
  await clock.advance(1_000);
});
afterEach(async () => {
  for (const node of nodes) await clock.until(node.scheduler.stop());
});

async function open(nodeId: string, change: (node: VirtualNode) => void = () => {}): Promise<void> {
  const store = { hangs: false };
  stores.push(store);
  const node = openNode({ clock, nats, store: hanging(createMemoryStore(), store), config: { nodeId } });
  change(node);
  nodes.push(node);
  await clock.until(node.scheduler.start());
}

/** Whoever writes waits as long as it hangs; what is read is there. */
function hanging(store: Store, state: { hangs: boolean }): Store {
  const apply = store.apply.bind(store);
  store.apply = async (batch) => {
    if (state.hangs) throw new UnavailableError('The disk is full.');
    return apply(batch);
  };
  return store;
}

function keepRuns(bus: MemoryBus, feeds: Feed[]): void {
  const openFeed = bus.openFeed.bind(bus);
  bus.openFeed = (options: FeedOptions) => {
    const feed = openFeed(options);
    if (options.stream === STREAM) feeds.push(feed);
    return feed;
  };
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
  await clock.advance(1_000);
  expect(await seen(1)).toContain('a leader');
  // The lease tells sooner than silence does.
  await clock.advance(8_000);
  expect(await seen(1)).toEqual(['b leader', 'a standby']);
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

test('nonsense beside the entries of nodes is nobody', async () => {
  await clock.advance(6_000);
  nats.put('natsjob-control', 'server.x', '{"id":"x"}');
  nats.put('natsjob-control', 'server.y', 'no JSON');
  await clock.advance(100);
  expect(await seen(0)).toEqual(['a leader', 'b standby']);
});

test('the leader steps down whichever node is asked, and every list shows it at once', async () => {
  await open('c');
  await clock.advance(6_000);
  const terms = async (index: number): Promise<number[]> => (await clock.until(nodes[index]!.scheduler.api.servers())).map(({ term }) => term);
  const [before] = await terms(0);
  await clock.until(nodes[1]!.scheduler.api.stepDown('a'));
  expect(await seen(1)).not.toContain('a leader');
  await clock.advance(1_000);
  const lists = [await seen(0), await seen(1), await seen(2)].map((list) => list.toSorted());
  expect(lists[0]!.filter((line) => line.endsWith('leader'))).toHaveLength(1);
  expect(lists[0]).toContain('a standby');
  expect(lists[1]).toEqual(lists[0]);
  expect(lists[2]).toEqual(lists[0]);
  for (const index of [0, 1, 2]) expect(await terms(index)).toEqual([before! + 1, before! + 1, before! + 1]);
});

test('who does not lead does not step down, and who is not there cannot be asked', async () => {
  await clock.advance(6_000);
  for (const asked of [0, 1]) {
    const stepDown = (id: string): Promise<unknown> => clock.until(nodes[asked]!.scheduler.api.stepDown(id));
    await expect(stepDown('b')).rejects.toEqual(new ConflictError('Server "b" does not lead.'));
    await expect(stepDown('nobody')).rejects.toBeInstanceOf(NotFoundError);
  }
  await nodes[0]!.crash();
  await expect(clock.until(nodes[1]!.scheduler.api.stepDown('a'))).rejects.toBeInstanceOf(UnavailableError);
  nodes = [nodes[1]!];
});

test('the lag is what a node has not read of the log', async () => {
  const lags = async (index: number): Promise<(number | undefined)[]> => (await clock.until(nodes[index]!.scheduler.api.servers())).map(({ lag }) => lag);
  await clock.advance(6_000);
  expect(await lags(0)).toEqual([0, 0]);
  nodes[1]!.bus.cut();
  for (let index = 0; index < 7; index++) nats.publish('natsjob.job.start.x.y.z', '{}');
  await clock.advance(1_000);
  expect(await lags(0)).toEqual([0, 0]);
  expect((await lags(1))[0]).toBeUndefined();
  nodes[1]!.bus.mend();
  await clock.advance(6_000);
  expect(await lags(1)).toEqual([0, 0]);
  const late: Feed[] = [];
  await open('late', ({ bus }) => keepRuns(bus, late));
  late[0]!.pause();
  late[0]!.resume = () => {};
  for (let index = 0; index < 5; index++) nats.publish('natsjob.job.start.x.y.z', '{}');
  await clock.advance(6_000);
  expect(await lags(0)).toEqual([0, 0, 5]);
  expect((await lags(2))[0]).toBe(5);
});

test('a node tells how far it is done with the answers: no further than its view has them', async () => {
  const told = (id: string): number | undefined => decodeServer(nats.stream('KV_natsjob-control')!.newestOf(`$KV.natsjob-control.server.${id}`, clock.now())!.text)?.results?.sequence;
  const answer = (count: number): void => {
    for (let index = 0; index < count; index++) nats.put(RESULTS_BUCKET, `natsjob.job.end.x.y.z.${index}`, 'success');
  };
  answer(10);
  await clock.advance(20_000);
  expect([told('a'), told('b')]).toEqual([10, 10]);
  // The view of b takes no writes.
  stores[1]!.hangs = true;
  answer(10);
  await clock.advance(20_000);
  expect([told('a'), told('b')]).toEqual([20, 10]);
  stores[1]!.hangs = false;
  await clock.advance(20_000);
  expect([told('a'), told('b')]).toEqual([20, 20]);
});

test('every node knows the last gap that the leader has seen', async () => {
  const gapOf = async (index: number): Promise<unknown> => (await clock.until(nodes[index]!.scheduler.api.overview({}))).lastGap;
  await clock.advance(6_000);
  expect([await gapOf(0), await gapOf(1)]).toEqual([null, null]);
  await open('c');
  await nodes[0]!.crash();
  nodes[1]!.bus.cut();
  nodes[2]!.bus.cut();
  await clock.advance(60_000);
  for (const node of nodes.slice(1)) node.bus.mend();
  await clock.advance(40_000);
  const gaps = [await gapOf(1), await gapOf(2)];
  expect(gaps[0]).toMatchObject({ kind: 'away', from: expect.any(Number), to: expect.any(Number) });
  expect(gaps[1]).toEqual(gaps[0]);
  nodes = nodes.slice(1);
});
