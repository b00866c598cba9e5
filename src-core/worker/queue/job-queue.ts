import { NotFoundError, UnavailableError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { askedSubject, doubledIn } from '../../wire/index.ts';
import { machineClock } from '../clock.ts';
import { inTime } from '../common/in-time.ts';
import { checkKnown, checkLog } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { CONNECTION_OPTIONS } from '../connection.ts';
import type { ConnectionChoice } from '../connection.ts';
import { RecentMap } from '../common/recent-map.ts';
import { BadOptionError, checkedWhole, NotStoredError } from '../errors.ts';
import type { Asker } from './asker.ts';
import type { KnownRun } from './ends-reader.ts';
import { JobFailedError, JobWaitError, QueueClosedError } from './errors.ts';
import { JobWaiting } from './job-waiting.ts';
import type { FinalEnd } from './job-waiting.ts';
import { askedRunOf, readArgs } from './options.ts';
import type { AddOptions, BulkJob } from './options.ts';
import { checkProcessOptions, Processing } from './processing.ts';
import type { AnyHandler, JobHandler, ProcessOptions } from './processing.ts';
import type { CleanableState, QueueControl, QueueHealth, QueueMetrics, QueueStatus } from './queue-control.ts';
import type { QueueEvents } from './queue-events.ts';
import { QueueJob } from './queue-job.ts';
import type { ExecutionLog, JobAsker, QueueJobState } from './queue-job.ts';
import { QueueReach } from './queue-reach.ts';
import type { Reached } from './queue-reach.ts';
import { QUEUE_DEFINITION, settingsOf } from './queue-settings.ts';
import type { QueueDefinition, QueueSettings } from './queue-settings.ts';
import { QueueWatch } from './queue-watch.ts';
import type { WatchPlace } from './queue-watch.ts';
import { executionOf, resultOf, stateOf } from './run-states.ts';
import { definitionOfScheduled, jobNameOf, scheduledOf } from './scheduled.ts';
import type { ScheduledDefinition, ScheduledJob } from './scheduled.ts';

export interface JobQueueOptions extends ConnectionChoice, QueueDefinition {
  /** How long an add is tried while NATS is away. Default 30,000. */
  readonly addLimitMs?: number;
  /** Default: silent. */
  readonly log?: Log;
}

interface Open extends Reached {
  readonly watch: QueueWatch;
  readonly waiting: JobWaiting;
}

/** What an add needs; what is left of its time, where some of it was waited for. */
interface ReadyToAsk {
  readonly asker: Asker;
  readonly limitMs?: number;
}

/** A job that was just asked for is not known to every scheduler yet. */
const FRESH_MS = 10_000;
const MOST_ATTEMPTS = 100;
const QUEUE_OPTIONS: OptionNames<JobQueueOptions> = { addLimitMs: true, ...QUEUE_DEFINITION, ...CONNECTION_OPTIONS };
/** Doubles of doubles. */
const MOST_DOUBLED = 100;
const DEFAULT_GRACE_MS = 5_000;
/** How long a question waits for NATS, and for the queue to be made, where neither was there yet. */
const REACH_MS = 5_000;
/** For what was added and is not stored yet, while NATS is there. */
const LAST_ADDS_MS = 5_000;
/** Ids of jobs added lately, to tell one that no scheduler knows yet from one that none knows any more. */
const FRESH_KEPT = 10_000;

/**
 * A queue of jobs that workers take in turn: higher priority first, then the older one. It is a job of the scheduler, and each job
 * added is a run of it. Nothing happens before the first call; then it connects and makes its job where there is none.
 * `Jobs`: the shape of each name's data, which the compiler then checks: `new JobQueue<{ resize: { path: string } }>('images')`.
 */
export class JobQueue<Jobs extends object = Record<string, unknown>> implements JobAsker {
  readonly name: string;
  readonly #options: JobQueueOptions;
  readonly #settings: QueueSettings;
  readonly #addLimitMs: number;
  readonly #fresh = new RecentMap<{ readonly at: number; readonly place: WatchPlace | undefined }>(FRESH_KEPT);
  readonly #clock: Clock;
  readonly #reach: QueueReach<Open>;
  #processing: Processing | undefined;
  #closing: Promise<void> | undefined;

  constructor(name: string, options: JobQueueOptions = {}) {
    checkKnown('JobQueue', options, QUEUE_OPTIONS);
    checkLog(options.log);
    this.#settings = settingsOf(name, options);
    this.#options = options;
    this.#addLimitMs = checkedWhole('addLimitMs', options.addLimitMs, 30_000, 1, 3_600_000);
    this.#clock = options.clock ?? machineClock;
    this.name = name;
    this.#reach = new QueueReach({ name, choice: options, settings: this.#settings, addLimitMs: this.#addLimitMs, clock: this.#clock }, (reached) => ({
      ...reached, ...this.#watching(reached),
    }));
  }

  /** Connects, and makes the queue where there is none; every other call does so by itself. Waits for NATS for as long as it takes. */
  async ready(): Promise<void> {
    await this.#opened('for ever');
  }

  /** Resolves when NATS has stored the job. Rejects with NotStoredError; with BadOptionError. */
  async add<Name extends keyof Jobs & string>(name: Name, data?: Jobs[Name], options?: AddOptions): Promise<QueueJob<Jobs[Name]>> {
    const run = askedRunOf(name, data, options);
    const { asker, limitMs } = await this.#readyToAsk();
    const place = this.#reach.open?.watch.place;
    return this.#added(await asker.ask(run, limitMs), name, data as Jobs[Name], place);
  }

  /** The jobs in the order given. One that cannot be added rejects; those stored before it stay. */
  async addBulk<Name extends keyof Jobs & string>(jobs: readonly BulkJob<Name, Jobs[Name]>[]): Promise<QueueJob<Jobs[Name]>[]> {
    const runs = jobs.map(({ name, data, options }) => askedRunOf(name, data, options));
    const { asker, limitMs } = await this.#readyToAsk();
    const place = this.#reach.open?.watch.place;
    const ids = await asker.askAll(runs, limitMs);
    return jobs.map(({ name, data }, index) => this.#added(ids[index] as string, name, data as Jobs[Name], place));
  }

  /** A job by its id, wherever it was added. */
  async getJob(id: string): Promise<QueueJob | undefined> {
    const { control } = await this.#opened();
    try {
      const args = readArgs((await control.run(id)).args);
      return args === undefined ? undefined : new QueueJob(this, id, args.name, args.data);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** Takes jobs of this name, or all whose name has no handler of its own. Resolves when the worker takes jobs; waits for NATS for as long as it takes. */
  async process<Name extends keyof Jobs & string>(name: Name, handler: JobHandler<Jobs[Name]>, options?: ProcessOptions): Promise<void>;
  async process(handler: JobHandler<Jobs[keyof Jobs]>, options?: ProcessOptions): Promise<void>;
  async process(handlers: { readonly [Name in keyof Jobs]?: JobHandler<Jobs[Name]> }, options?: ProcessOptions): Promise<void>;
  async process(first: string | AnyHandler | object, second?: unknown, third?: ProcessOptions): Promise<void> {
    const [handlers, options] = typeof first === 'string' ? [{ [first]: second as AnyHandler }, third] as const : [first, second as ProcessOptions | undefined] as const;
    if (typeof handlers === 'object' && Object.keys(handlers).length === 0) throw new BadOptionError('handlers', 'functions by the names of their jobs');
    if (options !== undefined) checkProcessOptions(options);
    const { connection } = await this.#opened('for ever');
    this.#checkOpen();
    this.#processing ??= new Processing(connection, this.#settings, this.#options.log);
    if (typeof handlers === 'function') this.#processing.handle(undefined, handlers as AnyHandler);
    else for (const [name, handler] of Object.entries(handlers)) this.#processing.handle(name, handler as AnyHandler);
    await this.#processing.start(options);
  }

  /** Listens to what becomes of the queue's jobs, whoever does them. Resolves, when nothing of it is missed from then on, to the way to stop. */
  async on<Name extends keyof QueueEvents>(event: Name, listener: (event: QueueEvents[Name]) => void): Promise<() => void> {
    const { watch } = await this.#opened('for ever');
    this.#checkOpen();
    const off = watch.on(event, listener);
    try {
      await watch.started();
    } catch (error) {
      off();
      throw error;
    }
    return off;
  }

  /** Jobs under way go on, none is begun; adding goes on. */
  async pause(): Promise<void> {
    await (await this.#opened()).control.setState('paused');
  }

  async resume(): Promise<void> {
    await (await this.#opened()).control.setState('enabled');
  }

  async getStatus(): Promise<QueueStatus> {
    return (await this.#opened()).control.status();
  }

  /** Of the jobs that ended, as far as the scheduler keeps count. */
  async getMetrics(): Promise<QueueMetrics> {
    return (await this.#opened()).control.metrics();
  }

  /** Never rejects. */
  async healthCheck(): Promise<QueueHealth> {
    try {
      return await (await this.#opened()).control.health();
    } catch (error) {
      return { status: 'unhealthy', problems: [error instanceof Error ? error.message : String(error)], roundTripMs: undefined, queue: undefined };
    }
  }

  /** Removes jobs that ended (or, cancelling them, that wait) more than so long ago, the oldest first. Resolves to how many. */
  async clean(olderThanMs: number, limit = 100, state: CleanableState = 'completed'): Promise<number> {
    return (await this.#opened()).control.clean(olderThanMs, limit, state);
  }

  /**
   * Jobs that this queue's handlers do by the clock: made where they are not there, changed where they are. Resolves to the names under
   * which the scheduler has them. Rejects with the first that is not allowed; those before it stay.
   */
  async schedule(...jobs: readonly ScheduledJob[]): Promise<string[]> {
    const definitions = jobs.map((job) => definitionOfScheduled(job, this.#settings));
    const { control } = await this.#opened();
    for (const definition of definitions) await control.call('job.declare', { ...definition, onExisting: 'update' });
    return definitions.map(({ name }) => String(name));
  }

  /** One of them as the scheduler has it, by its name there or by its row. */
  async getScheduled(job: string | Pick<ScheduledJob, 'id' | 'name' | 'handlerName'>): Promise<ScheduledJob | undefined> {
    const { control } = await this.#opened();
    try {
      return scheduledOf((await control.call('job.get', this.#scheduledKey(job))) as ScheduledDefinition);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** 1 enables, 0 disables, 2 pauses. */
  async setScheduledStatus(job: string | Pick<ScheduledJob, 'id' | 'name' | 'handlerName'>, status: 0 | 1 | 2): Promise<void> {
    const state = (['disabled', 'enabled', 'paused'] as const)[status];
    if (state === undefined) throw new BadOptionError('status', '1 (enabled), 0 (disabled) or 2 (paused)', status);
    const { control } = await this.#opened();
    await control.call('job.setState', { ...this.#scheduledKey(job), state });
  }

  /** Takes no further job, waits for those under way, aborts what is left then, and lets go of NATS. Complete when it resolves. */
  gracefulShutdown(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(checkedWhole('graceMs', graceMs, DEFAULT_GRACE_MS, 0, 3_600_000));
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gracefulShutdown();
  }

  async stateOf(id: string): Promise<QueueJobState> {
    const { control } = await this.#opened();
    try {
      const last = (await control.attempts(id)).at(-1);
      return last === undefined ? 'unknown' : stateOf(last);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const fresh = this.#fresh.get(id);
      return fresh !== undefined && this.#clock.monotonic() - fresh.at < FRESH_MS ? 'waiting' : 'unknown';
    }
  }

  async waitFor(id: string, limitMs: number | undefined): Promise<unknown> {
    const from = this.#clock.monotonic();
    const tooLate = (): Error => new JobWaitError(id, limitMs ?? 0);
    const { connection, waiting } = await this.#opened(limitMs ?? 'for ever', tooLate);
    this.#checkOpen();
    let job = id;
    for (let doubled = 0; ; doubled++) {
      const left = limitMs === undefined ? undefined : Math.max(0, limitMs - (this.#clock.monotonic() - from));
      const { status, reason, runId } = await waiting.endOf(job, left, tooLate);
      if (status === 'success') return resultOf(connection, { ...this.#place(), taskId: runId, reason });
      const holder = status === 'cancelled' && doubled < MOST_DOUBLED ? doubledIn(reason) : undefined;
      if (holder === undefined) throw new JobFailedError(job, status, reason);
      job = holder;
    }
  }

  async doubledBy(id: string): Promise<string | undefined> {
    const { control } = await this.#opened();
    try {
      const { state, reason } = await control.run(id);
      return state === 'cancelled' ? doubledIn(reason) : undefined;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async attemptsOf(id: string): Promise<readonly ExecutionLog[]> {
    const { control, connection } = await this.#opened();
    return Promise.all((await control.attempts(id)).map((attempt) => executionOf(connection, this.#settings, id, attempt)));
  }

  async cancel(id: string, reason: string | undefined): Promise<void> {
    const { control } = await this.#opened();
    const { taskId } = await this.#lastAttempt(id);
    await control.call('run.cancel', { taskId, ...(reason === undefined ? {} : { reason }) });
  }

  #scheduledKey(job: string | Pick<ScheduledJob, 'id' | 'name' | 'handlerName'>): { namespace: string; app: string; name: string } {
    const { namespace, app } = this.#settings;
    return { namespace, app, name: typeof job === 'string' ? job : jobNameOf(job) };
  }

  #watching({ connection, control }: Reached): Pick<Open, 'watch' | 'waiting'> {
    const watch = new QueueWatch(connection, { ...this.#settings, find: (runId) => findRun(control, runId) });
    const waiting = new JobWaiting({ clock: this.#clock, watch, ask: (id) => this.#endIfKnown(id), isClosed: () => connection.state === 'closed' });
    return { watch, waiting };
  }

  #place(): { namespace: string; app: string; job: string } {
    const { namespace, app, job } = this.#settings;
    return { namespace, app, job };
  }

  /** `place`: of the watch when it was asked for; when word of it comes, the job may have ended already. */
  #added<Data>(id: string, name: string, data: Data, place: WatchPlace | undefined): QueueJob<Data> {
    this.#fresh.set(id, { at: this.#clock.monotonic(), place });
    return new QueueJob(this, id, name, data);
  }

  /** Undefined when the job is still to end, and when no scheduler knows it yet: then its end is still to come, too. */
  async #endIfKnown(id: string): Promise<FinalEnd | undefined> {
    // Added while everything was read: it is told, and nobody has to be asked.
    if (this.#reach.open?.watch.remembersSince(this.#fresh.get(id)?.place) === true) return undefined;
    try {
      const { state, reason, taskId, retryPending } = await this.#lastAttempt(id);
      if (retryPending) return undefined;
      if (state === 'completed') return { status: 'success', reason, runId: taskId };
      if (state === 'failed') return { status: 'fail', reason, runId: taskId };
      return state === 'expired' || state === 'cancelled' ? { status: state, reason, runId: taskId } : undefined;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async #lastAttempt(id: string): ReturnType<QueueControl['run']> {
    const { control } = await this.#opened();
    let run = await control.run(id);
    for (let count = 1; run.retryTaskId !== null && count < MOST_ATTEMPTS; count++) run = await control.run(run.retryTaskId);
    return run;
  }

  /** Without a turn of the loop when everything is there: adding waits for NATS alone. */
  #readyToAsk(): Promise<ReadyToAsk> | ReadyToAsk {
    const { open } = this.#reach;
    if (open !== undefined && this.#closing === undefined && !open.asker.needsClock) return open;
    return this.#reachToAsk();
  }

  async #reachToAsk(): Promise<ReadyToAsk> {
    const { namespace, app, job } = this.#settings;
    const from = this.#clock.monotonic();
    const left = (): number => Math.max(0, this.#addLimitMs - (this.#clock.monotonic() - from));
    const tooLate = (): Error => new NotStoredError(askedSubject(namespace, app, job), `the queue was not reached within ${this.#addLimitMs} ms`);
    const { asker } = await this.#opened(this.#addLimitMs, tooLate);
    // Ids are made of the server's time: without it the scheduler would give the run another one.
    if (asker.needsClock) await inTime(this.#clock, left(), asker.setClock(), tooLate);
    return { asker, limitMs: left() };
  }

  /** Rejects with UnavailableError, or what `tooLate` makes, when it takes longer. */
  #opened(limitMs: number | 'for ever' = REACH_MS, tooLate?: () => Error): Promise<Open> {
    if (this.#closing !== undefined) return Promise.reject(new QueueClosedError(this.name));
    return this.#reach.within(limitMs === 'for ever' ? undefined : limitMs, tooLate ?? (() => new UnavailableError(`The queue ${this.name} was not reached within ${limitMs} ms: NATS, or a scheduler, is away.`)));
  }

  /** NATS may have come while the queue is shut down. */
  #checkOpen(): void {
    if (this.#closing !== undefined) throw new QueueClosedError(this.name);
  }

  async #close(graceMs: number): Promise<void> {
    const until = this.#clock.monotonic() + graceMs;
    const left = (): number => Math.max(0, Math.ceil(until - this.#clock.monotonic()));
    const open = await this.#reach.last(graceMs);
    if (open === undefined) return;
    await this.#processing?.stop(left());
    const closed = new QueueClosedError(this.name);
    open.waiting.close(closed);
    await open.watch.stop(closed);
    const { connection, isOwn } = open;
    const lastMs = connection.state === 'connected' ? Math.max(left(), LAST_ADDS_MS) : left();
    await inTime(this.#clock, lastMs, connection.publisher.drained(), () => new UnavailableError('What was added is not stored.')).catch(() => undefined);
    if (isOwn) await connection.close();
  }
}

async function findRun(control: QueueControl, runId: string): Promise<KnownRun | undefined> {
  const { rootTaskId, attempt, attempts, retryTaskId, retryPending, args, state } = await control.run(runId);
  // Of one whose end the scheduler has not read itself yet, the end tells.
  const isFollowed = retryPending || retryTaskId !== null || state === 'active' || state === 'waiting' || state === 'delayed';
  return { name: readArgs(args)?.name ?? '', rootId: rootTaskId, attempt, attempts: isFollowed ? attempts : attempt, retryOn: isFollowed ? 3 : 0 };
}

