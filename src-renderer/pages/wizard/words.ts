import type { JobResource } from '../../../src-core/http/contract.ts';

export type Category = JobResource['category'];
export type Model = JobResource['model'];
export type Condition = Exclude<JobResource['condition'], ''>;

/** Runs of these are sent and forgotten. */
export function keepsRuns(model: Model): boolean {
  return model !== 'lite' && model !== 'plus';
}
