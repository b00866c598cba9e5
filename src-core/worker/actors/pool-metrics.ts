import type { PoolCounts } from './pool-counts.ts';
import { LATENCY_BOUNDS_MS } from './pool-counts.ts';

/** What is asked of a registry of prom-client, so that nothing of that library has to be loaded. */
export interface MetricsRegistry {
  registerMetric(metric: never): unknown;
  removeSingleMetric(name: string): unknown;
}

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Source {
  readonly counts: PoolCounts;
  readonly inboxSize: number;
  /** Messages in each inbox. */
  depths(): readonly number[];
}

/**
 * Registers the pool's figures as `nats_eventbus_<client>_actor_pool_…`; they are put together when the page is asked for.
 * Returns what takes them off the registry again.
 */
export function registerPoolMetrics(registry: MetricsRegistry, client: string, source: Source): () => void {
  const { counts, inboxSize } = source;
  const names: string[] = [];
  const add = (suffix: string, type: 'counter' | 'gauge' | 'histogram', help: string, values: (name: string) => Value[]): void => {
    const name = metricName(client, suffix);
    const get = (): object => ({ name, help, type, aggregator: 'sum', values: values(name) });
    // The registry asks nothing else of a metric; the library's own cannot be given ready counts.
    registry.registerMetric({ name, help, type, aggregator: 'sum', get, reset: () => {} } as never);
    names.push(name);
  };
  add('messages_sent_total', 'counter', 'Messages that came into an inbox.', () => [total(counts.sent)]);
  add('messages_processed_total', 'counter', 'Handlings of messages, by how they ended.', () => [
    { labels: { result: 'success' }, value: counts.processed }, { labels: { result: 'error' }, value: counts.failed },
  ]);
  add('message_latency_seconds', 'histogram', 'From the inbox to the end of a message.', (name) => latencyValues(name, counts));
  add('inbox_depth', 'gauge', 'Messages in the inbox, the one in hand included.', () => perActor(source.depths()));
  add('inbox_utilization', 'gauge', 'Share of the inbox that is taken, 0 to 1.', () => perActor(source.depths().map((depth) => depth / inboxSize)));
  add('inbox_full_total', 'counter', 'Times a message found its inbox full.', () => [total(counts.inboxFull)]);
  add('actor_restarted_total', 'counter', 'Restarts after a handler threw.', () => perActor([...counts.restarts]));
  add('dead_letters_total', 'counter', 'Messages given up.', () => [total(counts.deadLetters)]);
  return () => {
    for (const name of names) registry.removeSingleMetric(name);
  };
}

/** Prometheus allows letters, digits and underscores in a name; whatever else the client's name holds becomes one. */
export function metricName(client: string, suffix: string): string {
  return `nats_eventbus_${client.replace(/[^A-Za-z0-9_]/g, '_')}_actor_pool_${suffix}`;
}

function total(value: number): Value {
  return { labels: {}, value };
}

function perActor(values: readonly number[]): Value[] {
  return values.map((value, actor) => ({ labels: { actor: String(actor) }, value }));
}

function latencyValues(name: string, counts: PoolCounts): Value[] {
  let sum = 0;
  const values: Value[] = [];
  for (let index = 0; index <= LATENCY_BOUNDS_MS.length; index++) {
    sum += counts.latency[index] as number;
    const bound = LATENCY_BOUNDS_MS[index];
    values.push({ metricName: `${name}_bucket`, labels: { le: bound === undefined ? '+Inf' : String(bound / 1_000) }, value: sum });
  }
  values.push({ metricName: `${name}_sum`, labels: {}, value: counts.latencySumMs / 1_000 });
  values.push({ metricName: `${name}_count`, labels: {}, value: sum });
  return values;
}
