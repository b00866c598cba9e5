/** One line of output. `limit` is what a bare sketch of the same work did in the same invocation; null = not meaningful. */
export interface Figure {
  readonly case: string;
  readonly unit: string;
  readonly value: number;
  readonly limit: number | null;
  readonly ratio: number | null;
  /** CPU of the scheduler and of nats-server: per run, dispatch or call, as the case says. */
  readonly cpu_us: number | null;
  readonly nats_cpu_us: number | null;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
  readonly rss_mb: number | null;
}

export interface CaseContext {
  /** Tiny sizes: to see that a case runs, not to measure. */
  readonly quick: boolean;
  /** Starts the program with --cpu-prof. */
  readonly profile: boolean;
  /** Minutes that `load-rss` keeps the load up. */
  readonly minutes: number;
  /** The bundled program. */
  readonly program: string;
  /** A sentence for people; never part of the JSON. */
  note(sentence: string): void;
  /** Registers what must be ended or removed when the case is over, however it ends. Last in, first out. */
  defer(cleanUp: () => Promise<void> | void): void;
}

export type Case = (context: CaseContext) => Promise<readonly Figure[]>;

export function figure(name: string, unit: string, value: number, more: Partial<Omit<Figure, 'case' | 'unit' | 'value' | 'ratio'>> = {}): Figure {
  const limit = more.limit ?? null;
  return {
    case: name, unit, value, limit, ratio: limit === null || limit === 0 ? null : value / limit,
    cpu_us: more.cpu_us ?? null, nats_cpu_us: more.nats_cpu_us ?? null,
    p50_ms: more.p50_ms ?? null, p99_ms: more.p99_ms ?? null, max_ms: more.max_ms ?? null, rss_mb: more.rss_mb ?? null,
  };
}
