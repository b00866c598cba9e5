import { startBenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { startSide } from '../support/side.ts';
import { countAfter, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';

interface Counts {
  readonly handled: number;
  readonly outOfOrder: number;
  readonly at: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const KEYS = 1_000;

/** Messages a second from one process through nats-server to the actors of another, in the order of each key: by a topic in memory, and of envelopes in files. */
export const actors: Case = async (context) => [await measure(context, 'actors', 'memory'), await measure(context, 'actors/envelopes', 'file')];

async function measure(context: CaseContext, name: string, kind: 'memory' | 'file'): Promise<Figure> {
  const nats = await startBenchNats(context);
  const options = { url: nats.url, topic: 'orders', kind, keys: KEYS };
  const subscriber = await startSide(context, 'support/bus-subscriber.ts', options);
  const publisher = await startSide(context, 'support/bus-publisher.ts', options);
  const look = async (): Promise<Counts & { own: number; publisher: number; nats: number }> => {
    subscriber.send({ type: 'count' });
    const counts = await subscriber.next<Counts>('counts');
    return { ...counts, own: cpuUs(subscriber.pid), publisher: cpuUs(publisher.pid), nats: cpuUs(nats.pid) };
  };
  publisher.send({ type: 'go' });
  await sleep(context.quick ? 300 : 3_000);
  const from = await look();
  let to = from;
  const messages = await countAfter(context.quick ? 500 : 8_000, async () => (to = await look()).handled - from.handled);
  if (messages === 0) throw new Error('Nothing was handled.');
  if (to.outOfOrder > 0) throw new Error(`${to.outOfOrder} messages were handled out of the order of their key.`);
  context.note(`${kind}: ${KEYS} keys, publisher ${((to.publisher - from.publisher) / messages).toFixed(1)} µs a message, none out of order`);
  const result = figure(name, 'messages/s', (messages / (to.at - from.at)) * 1_000, {
    cpu_us: (to.own - from.own) / messages, nats_cpu_us: (to.nats - from.nats) / messages, p50_ms: to.p50, p99_ms: to.p99, max_ms: to.max, rss_mb: rssMb(subscriber.pid),
  });
  await Promise.all([publisher.stop(), subscriber.stop()]);
  await nats.stop();
  return result;
}
