import { describe } from '../../nats/errors.ts';
import { roundTrip } from '../../nats/round-trip.ts';
import type { Log } from '../../ports/log.ts';
import { chooseConnection } from '../connection.ts';
import type { WorkerConnection } from '../connection.ts';
import { BadOptionError, checkedName, checkedWhole, HandlerExistsError, WorkerStoppingError } from '../errors.ts';
import { silentLog } from '../silent-log.ts';
import { Desk } from './desk.ts';
import { Handling } from './handling.ts';
import { Heartbeats } from './heartbeats.ts';
import { loadMeter } from './load.ts';
import { loadHandlers, watchHandlers } from './load-handlers.ts';
import type { HandlerFile, HandlerWatch } from './load-handlers.ts';
import { checkHandlerOptions, checkWorkerOptions } from './options.ts';
import type { CheckedWorkerOptions, WorkerOptions } from './options.ts';
import { Slots } from './slots.ts';
import type { Task } from './task.ts';
import type { Handler, HandlerOptions, Load } from './types.ts';

export interface StopOptions {
  /** How long runs that have begun may go on. Default 10,000. */
  readonly graceMs?: number;
  /** How long they have after their signal was aborted. Default 2,000. */
  readonly abortMs?: number;
}

export interface WorkerState {
  readonly id: string;
  readonly state: 'new' | 'running' | 'stopping' | 'stopped';
  readonly isConnected: boolean;
  /** All handlers can be given runs. */
  readonly isReady: boolean;
  readonly running: number;
  readonly waiting: number;
  /** Answers, beats and reports that are not stored yet. */
  readonly unanswered: number;
  /** Since the start. */
  readonly done: number;
  readonly failed: number;
  /** Messages that were no run, and runs that found no place to wait. */
  readonly bad: number;
  readonly turnedAway: number;
  readonly jobs: readonly string[];
}

const MAX_WAIT_MS = 86_400_000;
const LAST_ANSWERS_MS = 5_000;

