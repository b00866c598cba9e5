import type { EndSeen, RunBook } from '../decide/index.ts';
import { isOurs, lacksDispatch } from '../decide/index.ts';
import { workerKey } from '../domain/worker.ts';
import type { CancelTimer } from '../ports/index.ts';
import { parseRunId, STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { Jobs } from './jobs.ts';
import type { Observer } from './observer.ts';
import type { Workers } from './workers.ts';

const SWEEP_MS = 1000;
/** How long an answer waits for a message that the log does not have: longer than a stream is without a leader, or the scheduler without one. */
const PATIENT_SWEEPS = 10;

export interface SweeperParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly workers: Workers;
  readonly book: RunBook;
  readonly observer: Observer;
  readonly workerChanged: (key: string) => void;
}

/** Once a second: workers that have gone silent, and ends that still wait for their dispatch. */
export class Sweeper {
  readonly #parts: SweeperParts;
  #cancel: CancelTimer = () => {};

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  start(): void {
    const { context, workers, book, workerChanged } = this.#parts;
    const { clock, bus } = context;
    this.#cancel();
    for (const worker of workers.sweep(clock.now())) workerChanged(workerKey(worker));
    if (book.pending.size > 0 && bus.state === 'connected') void this.#explainPending();
    this.#cancel();
    this.#cancel = clock.after(SWEEP_MS, () => this.start());
  }

  stop(): void {
    this.#cancel();
  }

  /** Ends whose dispatch the whole runs stream does not show belong to runs that ended before, or to none. */
  async #explainPending(): Promise<void> {
    const { book, observer, context } = this.#parts;
    const { pending } = book;
    const read = observer.positions.results;
    for (const seen of pending.expire(observer.positions.runs, (id, ends) => this.#patience(id, ends))) this.#explain(seen);
    observer.balance();
    try {
      const info = await context.bus.streamInfo(STREAM);
      if (info !== undefined) pending.mark(info.lastSequence, read);
    } catch (error) {
      context.log.debug({ err: error }, 'the runs stream cannot be asked');
    }
  }

  /**
   * Subscribers see a message before it is stored. When a server dies in between, or the stream has no leader for a while, the
   * answer is there first, and the message once it is sent again: nodes that gave the answer up would tell another history.
   */
  #patience(taskId: string, ends: readonly EndSeen[]): number {
    const entry = this.#parts.book.get(taskId);
    if (entry?.dispatching === true) return Number.POSITIVE_INFINITY;
    if (ends.every((seen) => this.#isOfNoJob(seen))) return 0;
    const record = entry?.record ?? { step: 0 };
    return ends.some(({ end }) => end !== undefined && isOurs(end) && !lacksDispatch(record, end)) ? 0 : PATIENT_SWEEPS;
  }

  #explain(seen: EndSeen): void {
    const { key } = seen;
    const { book, jobs, context } = this.#parts;
    if (this.#isOfNoJob(seen)) return context.metrics.oddity('end-unknown-run');
    const job = jobs.byKey(`${key.ns}.${key.app}.${key.job}`)?.definition;
    // Of a job that is gone the view alone knows what it was.
    if ((job === undefined || job.category === 'broadcast') && book.get(key.taskId) === undefined) void this.#explainLate(seen);
    else book.applyUnexplained(seen);
  }

  /** Neither stream has shown since that there is such a run, or could be. */
  #isOfNoJob({ isOfNoJob = false, key: { taskId } }: EndSeen): boolean {
    const { book, jobs } = this.#parts;
    return isOfNoJob && !book.knows(taskId) && jobs.byNumber(parseRunId(taskId)?.jobNumber ?? 0) === undefined;
  }

  /** A broadcast keeps late answers; one read again after a restart may be the very end of its run. */
  async #explainLate(seen: EndSeen): Promise<void> {
    const run = await this.#parts.context.store.run(seen.key.taskId).catch(() => undefined);
    if (run?.endedAt !== seen.storedAt) this.#parts.book.applyUnexplained(seen, run?.category, run?.model);
  }
}
