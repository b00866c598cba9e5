import type { Subscription } from '@nats-io/transport-node';
import { UnavailableError } from '../../domain/errors.ts';
import { isAway, isJetStreamOff } from '../../nats/errors.ts';
import { roundTrip } from '../../nats/round-trip.ts';
import { decodeReport, doubledIn, parseReportSubject, reportSubject } from '../../wire/index.ts';
import { RecentMap } from '../common/recent-map.ts';
import type { WorkerConnection } from '../connection.ts';
import { EndsReader } from './ends-reader.ts';
import type { JobEnd, KnownRun } from './ends-reader.ts';
import { Listeners } from './listeners.ts';
import { decodeStall, failedEvent, stalledSubject } from './queue-events.ts';
import type { QueueEvents } from './queue-events.ts';
import { resultOf } from './run-states.ts';

export interface QueueWatchOptions {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  find(runId: string): Promise<KnownRun | undefined>;
}

/** Who waits for jobs one after the other shall not begin to read anew each time. */
const LINGER_MS = 5_000;
const AGAIN_MS = 250;
/** Final ends remembered, for whoever waits for a job that has just ended. */
const ENDS_KEPT = 10_000;

interface Starting {
  readonly done: Promise<void>;
  giveUp(error: Error): void;
}

/** How far it was read. */
export interface WatchPlace {
  readonly reader: EndsReader;
  readonly ends: number;
}

/** Reads what becomes of a queue's jobs, as long as somebody listens or waits. */
export class QueueWatch {
  readonly #connection: WorkerConnection;
  readonly #options: QueueWatchOptions;
  readonly #listeners = new Listeners<QueueEvents>();
  readonly #waiters = new Map<string, Set<(end: JobEnd) => void>>();
  readonly #ends = new RecentMap<JobEnd>(ENDS_KEPT);
  #endsRead = 0;
  #reader: EndsReader | undefined;
  #starting: Starting | undefined;
  /** What a start waits for. */
  #stopping: Promise<unknown> = Promise.resolve();
  #stopLive: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;

  constructor(connection: WorkerConnection, options: QueueWatchOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** For `remembersSince`; undefined while nothing is read. */
  get place(): WatchPlace | undefined {
    return this.#reader === undefined ? undefined : { reader: this.#reader, ends: this.#endsRead };
  }

  /** Whether every final end since then is remembered or still to come. */
  remembersSince(place: WatchPlace | undefined): boolean {
    return place !== undefined && place.reader === this.#reader && this.#endsRead - place.ends < ENDS_KEPT;
  }

  /** The job's final end, if it was read lately. */
  endOf(rootId: string): JobEnd | undefined {
    return this.#ends.get(rootId);
  }

  on<Name extends keyof QueueEvents>(name: Name, listener: (event: QueueEvents[Name]) => void): () => void {
    const off = this.#listeners.on(name, listener);
    return () => {
      off();
      this.#lingerIfIdle();
    };
  }

  /** Resolves when what happens from now on will be told. */
  started(): Promise<void> {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    return (this.#starting ??= this.#begin()).done;
  }

  /** Tells the final end of the job, once. Returns the way to stop waiting. */
  waitFor(rootId: string, onEnd: (end: JobEnd) => void): () => void {
    const waiters = this.#waiters.get(rootId) ?? new Set();
    this.#waiters.set(rootId, waiters);
    waiters.add(onEnd);
    return () => {
      waiters.delete(onEnd);
      if (waiters.size === 0 && this.#waiters.get(rootId) === waiters) this.#waiters.delete(rootId);
      this.#lingerIfIdle();
    };
  }

  /** `why`: for those who still wait until it is read. */
  async stop(why: Error = new UnavailableError('Nobody listens to the queue any more.')): Promise<void> {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    const starting = this.#starting;
    this.#starting = undefined;
    if (starting !== undefined) this.#stopping = this.#stopping.then(() => this.#end(starting, why));
    await this.#stopping;
  }

  #begin(): Starting {
    let giveUp = (_error: Error): void => undefined;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    givenUp.catch(() => undefined);
    const done = this.#stopping.then(() => this.#start(givenUp));
    const starting = { done, giveUp };
    // The next one who asks begins anew.
    done.catch(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    return starting;
  }

  async #end({ done, giveUp }: Starting, why: Error): Promise<void> {
    giveUp(why);
    await done.catch(() => undefined);
    this.#stopLive?.();
    this.#stopLive = undefined;
    const reader = this.#reader;
    this.#reader = undefined;
    this.#ends.clear();
    await reader?.stop();
  }

  /** Tried on while NATS is silent or away. */
  async #start(givenUp: Promise<never>): Promise<void> {
    const { clock } = this.#connection;
    for (;;) {
      await Promise.race([this.#connection.whenConnected(), givenUp]);
      try {
        return await this.#read();
      } catch (error) {
        if (!isAway(error) && !isJetStreamOff(error)) throw error;
      }
      await Promise.race([new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve)), givenUp]);
    }
  }

  async #read(): Promise<void> {
    const { find, ...job } = this.#options;
    const reader = new EndsReader(this.#connection, { ...job, find, onEnd: (end) => void this.#onEnd(end), onNoRetry: (end) => this.#isOver(end) });
    let stopLive = (): void => undefined;
    try {
      await reader.start();
      stopLive = this.#followLive();
      await roundTrip(this.#connection.client);
    } catch (error) {
      stopLive();
      void reader.stop();
      throw error;
    }
    this.#reader = reader;
    this.#stopLive = stopLive;
  }

  /** Nothing more of the job will come. */
  #isOver(end: JobEnd): void {
    this.#endsRead++;
    this.#ends.set(end.rootId, end);
    for (const tell of [...(this.#waiters.get(end.rootId) ?? [])]) tell(end);
  }

  async #onEnd(end: JobEnd): Promise<void> {
    if (end.status === 'success' || !end.willRetry) this.#isOver(end);
    const duplicateOf = end.status === 'cancelled' ? doubledIn(end.reason) : undefined;
    if (duplicateOf !== undefined) {
      this.#listeners.tell('duplicate', { queue: this.#options.job, name: end.name, id: end.rootId, runId: end.runId, duplicateOf });
      return;
    }
    if (end.status !== 'success') {
      this.#listeners.tell('failed', failedEvent(this.#options.job, end));
      return;
    }
    if (!this.#listeners.has('completed')) return;
    const { name, rootId, runId, attempt, reason } = end;
    const { namespace, app, job } = this.#options;
    const result = await resultOf(this.#connection, { namespace, app, job, taskId: runId, reason }).catch(() => undefined);
    this.#listeners.tell('completed', { queue: job, name, id: rootId, runId, attempt, result });
  }

  /** Progress and stalls are told as they come, and by nobody again. */
  #followLive(): () => void {
    const { namespace, app, job } = this.#options;
    let subscriptions: Subscription[] = [];
    const listen = (): void => {
      if (this.#connection.state !== 'connected') return;
      const { client } = this.#connection;
      subscriptions = [
        client.subscribe(reportSubject(namespace, app, job, '*'), { callback: (error, message) => (error === null ? this.#onReport(message.subject, message.string()) : undefined) }),
        client.subscribe(stalledSubject(namespace, app, job, '*'), { callback: (error, message) => (error === null ? this.#onStalled(message.subject, message.string()) : undefined) }),
      ];
    };
    const stopListening = this.#connection.onState(listen);
    listen();
    return () => {
      stopListening();
      for (const subscription of subscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
    };
  }

  #onReport(subject: string, text: string): void {
    const runId = parseReportSubject(subject)?.taskId;
    if (runId === undefined || !this.#listeners.has('progress')) return;
    const report = decodeReport(text);
    if (report?.kind === 'progress') this.#listeners.tell('progress', { queue: this.#options.job, ...(this.#reader?.jobOf(runId) ?? { id: runId, name: '' }), runId, progress: report.progress });
  }

  #onStalled(subject: string, text: string): void {
    const runId = subject.slice(subject.lastIndexOf('.') + 1);
    const stall = decodeStall(text);
    if (stall !== undefined) this.#listeners.tell('stalled', { queue: this.#options.job, ...stall, runId });
  }

  #lingerIfIdle(): void {
    if (this.#listeners.size > 0 || this.#waiters.size > 0 || this.#starting === undefined || this.#cancelLinger !== undefined) return;
    this.#cancelLinger = this.#connection.clock.after(LINGER_MS, () => {
      this.#cancelLinger = undefined;
      if (this.#listeners.size === 0 && this.#waiters.size === 0) void this.stop();
    });
  }
}
