// Takes jobs with a handler that does nothing, and says how long that took from the first to the last, and from add to start.
import { sideOptions, tell } from '../support/side.ts';
import { openTaker } from './products.ts';
import type { QueueAddress } from './products.ts';

const { concurrency, count, ...address } = sideOptions<QueueAddress & { concurrency: number; count: number }>();
const waits: number[] = [];
let taken = 0;
let firstAt = 0;

tell({ type: 'ready' });
const taker = await openTaker(address, concurrency, (data) => {
  const now = performance.now();
  if (taken === 0) firstAt = now;
  waits.push(performance.timeOrigin + now - Number((data as { at: string }).at));
  if (++taken === count) tell({ type: 'taken', ms: now - firstAt, waits } as { type: string });
});
tell({ type: 'taking' });
process.on('message', () => void taker.close().then(() => tell({ type: 'closed' })));
process.on('disconnect', () => process.exit());
