// Adds jobs when it is told to, and says how long that took. Payloads have 200 bytes.
import { sideOptions, tell } from '../support/side.ts';
import { openAdder } from './products.ts';
import type { QueueAddress } from './products.ts';

const BULK = 1_000;
const FILL = 'x'.repeat(158);

/** `gapMs`: between two that are added one by one. */
export interface AdderOrder {
  readonly order: 'one-by-one' | 'bulk' | 'spaced';
  readonly count: number;
  readonly gapMs?: number;
}

const adder = await openAdder(sideOptions<QueueAddress>());
let number = 0;

process.on('message', (order: AdderOrder) => void carryOut(order));
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });

async function carryOut(order: AdderOrder): Promise<void> {
  const from = performance.now();
  if (order.order === 'one-by-one') {
    for (let left = order.count; left > 0; left--) await adder.add(payload());
  } else if (order.order === 'bulk') {
    for (let left = order.count; left > 0; left -= BULK) await adder.addBulk(Array.from({ length: Math.min(BULK, left) }, payload));
  } else {
    for (let left = order.count; left > 0; left--) {
      await adder.add(payload());
      await new Promise((resolve) => setTimeout(resolve, order.gapMs ?? 0));
    }
  }
  tell({ type: 'added', ms: performance.now() - from } as { type: string });
}

/** 200 bytes of JSON. `at`: when it was made, by the machine's clock with fractions. */
function payload(): object {
  return { number: 1_000_000 + number++, at: (performance.timeOrigin + performance.now()).toFixed(3), fill: FILL };
}
