import type { Metric, Registry } from 'prom-client';

/** A histogram of seconds that is fed milliseconds; observing is a search in a short list and two additions. */
export class BucketHistogram {
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sumMs = 0;

  /** Bounds in seconds, ascending. Registers itself. */
  constructor(registry: Registry, name: string, help: string, bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds, (bound) => bound * 1000);
    this.#counts = new Float64Array(bounds.length + 1);
    const metric = {
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      get: () => ({ name, help, type: 'histogram', aggregator: 'sum', values: this.#values(name, bounds) }),
      reset: () => {
        this.#counts.fill(0);
        this.#sumMs = 0;
      },
    };
    // The library's own histogram cannot be given ready counts; what the registry asks of a metric is only this.
    registry.registerMetric(metric as unknown as Metric);
  }

  observe(ms: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && ms > bounds[index]!) index += 1;
    this.#counts[index]! += 1;
    this.#sumMs += ms;
  }

  #values(name: string, bounds: readonly number[]): object[] {
    let total = 0;
    const values: object[] = [];
    for (let index = 0; index <= bounds.length; index += 1) {
      total += this.#counts[index]!;
      values.push({ metricName: `${name}_bucket`, labels: { le: bounds[index] ?? '+Inf' }, value: total });
    }
    values.push({ metricName: `${name}_sum`, labels: {}, value: this.#sumMs / 1000 });
    values.push({ metricName: `${name}_count`, labels: {}, value: total });
    return values;
  }
}
