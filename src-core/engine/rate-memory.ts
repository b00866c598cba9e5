import type { Store } from '../ports/index.ts';
import { keepsRows } from '../domain/job.ts';
import type { Jobs } from './jobs.ts';

/**
 * Fills the rate windows from the runs in the view, so that "once a day" holds over a restart. Models without rows have
 * nothing to remember by: theirs begin empty.
 */
export async function recallRates(jobs: Jobs, store: Store, now: number): Promise<void> {
  for (const { definition, rate } of jobs.all()) {
    if (rate === undefined || !rate.isEmpty || definition.rate === null || !keepsRows(definition.model)) continue;
    const { namespace, app, name: job } = definition;
    const { items } = await store.runs({ namespace, app, job, from: now - definition.rate.perMs, limit: Math.min(definition.rate.max, 1000) });
    const times = items.map((run) => run.dispatchedAt).filter((at) => at > now - (definition.rate?.perMs ?? 0)).sort((a, b) => a - b);
    for (const at of times) rate.take(at);
  }
}
