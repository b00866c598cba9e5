/** How long to wait before another attempt. */
export interface Backoff {
  backoff: 'fixed' | 'exponential';
  delayMs: number;
  maxDelayMs: number;
}

const JITTER = 0.1;

/**
 * Whole ms to wait after the attempt that just failed (`attempt`, from 1), at most `maxDelayMs`.
 * `fixed` waits exactly `delayMs`: who asks for a fixed delay wants to know when. `exponential`
 * doubles it each time and spreads by ±10 %, so that runs that failed together do not return
 * together; the spread never goes over the maximum. `random` gives a number in [0, 1).
 */
export function backoffDelay(retry: Backoff, attempt: number, random: () => number): number {
  if (retry.backoff === 'fixed') return wholeWithin(retry.delayMs, retry.maxDelayMs);
  // 2 ** 1023 is the largest power a number holds; the maximum comes long before.
  const doubled = retry.delayMs * 2 ** Math.min(Math.max(0, attempt - 1), 1000);
  const capped = Math.min(doubled, retry.maxDelayMs);
  return wholeWithin(capped * (1 - JITTER + 2 * JITTER * random()), retry.maxDelayMs);
}

function wholeWithin(delay: number, most: number): number {
  return Math.max(0, Math.round(Math.min(delay, most)));
}
