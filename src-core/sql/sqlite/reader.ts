import { Worker } from 'node:worker_threads';
import { InvalidInputError, UnavailableError } from '../../domain/index.ts';
import type { Log } from '../../ports/index.ts';
import type { ConnectionOptions } from './connection.ts';
import { READY, type AnswerMessage, type RequestKind, type Requests } from './read/requests.ts';

/** More waiting requests than this are turned away: whoever asks that often is not waiting for the answers. */
const MAX_WAITING = 256;
/** A request that takes longer is given up, and the thread with it. */
const TIME_LIMIT_MS = 10_000;
/** Moving the log is bounded by the disk, not by our diligence. */
const CHECKPOINT_LIMIT_MS = 120_000;
/** A thread that starts has this long until it takes requests: given up sooner on a busy machine, the next one would start no faster. */
const START_LIMIT_MS = 60_000;

interface Waiting {
  readonly kind: RequestKind;
  resolve(answer: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** The other end of the reader thread: starts it when needed, starts a new one when it died, holds nothing open while nobody asks. */
export class Reader {
  private readonly entry: string | URL;
  private readonly options: ConnectionOptions;
  private readonly log: Log;
  private readonly waiting = new Map<number, Waiting>();
  private thread: Worker | undefined;
  /** Until when the thread may start; undefined once it takes requests. */
  private startsUntil: number | undefined;
  private lastNumber = 0;
  private closed = false;

  constructor(entry: string | URL, options: ConnectionOptions, log: Log) {
    this.entry = entry;
    this.options = options;
    this.log = log;
  }

  /** Rejects with UnavailableError (too busy, too slow, died, closed, what SQLite says) or InvalidInputError. */
  ask<Kind extends RequestKind>(kind: Kind, ask: Requests[Kind]['ask']): Promise<Requests[Kind]['answer']> {
    if (this.closed) return Promise.reject(new UnavailableError('The database is closed.'));
    if (this.waiting.size >= MAX_WAITING) return Promise.reject(new UnavailableError('Too many reads of the database are waiting: try again in a moment.'));
    const thread = this.thread ?? this.start();
    return new Promise<Requests[Kind]['answer']>((resolve, reject) => {
      const number = ++this.lastNumber;
      const timer = setTimeout(() => this.tooLong(thread, number), kind === 'checkpoint' ? CHECKPOINT_LIMIT_MS : TIME_LIMIT_MS);
      this.waiting.set(number, { kind, resolve: resolve as (answer: unknown) => void, reject, timer });
      thread.ref();
      thread.postMessage({ number, kind, ask });
    });
  }

  /** Complete when it returns: the thread has closed its connections and ended. */
  async close(): Promise<void> {
    this.closed = true;
    const { thread } = this;
    this.thread = undefined;
    this.rejectAll(new UnavailableError('The database is closed.'));
    if (thread === undefined) return;
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    thread.ref();
    thread.postMessage(null);
    const timer = setTimeout(() => void thread.terminate(), 2_000);
    await ended;
    clearTimeout(timer);
  }

  private start(): Worker {
    const thread = new Worker(this.entry, { workerData: this.options, name: 'sql-reader' });
    this.thread = thread;
    this.startsUntil = performance.now() + START_LIMIT_MS;
    thread.on('message', (message: AnswerMessage) => {
      if (message.number === READY) this.ready(thread);
      else this.receive(message);
    });
    thread.on('error', (error) => this.giveUp(thread, `The thread that reads the database died: ${error.message}`));
    thread.on('exit', () => this.giveUp(thread, 'The thread that reads the database ended.'));
    thread.unref();
    return thread;
  }

  /** The time of what waits for it begins now. */
  private ready(thread: Worker): void {
    if (this.thread !== thread) return;
    this.startsUntil = undefined;
    for (const { timer } of this.waiting.values()) timer.refresh();
  }

  private receive({ number, answer, failure }: AnswerMessage): void {
    const waiting = this.waiting.get(number);
    if (waiting === undefined) return;
    this.waiting.delete(number);
    clearTimeout(waiting.timer);
    if (this.waiting.size === 0) this.thread?.unref();
    if (failure === undefined) waiting.resolve(answer);
    else waiting.reject(revive(failure));
  }

  private tooLong(thread: Worker, number: number): void {
    const waiting = this.waiting.get(number);
    if (waiting === undefined) return;
    if (this.thread === thread && this.startsUntil !== undefined && performance.now() < this.startsUntil) {
      waiting.timer.refresh();
      return;
    }
    const movesLog = waiting.kind !== 'checkpoint' && [...this.waiting.values()].some((other) => other.kind === 'checkpoint');
    if (!movesLog) {
      this.giveUp(thread, 'A read of the database took too long.');
      return;
    }
    this.waiting.delete(number);
    waiting.reject(new UnavailableError('The disk of the database is slow: it is still writing what was logged. Try again in a moment.'));
  }

  private giveUp(thread: Worker, why: string): void {
    if (this.thread !== thread) return;
    this.thread = undefined;
    this.log.warn({ waiting: this.waiting.size }, why);
    this.rejectAll(new UnavailableError(why));
    void thread.terminate();
  }

  private rejectAll(error: Error): void {
    for (const waiting of this.waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.waiting.clear();
  }
}

function revive(failure: NonNullable<AnswerMessage['failure']>): Error {
  if (failure.name === 'InvalidInputError') return new InvalidInputError([{ field: failure.field ?? '', message: failure.message }]);
  if (failure.name === 'UnavailableError') return new UnavailableError(failure.message);
  return Object.assign(new Error(failure.message), { name: failure.name });
}
