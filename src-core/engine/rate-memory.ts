import { keepsRows } from '../domain/job.ts';
import type { RunRecord } from '../domain/run.ts';
import type { Store } from '../ports/index.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { Jobs } from './jobs.ts';

/** Questions to the view at a time. */
const AT_ONCE = 16;

/**
 * Keeps the rate windows of a node that does not lead: filled from the view once, then from the log. So "once a day" holds
 * over a restart, and a take-over has nothing to ask. Models without rows have nothing to remember by: theirs begin empty.
 */
export class RateMemory {
  readonly #recalled = new Set<string>();
  /** Job number → the run counted last: a fan-out has a message for each target. */
  readonly #counted = new Map<number, string>();

  /** When the view is loaded. */
  async recall(jobs: Jobs, store: Store, now: number): Promise<void> {
    const limited = [...jobs.all()].filter(({ definition, rate }) => rate?.isEmpty === true && keepsRows(definition.model));
    for (let from = 0; from < limited.length; from += AT_ONCE) {
      await Promise.all(limited.slice(from, from + AT_ONCE).map((job) => this.#recallOne(job, store, now)));
    }
  }

  async #recallOne({ definition, rate }: JobRuntime, store: Store, now: number): Promise<void> {
    if (definition.rate === null || rate === undefined) return;
    const { namespace, app, name: job } = definition;
    const since = now - definition.rate.perMs;
    const { items } = await store.runs({ namespace, app, job, from: since, limit: Math.min(definition.rate.max, 1000) });
    for (const { id, dispatchedAt } of items.filter((run) => run.dispatchedAt > since).sort((a, b) => a.dispatchedAt - b.dispatchedAt)) {
      this.#recalled.add(id);
      rate.take(dispatchedAt);
    }
  }

  /** The log shows a dispatch that another node, or this one in an earlier life, has sent. */
  dispatched(job: JobRuntime | undefined, { id, jobNumber, step, dispatchedAt }: RunRecord): void {
    if (job?.rate === undefined || step > 1 || this.#recalled.has(id) || this.#counted.get(jobNumber) === id) return;
    this.#counted.set(jobNumber, id);
    job.rate.take(dispatchedAt);
  }

  /** All that was in the view is read: what is seen from now on is new. */
  caughtUp(): void {
    this.#recalled.clear();
  }
}
