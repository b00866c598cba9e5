import { beforeEach, expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { CONTROL_BUCKET, nodeIdKey, STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode, type VirtualNode } from '../../support/virtual-node.ts';

const KEY = nodeIdKey('node-1');
const OTHER = JSON.stringify({ process: 'other', host: 'h', pid: 8 });

let clock: VirtualClock;
let node: VirtualNode;
/** Readings of the runs: those begun, and the most there were at the same time. */
let begun: number;
let most: number;

beforeEach(async () => {
  clock = new VirtualClock();
  node = openNode({ clock, nats: new MemoryNats(clock), store: createMemoryStore() });
  begun = most = 0;
  let open = 0;
  const openFeed = node.bus.openFeed.bind(node.bus);
  node.bus.openFeed = (options) => {
    const feed = openFeed(options);
    // A take-over looks at the end of the stream by a feed of its own, and lets nothing wait.
    if (options.stream !== STREAM || options.mayWait === undefined) return feed;
    begun++;
    most = Math.max(most, ++open);
    const stop = feed.stop.bind(feed);
    feed.stop = () => {
      open--;
      return stop();
    };
    return feed;
  };
});

/** Does something as soon as the control bucket is watched, which is in the midst of the first reading. */
function whenWatched(act: (tell: (key: string, text: string | undefined) => void) => Promise<void>): void {
  const watch = node.bus.watch.bind(node.bus);
  let isFirst = true;
  node.bus.watch = async (bucket, onEntry) => {
    const watching = await watch(bucket, onEntry);
    if (bucket === CONTROL_BUCKET && isFirst) {
      isFirst = false;
      await act(onEntry);
    }
    return watching;
  };
}

async function started(): Promise<void> {
  const starting = node.scheduler.start();
  await clock.advance(10_000);
  await clock.until(starting);
}

test('an entry of the process before, told late, makes nobody read the log again', async () => {
  whenWatched(async (tell) => tell(KEY, OTHER));
  await started();
  expect([begun, most, node.scheduler.api.health().role]).toEqual([1, 1, 'leader']);
  await clock.until(node.scheduler.stop());
});

test('a process that takes the id while the log is read ends that reading, and the next one begins when it is over', async () => {
  whenWatched(async () => {
    const bucket = node.bus.bucket(CONTROL_BUCKET);
    await bucket.compareAndSet(KEY, OTHER, (await bucket.get(KEY))?.revision ?? 0);
  });
  await started();
  await clock.advance(10_000);
  expect([begun, most, node.scheduler.api.health().role]).toEqual([2, 1, 'leader']);
  await clock.until(node.scheduler.stop());
});
