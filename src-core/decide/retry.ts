import type { RunRecord } from '../domain/run.ts';
import { RETRY_ON_EXPIRED, RETRY_ON_FAIL } from '../domain/run.ts';
import type { RetryPolicy } from '../domain/job.ts';

/** The policy's `on` as the bits a run carries. */
export function retryBits(policy: RetryPolicy): number {
  return (policy.on.includes('fail') ? RETRY_ON_FAIL : 0) | (policy.on.includes('expired') ? RETRY_ON_EXPIRED : 0);
}

/** Whether an attempt follows a run that ended so. */
export function wantsRetry(run: Pick<RunRecord, 'attempt' | 'attempts' | 'retryOn'>, ended: RunRecord['state']): boolean {
  if (run.attempt >= run.attempts) return false;
  if (ended === 'failed') return (run.retryOn & RETRY_ON_FAIL) !== 0;
  return ended === 'expired' && (run.retryOn & RETRY_ON_EXPIRED) !== 0;
}
