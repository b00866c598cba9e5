// A process that handles envelopes of topic `orders` and tells its parent of each. An envelope of type `kills` kills it at once, while those
// of other keys are in the middle of their work. Arguments: the server's URL, how often an envelope may be delivered.
import { openEventBus } from '../../src-core/worker/index.ts';

const bus = await openEventBus({ url: process.argv[2] ?? '', client: 'poisoned', base: 'bus', actors: 16 });
await bus.subscribeEnvelope('orders', async ({ aggregateId, type, version }) => {
  if (type === 'kills') process.kill(process.pid, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise<void>((resolve) => process.send?.({ key: aggregateId, version }, () => resolve()));
}, { maxDeliveries: Number(process.argv[3]) });
process.on('disconnect', () => process.exit());
