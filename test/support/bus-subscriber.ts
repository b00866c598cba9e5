// A process that handles envelopes of topic `orders` and tells its parent of each, and first that it is ready. Arguments: the server's URL; then
// any of `exclusive`, `long` (its lock outlives a minute), `at-once` (handlers that wait for nothing), `short` (the server waits a second for a sign of life).
import { openEventBus } from '../../src-core/worker/index.ts';

const [url = '', ...modes] = process.argv.slice(2);
const say = (what: object | string, done: () => void = () => {}): unknown => process.send?.(what, done);
const quiet = (): void => {};
const log = { debug: quiet, info: quiet, error: quiet, child: () => log, warn: (_fields: object, text: string) => void say(text.includes('lock of an exclusive subscription was lost') ? 'lost' : 'warned') };
const bus = await openEventBus({ url, client: 'subscriber', base: 'bus', actors: 8, log });
let count = 0;
await bus.subscribeEnvelope('orders', ({ aggregateId, version }, { attempt, fence }) => {
  // Now and then one fails, so that a kill also comes while something waits for its turn.
  if (attempt === 1 && ++count % 97 === 0) throw new Error('now and then');
  const one = { key: aggregateId, version, fence };
  if (modes.includes('at-once')) return void say(one);
  return new Promise<void>((resolve) => {
    say(one, resolve);
  });
}, { batch: 200, ...(modes.includes('short') ? { ackWaitMs: 1_000 } : {}), ...(modes.includes('exclusive') ? { exclusive: true, lockTtlMs: modes.includes('long') ? 60_000 : 1_000 } : {}) });
say('ready');
process.on('disconnect', () => process.exit());
