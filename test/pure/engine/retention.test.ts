import { expect, test } from 'vitest';
import { Retention } from '../../../src-core/engine/retention.ts';
import { leastOf } from '../../../src-core/engine/results-mark.ts';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { RESULTS_BUCKET, RESULTS_STREAM } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT } from '../../support/virtual-node.ts';

const MINUTE = 60_000;

test('answers are purged ten minutes after every live node has them, and never beyond what the slowest has now', async () => {
  const clock = new VirtualClock();
  const nats = new MemoryNats(clock);
  const bus = nats.connect();
  nats.makeObjects();
  let projected = 0;
  let leads = true;
  const retention = new Retention({ clock, bus, store: createMemoryStore(), log: SILENT, config: { retentionMs: 86_400_000 } } as unknown as EngineContext, () => leads, async () => projected);
  retention.start();
  const firstKept = async (): Promise<number> => (await clock.until(bus.streamInfo(RESULTS_STREAM)))!.firstSequence;
  for (let index = 0; index < 30; index++) nats.put(RESULTS_BUCKET, `key-${index}`, 'success');

  projected = 10;
  await clock.advance(2 * MINUTE);
  projected = 20;
  await clock.advance(7 * MINUTE);
  expect(await firstKept()).toBe(1);
  await clock.advance(2 * MINUTE);
  expect(await firstKept()).toBe(11);
  await clock.advance(2 * MINUTE);
  expect(await firstKept()).toBe(21);

  // A node has come that is behind what all had ten minutes ago.
  projected = 30;
  await clock.advance(2 * MINUTE);
  projected = 5;
  await clock.advance(20 * MINUTE);
  expect(await firstKept()).toBe(21);
  projected = 30;
  leads = false;
  await clock.advance(20 * MINUTE);
  expect(await firstKept()).toBe(21);
  leads = true;
  await clock.advance(12 * MINUTE);
  expect(await firstKept()).toBe(31);
  await retention.stop();
});

test('what is done with is what the slowest node has; one that does not tell, or tells of another stream, may need all', () => {
  const own = { created: 'now', sequence: 40 };
  expect(leastOf(own, [])).toBe(40);
  expect(leastOf(own, [{ created: 'now', sequence: 30 }, { created: 'now', sequence: 50 }])).toBe(30);
  expect(leastOf(own, [{ created: 'before', sequence: 900 }])).toBe(0);
  expect(leastOf(own, [{ created: 'now', sequence: 30 }, undefined])).toBe(0);
});
