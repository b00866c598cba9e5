import type { JobDefinition } from '../domain/job.ts';
import type { RunRecord } from '../domain/run.ts';
import type { Store } from '../ports/index.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { Jobs } from './jobs.ts';

/** Jobs asked about at a time. */
const AT_ONCE = 500;

/** When the view is loaded: whom each job that takes its workers in turn has chosen last. */
export async function recallWorkers(jobs: Jobs, store: Store): Promise<void> {
  const rotating = [...jobs.all()].filter(({ definition }) => isRotating(definition));
  for (let from = 0; from < rotating.length; from += AT_ONCE) {
    const part = rotating.slice(from, from + AT_ONCE);
    const last = await store.lastRuns(part.map((job) => job.number));
    for (const job of part) job.lastWorker = last.get(job.number)?.workerId ?? '';
  }
}

/** The log shows whom another node, or this one in an earlier life, has chosen: whoever leads next goes on behind it. */
export function noteWorker(job: JobRuntime | undefined, { workerId }: RunRecord): void {
  if (job !== undefined && workerId !== '' && isRotating(job.definition)) job.lastWorker = workerId;
}

function isRotating({ model, category, condition }: JobDefinition): boolean {
  return model === 'ultra' && category === 'standalone' && (condition === '' || condition === 'clientRound');
}
