import type { RunBook, Situation } from '../decide/index.ts';
import { runLimit } from '../decide/index.ts';
import type { SchedulerPause } from '../domain/pause.ts';
import { coversFire, isPauseInForce } from '../domain/pause.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import { workerKey } from '../domain/worker.ts';
import type { Bus } from '../ports/index.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { AppWorkers, Workers } from './workers.ts';

/** Looks up what a fire of a job meets right now. */
export class Situations {
  readonly #book: RunBook;
  readonly #workers: Workers;
  readonly #bus: Bus;
  readonly #lastPause: () => SchedulerPause | undefined;
  leading = false;

  constructor(book: RunBook, workers: Workers, bus: Bus, lastPause: () => SchedulerPause | undefined) {
    this.#book = book;
    this.#workers = workers;
    this.#bus = bus;
    this.#lastPause = lastPause;
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
      pause: this.pause(now),
      active: runs.active.size,
      capacity: definition.maxRunning === 0 ? runLimit(this.workers(job, now).capacity, job.ends.perSecond(now)) : 0,
      waiting: runs.waiting.length,
      liveWorkers: workers?.live.length ?? 0,
      targets: workers === undefined ? 0 : definition.category === 'group' ? workers.groups.length : workers.weighted.length,
      drained: workers?.drained ?? 0,
      rateFreeAt: job.rate?.freeAt(now) ?? 0,
    };
  }

  /** Of the whole scheduler, over or not. */
  get lastPause(): SchedulerPause | undefined {
    return this.#lastPause();
  }

  /** The pause of the whole scheduler that is in force. */
  pause(now: number): SchedulerPause | undefined {
    const last = this.#lastPause();
    return last !== undefined && isPauseInForce(last, now) ? last : undefined;
  }

  /** Whether a fire that was due then fell into a pause that is over. */
  wasPaused(at: number, now: number): boolean {
    const last = this.#lastPause();
    return last !== undefined && coversFire(last, at) && !isPauseInForce(last, now);
  }

  /** Whom the job chose last, live or not; undefined when that is not known. */
  lastWorker({ definition: { namespace, app }, lastWorker }: JobRuntime): WorkerRecord | undefined {
    return lastWorker === '' ? undefined : this.#workers.get(workerKey({ namespace, app, id: lastWorker }));
  }

  workers(job: JobRuntime, now: number): AppWorkers {
    return this.#workers.ofApp(job.definition.namespace, job.definition.app, now);
  }
}
