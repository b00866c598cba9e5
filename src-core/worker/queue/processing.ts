import type { Log } from '../../ports/log.ts';
import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import type { WorkerConnection } from '../connection.ts';
import { BadOptionError, HandlerExistsError, NonRetryableError } from '../errors.ts';
import type { Run, RunContext } from '../run/types.ts';
import { createWorker } from '../run/worker.ts';
import type { Worker } from '../run/worker.ts';
import { readArgs } from './options.ts';
import { encodeStall, stalledSubject } from './queue-events.ts';
import type { QueueSettings } from './queue-settings.ts';
import { ScheduledWatch } from './scheduled-watch.ts';

/** A job as its handler gets it. */
export interface TakenJob<Data = unknown> {
  /** The same over all attempts. */
  readonly id: string;
  /** This attempt's. */
  readonly runId: string;
  readonly name: string;
  /** Nobody has checked its shape. */
  readonly data: Data;
  /** This try, from 1. */
  readonly attempt: number;
  readonly priority: number;
  /** How often this attempt was given out; 1 unless its worker died or stopped. */
  readonly deliveries: number;
  readonly run: Run;
}

/** What it returns is the job's result, JSON; what it throws is the reason of the failure, NonRetryableError of the last one. */
export type JobHandler<Data = unknown> = (job: TakenJob<Data>, context: RunContext) => unknown;

/** One whose data's shape does not matter here. */
export type AnyHandler = JobHandler<never>;

export interface ProcessOptions {
  /** Jobs at once in this process. Default 1. Of the first call. */
  readonly concurrency?: number;
  /** What the worker is called. Default: the host's name and chance. */
  readonly id?: string;
  /** How long this process may be silent before its jobs go to another one, ms. Default 30,000. */
  readonly stalledAfter?: number;
  /** How often a job may lose its worker before it fails for good. Default 10. */
  readonly maxStalled?: number;
}

const PROCESS_OPTIONS: OptionNames<ProcessOptions> = { concurrency: true, id: true, stalledAfter: true, maxStalled: true };

/** Throws BadOptionError. */
export function checkProcessOptions(options: ProcessOptions): void {
  checkKnown('process', options, PROCESS_OPTIONS);
}

/** The jobs that this process takes from a queue: a worker with one handler, which finds the one for the job's name. */
export class Processing {
  readonly #connection: WorkerConnection;
  readonly #settings: QueueSettings;
  readonly #log: Log | undefined;
  readonly #handlers = new Map<string | undefined, AnyHandler>();
  readonly #jobs = new Set<string>();
  #worker: Worker | undefined;
  #scheduled: ScheduledWatch | undefined;
  #starting: Promise<void> | undefined;

  constructor(connection: WorkerConnection, settings: QueueSettings, log: Log | undefined) {
    this.#connection = connection;
    this.#settings = settings;
    this.#log = log;
  }

  /** Undefined: all names that have none of their own. */
  handle(name: string | undefined, handler: AnyHandler): void {
    if (typeof handler !== 'function') throw new BadOptionError('handler', 'a function', handler);
    if (this.#handlers.has(name)) throw new HandlerExistsError(name ?? '*');
    this.#handlers.set(name, handler);
  }

  start(options: ProcessOptions = {}): Promise<void> {
    this.#starting ??= this.#start(options);
    return this.#starting;
  }

  async stop(graceMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await this.#scheduled?.stop();
    await this.#worker?.stop({ graceMs });
  }

  async #start({ concurrency = 1, id, stalledAfter, maxStalled }: ProcessOptions): Promise<void> {
    const { namespace, app, job } = this.#settings;
    const worker = createWorker({
      connection: this.#connection, namespace, app, concurrency, ...(id === undefined ? {} : { id }), ...(this.#log === undefined ? {} : { log: this.#log }),
    });
    const handle = (each: string): void => {
      if (this.#jobs.has(each)) return;
      this.#jobs.add(each);
      worker.handle(each, (run, context) => this.#take(run, context), {
        delivery: 'jetstream', ...(stalledAfter === undefined ? {} : { ackWaitMs: stalledAfter }), ...(maxStalled === undefined ? {} : { maxDeliveries: maxStalled }),
      });
    };
    handle(job);
    this.#worker = worker;
    await worker.start();
    this.#scheduled = new ScheduledWatch(this.#connection, this.#settings, handle);
    await this.#scheduled.start();
  }

  #take(run: Run, context: RunContext): unknown {
    const args = readArgs(run.args);
    if (args === undefined) throw new NonRetryableError(`The arguments are not those of a queue's job, {"name": …, "data": …}: ${run.args.slice(0, 100)}`);
    const handler = this.#handlers.get(args.name) ?? this.#handlers.get(undefined);
    // Another process may have one: with attempts left it gets its turn.
    if (handler === undefined) throw new Error(`This process has no handler for "${args.name}".`);
    if (run.deliveries > 1) this.#tellStalled(run, args.name, context);
    return handler({
      id: run.rootTaskId, runId: run.taskId, name: args.name, data: args.data as never, attempt: run.attempt, priority: run.priority, deliveries: run.deliveries, run,
    }, context);
  }

  /** Whoever listens is told, and who was away finds it in the run's log. */
  #tellStalled({ namespace, app, job, taskId, rootTaskId, deliveries }: Run, name: string, { log }: RunContext): void {
    log.warn(`delivery ${deliveries}: the worker that had it before went silent, or gave it back`);
    this.#connection.outbox.send(stalledSubject(namespace, app, job, taskId), '', encodeStall({ name, id: rootTaskId, deliveries }));
  }
}
