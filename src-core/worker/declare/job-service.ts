import { NotReachedError, UnansweredError, UnavailableError } from '../../domain/errors.ts';
import type { CancelTimer } from '../../ports/clock.ts';
import { callScheduler } from '../calls.ts';
import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { WorkerStoppingError } from '../errors.ts';
import { createWorker } from '../run/worker.ts';
import type { StopOptions, Worker } from '../run/worker.ts';
import { WORKER_OPTIONS } from '../run/options.ts';
import type { WorkerOptions } from '../run/options.ts';
import { silentLog } from '../silent-log.ts';
import { checkDeclarations, declareOver } from './declare-jobs.ts';
import type { CheckedDeclarations, DeclareReport } from './declare-jobs.ts';
import type { DeclaredJob } from './declared-job.ts';

export interface JobServiceOptions extends WorkerOptions {
  /** What job() made. */
  readonly jobs: readonly DeclaredJob[];
  /** As for declareJobs. */
  readonly onExisting?: 'update' | 'keep';
}

/** Jobs of a program: their handlers work, their definitions are what the code says. */
export interface JobService {
  readonly worker: Worker;
  /**
   * Resolves once the scheduler has the definitions; as long as none answers, it is asked again. Rejects with InvalidInputError for a
   * definition that it refuses, and with WorkerStoppingError when the service is stopped before. Nobody needs to wait for it: the log tells it, too.
   */
  readonly declared: Promise<DeclareReport>;
  /** Takes no more runs, waits for those that have begun; see Worker.stop. Complete when it resolves. */
  stop(options?: StopOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const OPTIONS: OptionNames<JobServiceOptions> = { jobs: true, onExisting: true, ...WORKER_OPTIONS };
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 5_000;

/**
 * Starts a worker with the handlers of the jobs, and then declares the jobs, so that whatever fires finds its handler. Resolves when
 * the worker can be given runs, as Worker.start does. The scheduler may be in this process, elsewhere, or not started yet.
 * Throws BadOptionError.
 */
export async function openJobService(given: JobServiceOptions): Promise<JobService> {
  checkKnown('openJobService', given, OPTIONS);
  const { jobs, onExisting = 'update', ...options } = given;
  const worker = createWorker(options);
  const declarations = checkDeclarations({ namespace: worker.namespace, app: worker.app, jobs, onExisting });
  for (const { name, handler, worker: how } of jobs) worker.handle(name, handler, how);
  await worker.start();
  return new RunningService(worker, declarations, options.log ?? silentLog);
}

class RunningService implements JobService {
  readonly worker: Worker;
  readonly declared: Promise<DeclareReport>;
  readonly #log: typeof silentLog;
  #isStopping = false;
  #wake = (): void => {};

  constructor(worker: Worker, declarations: CheckedDeclarations, log: typeof silentLog) {
    this.worker = worker;
    this.#log = log;
    this.declared = this.#declare(declarations);
    this.declared.then(
      (report) => {
        log.info(report, 'The jobs are declared');
        if (report.undeclared.length > 0) log.warn({ undeclared: report.undeclared }, 'Jobs of this app that the code does not declare stay as they are');
      },
      (error: unknown) => {
        if (!(error instanceof WorkerStoppingError)) log.error({ err: error }, 'The jobs cannot be declared');
      },
    );
  }

  async stop(options?: StopOptions): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await Promise.all([this.declared.catch(() => undefined), this.worker.stop(options)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #declare(declarations: CheckedDeclarations): Promise<DeclareReport> {
    const outcomes: Parameters<typeof declareOver>[2] = new Map();
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MOST_WAIT_MS, waitMs * 2)) {
      if (this.#isStopping) throw new WorkerStoppingError();
      try {
        // Asked again below, until it is stopped.
        return await declareOver((method, input) => callScheduler(this.worker.connection.client, method, input), declarations, outcomes);
      } catch (error) {
        if (!(error instanceof NotReachedError || error instanceof UnansweredError || error instanceof UnavailableError)) throw error;
        if (waitMs === FIRST_WAIT_MS) this.#log.warn({ error: error.message }, 'No scheduler takes the jobs in yet, trying on');
      }
      await this.#pause(waitMs);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      this.#wake = () => {
        cancel();
        resolve();
      };
      cancel = this.worker.connection.clock.after(ms, resolve);
    });
  }
}
