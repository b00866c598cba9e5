/** Upper bounds of the latency histogram, in milliseconds. */
export const LATENCY_BOUNDS_MS: readonly number[] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** What a pool has done so far. Plain numbers, because all of them change for every message. */
export class PoolCounts {
  sent = 0;
  processed = 0;
  failed = 0;
  deadLetters = 0;
  inboxFull = 0;
  readonly restarts: Float64Array;
  readonly latency = new Float64Array(LATENCY_BOUNDS_MS.length + 1);
  latencySumMs = 0;

  constructor(actors: number) {
    this.restarts = new Float64Array(actors);
  }

  get restarted(): number {
    return this.restarts.reduce((sum, count) => sum + count, 0);
  }

  /** From the inbox to the end of its last handling. */
  observeLatency(ms: number): void {
    let index = 0;
    while (index < LATENCY_BOUNDS_MS.length && ms > (LATENCY_BOUNDS_MS[index] as number)) index++;
    this.latency[index]! += 1;
    this.latencySumMs += ms;
  }
}
