import type { RunSummary } from '../../../src-core/http/contract.ts';
import type { PlannedJob } from './plan.ts';

export const RESULTS = ['completed', 'failed', 'expired', 'cancelled', 'active'] as const;
export type Result = (typeof RESULTS)[number];

/** A job in the view of a day. */
export interface Lane {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly plan: PlannedJob | undefined;
  /** Moments of its runs by how they ended. */
  readonly results: Readonly<Partial<Record<Result, readonly number[]>>>;
}

/** A lane for each job that has run or will; those whose name has the text. */
export function lanesOf(planned: readonly PlannedJob[], runs: readonly RunSummary[], text: string): readonly Lane[] {
  const lanes = new Map<string, Lane & { readonly results: Partial<Record<Result, number[]>> }>();
  for (const plan of planned) lanes.set(plan.jobId, { jobId: plan.jobId, namespace: plan.namespace, app: plan.app, job: plan.job, plan, results: {} });
  for (const run of runs) {
    const { jobId, namespace, app, job } = run;
    const lane = lanes.get(jobId) ?? { jobId, namespace, app, job, plan: undefined, results: {} };
    lanes.set(jobId, lane);
    const at = run.scheduledAt ?? run.dispatchedAt ?? run.endedAt;
    if (at !== null) (lane.results[resultOf(run)] ??= []).push(Date.parse(at));
  }
  const wanted = text.trim().toLowerCase();
  return [...lanes.values()].filter((lane) => lane.job.toLowerCase().includes(wanted)).sort((a, b) => a.job.localeCompare(b.job) || a.jobId.localeCompare(b.jobId));
}

function resultOf({ state }: RunSummary): Result {
  return state === 'waiting' || state === 'delayed' ? 'active' : state;
}
