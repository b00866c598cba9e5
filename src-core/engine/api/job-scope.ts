import type { JobLabel, JobScope } from '../../ports/index.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { Jobs } from '../jobs.ts';

export function* jobsIn(jobs: Jobs, scope: JobScope): Iterable<JobRuntime> {
  for (const job of jobs.all()) if (isInScope(job, scope)) yield job;
}

export function isInScope({ definition }: JobRuntime, { namespace, app }: JobScope): boolean {
  return (namespace === undefined || definition.namespace === namespace) && (app === undefined || definition.app === app);
}

export function labelOf(job: JobRuntime): JobLabel {
  const { namespace, app, name, schedule } = job.definition;
  return { jobId: String(job.number), namespace, app, job: name, expression: schedule.expression, timezone: job.schedule.timezone };
}
