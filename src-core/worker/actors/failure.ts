/** How often a message may make its actor restart. */
export interface RestartLimits {
  /** Restarts by one message within the window; the failure after them makes it a dead letter. */
  readonly maxRestarts: number;
  readonly windowMs: number;
}

/** What becomes of a message whose handler threw. The actor is restarted in each case. */
export type AfterFailure = 'redeliver' | 'drop' | 'dead-letter';

/** Failures within the window that ends at `now`, of the times at which the message failed. */
export function recentFailures(failedAt: readonly number[], now: number, windowMs: number): number {
  let count = 0;
  for (const at of failedAt) if (now - at < windowMs) count++;
  return count;
}

/** Redelivered until the limit is passed. An error that says no trying again helps is heeded at once. */
export function afterFailure(recent: number, error: unknown, limits: RestartLimits): AfterFailure {
  if (error instanceof Error && error.name === 'NonRetryableError') return 'dead-letter';
  return recent > limits.maxRestarts ? 'dead-letter' : 'redeliver';
}

/** 10, 20, 40 ms … up to a second: long enough for something that was away for a moment. */
export function defaultRestartDelay(failures: number): number {
  return Math.min(1_000, 10 * 2 ** Math.min(failures - 1, 10));
}
