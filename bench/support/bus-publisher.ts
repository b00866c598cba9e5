// Publishes to a topic as fast as the subscriber handles: at most so many messages are on their way between the two.
import { connect } from '@nats-io/transport-node';
import { openEventBus } from '../../src-core/worker/index.ts';
import { sideOptions, tell } from './side.ts';

export interface PublisherOptions {
  readonly url: string;
  readonly topic: string;
  readonly kind: 'memory' | 'file';
  readonly keys: number;
}

const MOST_AHEAD = 20_000;
const MOST_UNCONFIRMED = 4_000;
const PADDING = 'x'.repeat(60);

const { url, topic, kind, keys } = sideOptions<PublisherOptions>();
const bus = await openEventBus({ url, client: 'bench-publisher', base: 'bench' });
const progress = await connect({ servers: url });
const names = Array.from({ length: keys }, (_, key) => `order-${key}`);
let sent = 0;
let confirmed = 0;
let handled = 0;
let waiting = false;

const onStored = (): void => {
  confirmed++;
  if (waiting && sent - confirmed < MOST_UNCONFIRMED / 2) publish();
};
const onRefused = (error: Error): void => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
};

function publish(): void {
  waiting = false;
  while (sent - confirmed < MOST_UNCONFIRMED && sent - handled < MOST_AHEAD) {
    const key = names[sent % keys]!;
    const version = Math.floor(sent / keys);
    sent++;
    const done = kind === 'memory'
      ? bus.publish(topic, `{"version":${version},"at":${Date.now()},"text":"${PADDING}"}`, { key })
      : bus.publishEnvelope(topic, { aggregateId: key, type: 'changed', version, at: Date.now(), payload: PADDING });
    done.then(onStored, onRefused);
  }
  waiting = true;
}

progress.subscribe('bench-progress', { callback: (_error, message) => {
  handled = Number(message.string());
  if (waiting) publish();
} });
await progress.flush();
process.on('message', publish);
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });
