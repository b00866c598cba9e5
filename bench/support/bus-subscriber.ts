// Handles a topic with actors, looks at the order of each key, and tells how far it is.
import { connect } from '@nats-io/transport-node';
import { openEventBus } from '../../src-core/worker/index.ts';
import { sideOptions, tell } from './side.ts';
import { quantile } from './statistics.ts';

const { url, topic, kind } = sideOptions<{ url: string; topic: string; kind: 'memory' | 'file' }>();
const bus = await openEventBus({ url, client: 'bench-subscriber', base: 'bench' });
const progress = await connect({ servers: url });
const next = new Map<string, number>();
let handled = 0;
let outOfOrder = 0;
let lateness: number[] = [];

function count(key: string, version: number, at: number): void {
  const expected = next.get(key) ?? 0;
  if (version !== expected) outOfOrder++;
  next.set(key, version + 1);
  handled++;
  if (handled % 100 === 0) lateness.push(Date.now() - at);
  if (handled % 1_000 === 0) progress.publish('bench-progress', String(handled));
}

if (kind === 'memory') {
  await bus.subscribe(topic, (message) => {
    const { version, at } = message.json<{ version: number; at: number }>();
    count(message.key ?? '', version, at);
  });
} else await bus.subscribeEnvelope(topic, ({ aggregateId, version, at }) => count(aggregateId, version, at));

process.on('message', () => {
  const sorted = lateness.sort((a, b) => a - b);
  lateness = [];
  tell({ type: 'counts', handled, outOfOrder, at: performance.now(), p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 } as { type: string });
});
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });
