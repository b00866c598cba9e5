import type { RunBook, Situation } from '../decide/index.ts';
import type { Bus } from '../ports/index.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { AppWorkers, Workers } from './workers.ts';

/** Looks up what a fire of a job meets right now. */
export class Situations {
  readonly #book: RunBook;
  readonly #workers: Workers;
  readonly #bus: Bus;
  leading = false;

  constructor(book: RunBook, workers: Workers, bus: Bus) {
    this.#book = book;
    this.#workers = workers;
    this.#bus = bus;
  }

  of(job: JobRuntime, now: number): Situation {
    const { definition } = job;
    const runs = this.#book.look(job.number);
    const asksWorkers = definition.model === 'pro' || definition.model === 'ultra';
    const workers = asksWorkers ? this.workers(job, now) : undefined;
    return {
      now,
      leading: this.leading,
      connected: this.#bus.state === 'connected',
      active: runs.active.size,
      waiting: runs.waiting.length,
      liveWorkers: workers?.live.length ?? 0,
      targets: workers === undefined ? 0 : definition.category === 'group' ? workers.groups.length : workers.weighted.length,
      drained: workers?.drained ?? 0,
      rateFreeAt: job.rate?.freeAt() ?? 0,
    };
  }

  workers(job: JobRuntime, now: number): AppWorkers {
    return this.#workers.ofApp(job.definition.namespace, job.definition.app, now);
  }
}
