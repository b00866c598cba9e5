import type { RunRecord } from '../domain/run.ts';
import type { Store } from '../ports/index.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { Jobs } from './jobs.ts';
import { noteWorker, recallWorkers } from './last-workers.ts';
import { RateMemory } from './rate-memory.ts';

/** What a node that does not lead keeps of each dispatch, so that it can go on from there: rates, and whose turn it is. */
export class DispatchMemory {
  readonly #rates = new RateMemory();

  /** When the view is loaded. */
  async recall(jobs: Jobs, store: Store, now: number): Promise<void> {
    await this.#rates.recall(jobs, store, now);
    await recallWorkers(jobs, store);
  }

  /** The log shows a dispatch that another node, or this one in an earlier life, has sent. */
  dispatched(job: JobRuntime | undefined, record: RunRecord): void {
    this.#rates.dispatched(job, record);
    noteWorker(job, record);
  }

  /** All that was in the view is read: what is seen from now on is new. */
  caughtUp(): void {
    this.#rates.caughtUp();
  }
}