/** A program's part in the scheduler: takes runs, gives them to handlers, answers. Throws BadOptionError. */
export function createWorker(options: WorkerOptions): Worker {
  return new Worker(options);
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #checked: CheckedWorkerOptions;
  readonly #log: Log;
  readonly #slots: Slots;
  readonly #meter = loadMeter();
  readonly #planned: { job: string; handler: Handler; options: HandlerOptions }[] = [];
  readonly #handlings = new Map<string, Handling>();
  /** Those of the folder. */
  readonly #ofFiles = new Set<string>();
  /** Taken out, and not done with their last runs. */
  readonly #leaving = new Set<Handling>();
  #connection: WorkerConnection | undefined;
  #isOwn = false;
  #desk: Desk | undefined;
  #beats: Heartbeats | undefined;
  #watch: HandlerWatch | undefined;
  #stopListening = (): void => {};
  #state: WorkerState['state'] = 'new';
  #stopped: Promise<void> | undefined;
  #weight = 1;
  #gone = { done: 0, failed: 0 };

  /** Use createWorker. */
  constructor(options: WorkerOptions) {
    this.#checked = checkWorkerOptions(options);
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#slots = new Slots(this.#checked.concurrency);
  }

  get id(): string {
    return this.#checked.identity.id;
  }

  get namespace(): string {
    return this.#checked.identity.namespace;
  }

  get app(): string {
    return this.#checked.identity.app;
  }

  /** There from start() on. */
  get connection(): WorkerConnection {
    if (this.#connection === undefined) throw new BadOptionError('connection', 'asked for after start()');
    return this.#connection;
  }

  /** Before or after start(). Throws BadOptionError, HandlerExistsError. */
  handle<Payload = unknown, Result = unknown>(job: string, handler: Handler<Payload, Result>, options: HandlerOptions = {}): this {
    checkedName('job', job);
    if (typeof handler !== 'function') throw new BadOptionError(`the handler of ${job}`, 'a function', handler);
    checkHandlerOptions(options, this.#checked.concurrency);
    if (this.#planned.some((each) => each.job === job) || this.#handlings.has(job)) throw new HandlerExistsError(job);
    if (this.#state === 'running') void this.#add(job, handler as Handler, options);
    else this.#planned.push({ job, handler: handler as Handler, options });
    return this;
  }

  /**
   * Connects and takes runs. Resolves when it can be given some; where NATS, or the stream, is not there yet, when the first try
   * has failed: it goes on trying, and `state().isReady` tells. Rejects with BadOptionError or BadHandlerFileError.
   */
  async start(): Promise<this> {
    if (this.#state !== 'new') throw new BadOptionError('start()', 'called once');
    const { identity, handlers, watch } = this.#checked;
    for (const file of handlers === undefined ? [] : await loadHandlers(handlers)) {
      this.handle(file.job, file.handler, file.options);
      this.#ofFiles.add(file.job);
    }
    if (this.#planned.length === 0 && !watch) throw new BadOptionError('a worker', 'given a handler: handle(job, handler), or a folder of them as `handlers`');
    this.#state = 'running';
    const { connection, isOwn } = await chooseConnection({ name: `natsjob-worker ${identity.id}`, ...this.#options });
    this.#connection = connection;
    this.#isOwn = isOwn;
    // Stopped while it was connecting.
    if (this.#state !== 'running') {
      if (isOwn) await connection.close();
      return this;
    }
    const desk = new Desk({
      connection, identity, log: this.#log, slots: this.#slots,
      onReadiness: () => this.#onReadiness(),
      takesMore: () => this.#state === 'running' && this.#weight > 0,
    });
    this.#desk = desk;
    this.#beats = new Heartbeats({ connection, ...this.#checked, load: () => this.#load(), state: (load) => this.#say(load) });
    this.#stopListening = connection.onState((state) => this.#onConnection(state === 'connected'));
    for (const { job, handler, options } of this.#planned.splice(0)) this.#register(desk, job, handler, options);
    if (connection.state === 'connected') await this.#open();
    // It may have been stopped meanwhile.
    if (handlers !== undefined && watch && this.#isRunning()) this.#watch = watchHandlers(handlers, (files) => this.#reload(files), this.#log);
    return this;
  }

  /**
   * Takes no more runs, hands those back that have not begun, waits for the others, aborts their signals when `graceMs` are over, and
   * hands what is not done `abortMs` later to other workers. Complete when it resolves. Called twice it is done once.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const graceMs = checkedWhole('graceMs', options.graceMs, 10_000, 0, MAX_WAIT_MS);
    const abortMs = checkedWhole('abortMs', options.abortMs, 2_000, 0, MAX_WAIT_MS);
    return (this.#stopped ??= this.#stop(graceMs, abortMs));
  }

  state(): WorkerState {
    const handlings = [...this.#handlings.values()];
    return {
      id: this.id, state: this.#state, isConnected: this.#connection?.state === 'connected', isReady: this.#isReady(),
      running: this.#slots.running, waiting: this.#slots.waiting, unanswered: this.#connection?.publisher.size ?? 0,
      done: this.#gone.done + handlings.reduce((sum, { lane }) => sum + lane.done, 0),
      failed: this.#gone.failed + handlings.reduce((sum, { failures }) => sum + failures, 0),
      bad: this.#desk?.bad ?? 0, turnedAway: this.#desk?.turnedAway ?? 0,
      jobs: [...this.#planned.map(({ job }) => job), ...handlings.map(({ job }) => job)],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(graceMs: number, abortMs: number): Promise<void> {
    const wasRunning = this.#state === 'running';
    this.#state = 'stopping';
    await this.#watch?.close();
    const connection = this.#connection;
    if (wasRunning && connection !== undefined) await this.#drain(connection, graceMs, abortMs);
    this.#stopListening();
    this.#desk?.close();
    for (const handling of [...this.#handlings.values(), ...this.#leaving]) {
      handling.disconnected();
      handling.close();
    }
    if (this.#isOwn) await connection?.close();
    this.#state = 'stopped';
  }

  async #drain(connection: WorkerConnection, graceMs: number, abortMs: number): Promise<void> {
    const { clock } = connection;
    const from = clock.monotonic();
    const left = Promise.all([...this.#handlings.values()].map((each) => each.leave()));
    await Promise.all([within(clock, LAST_ANSWERS_MS, left), this.#beats?.last()]);
    const spent = clock.monotonic() - from;
    if (!(await within(clock, graceMs, this.#slots.idle()))) {
      const stopping = new WorkerStoppingError();
      for (const task of [...this.#tasks()]) if (task.isRunning) task.end(stopping);
        else task.handBack();
      await within(clock, abortMs, this.#slots.idle());
      for (const task of [...this.#tasks()]) if (task.isRunning) task.handBack();
    }
    // NATS that is away is waited for once, not again for what it could not take then.
    const lastMs = connection.state === 'connected' ? LAST_ANSWERS_MS : Math.max(0, LAST_ANSWERS_MS - spent);
    await within(clock, lastMs, Promise.all([this.#desk?.idle(), connection.publisher.drained()]));
    connection.outbox.flush();
    if (connection.state === 'connected') await within(clock, LAST_ANSWERS_MS, roundTrip(connection.client).catch(() => {}));
  }

  *#tasks(): Iterable<Task> {
    if (this.#desk !== undefined) yield* this.#desk.tasks();
  }

  async #open(): Promise<void> {
    await this.#unlessEnding(async () => {
      this.#desk?.open();
      await Promise.all([...this.#handlings.values()].map((each) => each.open()));
    });
    const { connection } = this;
    if (connection.state === 'connected') await roundTrip(connection.client).catch(() => {});
    this.#beats?.beat();
  }

  /** Word of the end of a connection may come later than it takes nothing more: then all is opened on the next one. */
  async #unlessEnding(open: () => Promise<void>): Promise<void> {
    try {
      await open();
    } catch (error) {
      this.#log.warn({ error: describe(error) }, 'the connection takes no subscriptions');
    }
  }

  #onConnection(isConnected: boolean): void {
    if (this.#state !== 'running') return;
    for (const handling of this.#handlings.values()) handling.disconnected();
    this.#desk?.close();
    if (isConnected) void this.#open();
  }

  #isRunning(): boolean {
    return this.#state === 'running';
  }

  #onReadiness(): void {
    if (this.#state === 'running' && this.#isReady()) this.#beats?.beat();
  }

  #isReady(): boolean {
    return this.#state === 'running' && this.#connection?.state === 'connected' && [...this.#handlings.values()].every((each) => each.isReady);
  }

  #register(desk: Desk, job: string, handler: Handler, options: HandlerOptions): Handling {
    const handling = new Handling(desk, job, handler, checkHandlerOptions(options, this.#checked.concurrency));
    this.#handlings.set(job, handling);
    this.#slots.add(handling.lane);
    return handling;
  }

  async #add(job: string, handler: Handler, options: HandlerOptions): Promise<void> {
    const desk = this.#desk;
    if (desk === undefined) {
      this.#planned.push({ job, handler, options });
      return;
    }
    const handling = this.#register(desk, job, handler, options);
    if (this.#connection?.state === 'connected') await this.#unlessEnding(() => handling.open());
    this.#onReadiness();
  }

  async #remove(handling: Handling): Promise<void> {
    this.#handlings.delete(handling.job);
    this.#ofFiles.delete(handling.job);
    this.#leaving.add(handling);
    await handling.leave();
    await this.#slots.idle();
    handling.close();
    this.#leaving.delete(handling);
    this.#slots.remove(handling.lane);
    this.#gone = { done: this.#gone.done + handling.lane.done, failed: this.#gone.failed + handling.failures };
  }

  /** Changed files: a handler goes on with its new code, new ones begin, those that are gone end. */
  #reload(files: readonly HandlerFile[]): void {
    if (this.#state !== 'running') return;
    const jobs = new Set(files.map(({ job }) => job));
    for (const handling of [...this.#handlings.values()]) if (this.#ofFiles.has(handling.job) && !jobs.has(handling.job)) void this.#remove(handling);
    for (const { job, handler, options } of files) {
      const known = this.#handlings.get(job);
      if (known !== undefined && this.#ofFiles.has(job)) known.handler = handler;
      else if (known === undefined) void this.#add(job, handler, options);
      this.#ofFiles.add(job);
    }
  }

  #load(): Load {
    return { ...this.#meter(), running: this.#slots.running, waiting: this.#slots.waiting };
  }

  #say(load: Load): { weight: number; capacity: number } {
    const { weight } = this.#checked;
    const asked = typeof weight === 'function' ? weight(load) : weight;
    // A rule that fails to say is no reason to be silent.
    this.#weight = Number.isFinite(asked) ? Math.max(0, Math.ceil(asked)) : 100;
    if (this.#weight > 0) for (const handling of this.#handlings.values()) handling.more();
    return { weight: this.#weight, capacity: this.#weight > 0 && this.#isReady() ? this.#checked.concurrency : 0 };
  }
}

/** False when the time was up first. */
async function within(clock: WorkerConnection['clock'], ms: number, what: Promise<unknown>): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<false>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  const done = await Promise.race([what.then(() => true as const), late]);
  cancel();
  return done;
}
