import type { Happening } from '../model/notices.ts';

/** Of a run's record what the tracker looks at. */
export interface TrackedRun {
  readonly id: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly state: string;
  readonly reason: string;
  /** An attempt follows, or has followed. */
  readonly retryPending: boolean;
  readonly retryId: string;
}

/** More jobs than that failing at once are not told apart: their recovery goes unsaid. */
const MOST_FAILING = 10_000;

/** Tells failures and recoveries from changes of runs. A failure with another attempt to come is none yet. */
export function runTracker(): { failing(jobKey: string): void; look(run: TrackedRun): Happening | undefined } {
  const failing = new Set<string>();
  return {
    /** Known to fail from before. */
    failing: (jobKey) => void failing.add(jobKey),
    look(run) {
      const { id, job, state } = run;
      if (state !== 'failed' && state !== 'expired' && state !== 'completed') return undefined;
      const key = `${run.namespace}.${run.app}.${job}`;
      if (state === 'completed') return failing.delete(key) ? { kind: 'recovered', runId: id, job } : undefined;
      if (run.retryPending || run.retryId !== '') return undefined;
      if (failing.size < MOST_FAILING) failing.add(key);
      return { kind: 'failure', runId: id, job, reason: run.reason, expired: state === 'expired' };
    },
  };
}
