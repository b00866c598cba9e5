// An event bus: payments in order of their account, at least once; and news that may be missed.
import { openEventBus } from 'natsjob/worker';

const bus = await openEventBus({ url: 'nats://127.0.0.1:4222', client: 'billing', log: console });
const balances = new Map();

await bus.subscribeEnvelope('payments', (event) => {
  if (typeof event.payload.amount !== 'number') throw new TypeError('a payment without an amount');
  balances.set(event.aggregateId, (balances.get(event.aggregateId) ?? 0) + event.payload.amount);
  console.log(`${event.aggregateId} has ${balances.get(event.aggregateId)}`);
});
await bus.subscribe('news', (message) => console.log(`news: ${message.text}`));

// Stored when it resolves; sent again by itself if the connection breaks before.
for (const amount of [50, -20, 12]) {
  await bus.publishEnvelope('payments', { aggregateId: 'account-7', type: 'paid', version: 1, at: Date.now(), payload: { amount } });
}
// Handled again three times, then kept in the stream natsjob-dead-letters.
await bus.publishEnvelope('payments', { aggregateId: 'account-8', type: 'paid', version: 1, at: Date.now(), payload: {} });
await bus.publish('news', 'the shop is open', { key: 'shop' });

// Takes no more, ends what it has, and gives the rest back to the server.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => bus.stop({ graceMs: 10_000 }));
console.log('ready');
