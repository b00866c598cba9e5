// A plain core subscriber that counts, and reads from the header of each run how late it was.
import { connect } from '@nats-io/transport-node';
import { RUN_HEADER, decodeRunHeader } from '../../src-core/wire/headers.ts';
import { sideOptions, tell } from './side.ts';
import { quantile } from './statistics.ts';

/** How late runs were, in milliseconds: when handed over, and when they got here. */
export interface Lateness {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly arrivalP99: number;
  readonly arrivalMax: number;
}

const { url, subject, lateness } = sideOptions<{ url: string; subject: string; lateness?: boolean }>();
const connection = await connect({ servers: url });
let count = 0;
let handedOver: number[] = [];
let arrived: number[] = [];

connection.subscribe(subject, {
  callback: (_error, message) => {
    count++;
    if (lateness !== true) return;
    const header = decodeRunHeader(message.headers?.get(RUN_HEADER) ?? '');
    if (header === undefined) return;
    handedOver.push(header.dispatchedAt - header.scheduledAt);
    arrived.push(Date.now() - header.scheduledAt);
  },
});
await connection.flush();
process.on('message', ({ type }: { type: string }) => {
  if (type === 'count') tell({ type, count, at: performance.now() } as { type: string });
  if (type === 'reset') [handedOver, arrived] = [[], []];
  if (type === 'lateness') tell({ type, ...summary() });
});
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });

function summary(): Lateness {
  const [sent, here] = [Float64Array.from(handedOver).sort(), Float64Array.from(arrived).sort()];
  return {
    count: sent.length, p50: quantile(sent, 0.5), p99: quantile(sent, 0.99), max: sent.at(-1) ?? 0,
    arrivalP99: quantile(here, 0.99), arrivalMax: here.at(-1) ?? 0,
  };
}
