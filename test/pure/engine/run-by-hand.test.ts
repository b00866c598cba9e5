import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import type { FeedOptions } from '../../../src-core/ports/index.ts';
import { STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode, type VirtualNode } from '../../support/virtual-node.ts';

test.each([[0, 40], [60_000, 40], [0, 6_000]])('a run by hand (delay %i ms) is found and cancelled by whoever was just told its id, where the log is read %i ms later', async (delayMs, laterMs) => {
  const clock = new VirtualClock();
  const node = openNode({ clock, nats: new MemoryNats(clock), store: createMemoryStore() });
  delayRuns(node, clock, laterMs);
  const { api } = node.scheduler;
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(api.apps.create('app', { name: 'biz' }));
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'asked', timeoutMs: 600_000 }));
  for (let round = 0; round < 20; round++) {
    const ended = await clock.until(api.jobs.run('app.biz.asked', { delayMs }).then(async ({ taskId }) => {
      await api.runs.get(taskId);
      return api.runs.cancel(taskId);
    }));
    expect(ended.state).toBe('cancelled');
  }
  await clock.until(node.scheduler.stop());
});

/** NATS acknowledges a message before it shows it to those who read the stream. */
function delayRuns({ bus }: VirtualNode, clock: VirtualClock, laterMs: number): void {
  const open = bus.openFeed.bind(bus);
  bus.openFeed = (options: FeedOptions) =>
    open(options.stream === STREAM ? { ...options, onMessage: (message) => void clock.after(laterMs, () => options.onMessage(message)) } : options);
}
