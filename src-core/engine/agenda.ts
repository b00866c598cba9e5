import type { BookEntry, RunBook, Situation, WaitingRuns } from '../decide/index.ts';
import { isOver, mayRelease } from '../decide/index.ts';
import type { CancelTimer } from '../ports/index.ts';
import { keepsRows } from '../domain/job.ts';
import { FireHeap } from '../schedule/index.ts';
import { isAskedRunId } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Doubles } from './doubles.ts';
import type { Ender } from './ender.ts';
import { ExpiryWheel } from './expiry-wheel.ts';
import type { Jobs } from './jobs.ts';
import type { Situations } from './situations.ts';

const LOOK_MS = 50;
/** Nothing is open: only reviews are due. */
const IDLE_LOOK_MS = 500;
const TRY_AGAIN_MS = 1000;
/** An expiry that is in the log should have been read long before. */
const EXPIRE_AGAIN_MS = 10_000;
/** A run may be asked for before its job is read of: definitions are another stream. */
const UNKNOWN_PATIENCE_MS = 2000;
/** Of a job that is not known. */
const UNKNOWN_QUEUE = 10_000;
const DROPS_AT_ONCE = 500;
const QUEUE_FULL = 'the queue is full';
const GONE = 'the job is gone or disabled';
/** Held runs whose gate may have opened by itself (workers, pause, rate) are looked at this often. */
const REVIEW_MS = 1000;

/**
 * The reaper of a leader: what becomes due without a fire. Delayed runs start, active ones expire, held ones go when their gate opens.
 */
export class Agenda {
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #book: RunBook;
  readonly #dispatcher: Dispatcher;
  readonly #ender: Ender;
  readonly #situations: Situations;
  readonly #mayAct: () => boolean;
  readonly #doubles: Doubles;
  readonly #expiries = new ExpiryWheel();
  readonly #delayed = new FireHeap<BookEntry>();
  readonly #holding = new Set<number>();
  #cancel: CancelTimer = () => {};
  #stopped = true;
  /** By the monotonic clock: a wall clock that is set back must not hold runs for as long. */
  #reviewAt = 0;

  constructor(parts: {
    context: EngineContext; jobs: Jobs; book: RunBook; dispatcher: Dispatcher; ender: Ender; situations: Situations; mayAct: () => boolean;
    /** How far the results stream has been read. */
    resultsRead: () => number;
  }) {
    this.#context = parts.context;
    this.#jobs = parts.jobs;
    this.#book = parts.book;
    this.#dispatcher = parts.dispatcher;
    this.#ender = parts.ender;
    this.#situations = parts.situations;
    this.#mayAct = parts.mayAct;
    this.#doubles = new Doubles({
      context: parts.context, book: parts.book, resultsRead: parts.resultsRead, refuse: (entry, reason) => this.#drop([entry], reason), goOn: (entry) => this.#goOn(entry),
    });
  }

  /** Takes over every open run. */
  start(): void {
    this.#stopped = false;
    for (const entry of this.#book.entries()) {
      this.track(entry);
      this.#doubles.suspect(entry);
    }
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#expiries.clear();
    this.#doubles.stop();
  }

  /** The run's state or times changed: puts it where it belongs. */
  track(entry: BookEntry): void {
    const { record } = entry;
    this.#delayed.remove(entry);
    if (record.state === 'active') this.#expiries.add(entry, record.expiresAt);
    else if (record.state === 'delayed') this.#delay(entry);
    else if (record.state === 'waiting' && !entry.dispatching) this.#holding.add(record.jobNumber);
  }

  forget(entry: BookEntry): void {
    this.#expiries.remove(entry);
    this.#delayed.remove(entry);
  }

  /** Sends held runs of the job while its gates let them through. */
  release(jobNumber: number): void {
    if (this.#stopped || !this.#mayAct()) return;
    const job = this.#jobs.byNumber(jobNumber);
    const { waiting } = this.#book.look(jobNumber);
    if (job === undefined || job.definition.state === 'disabled') return this.#dropWaiting(waiting, GONE, job === undefined);
    if (!keepsRows(job.definition.model)) return this.#dropWaiting(waiting, `the job is of model ${job.definition.model}, which keeps no runs that could wait`);
    if (isOver(job.definition, this.#context.clock.now())) return this.#dropWaiting(waiting, 'the active window is over');
    while (waiting.length > 0) {
      const entry = waiting.first();
      if (entry === undefined) return;
      const situation = this.#situations.of(job, this.#context.clock.now());
      if (!mayRelease(job.definition, situation)) return this.#reviewBy(situation);
      if (this.#doubles.suspect(entry)) continue;
      this.#dispatcher.release(job, entry);
      if (entry.place === 'waiting') return;
    }
  }

  /** Of a run that was asked for by message, and so has not passed the gates of a fire: sends it, holds it, or refuses it. */
  takeAsked(entry: BookEntry): void {
    this.track(entry);
    if (this.#doubles.suspect(entry)) return;
    const { jobNumber, state } = entry.record;
    const limit = this.#jobs.byNumber(jobNumber)?.definition.queueLimit ?? UNKNOWN_QUEUE;
    const { waiting, delayed } = this.#book.look(jobNumber);
    if (state === 'waiting' && waiting.length + delayed <= limit) return this.release(jobNumber);
    if (state === 'waiting') this.release(jobNumber);
    if (!entry.dispatching && waiting.length + delayed > limit) this.#drop([entry], QUEUE_FULL);
  }

  /** Workers of the app came, went, or take another number of runs. */
  workersChanged(namespace: string, app: string): void {
    for (const number of this.#holding) {
      const definition = this.#jobs.byNumber(number)?.definition;
      if (definition?.app === app && definition.namespace === namespace) this.release(number);
    }
  }

  /** The job was deleted: what has not been sent yet never will be. */
  abandon(jobNumber: number): void {
    if (this.#stopped) return;
    this.release(jobNumber);
    if (this.#book.look(jobNumber).delayed === 0) return;
    for (const entry of this.#book.entries()) if (entry.record.jobNumber === jobNumber) this.track(entry);
  }

  #delay(entry: BookEntry): void {
    const isGone = this.#jobs.byNumber(entry.record.jobNumber) === undefined;
    this.#delayed.push(isGone ? Math.min(entry.record.dueAt, this.#context.clock.now() + UNKNOWN_PATIENCE_MS) : entry.record.dueAt, entry);
    if (this.#delayed.peek() === entry) this.#arm();
  }

  #look(): void {
    const now = this.#context.clock.now();
    if (this.#mayAct()) {
      for (const entry of this.#expiries.due(now)) this.#expire(entry, now);
      for (const entry of this.#delayed.popDue(now)) this.#start(entry);
      if (this.#context.clock.monotonic() >= this.#reviewAt) this.#review();
    }
    this.#arm();
  }

  #expire(entry: BookEntry, now: number): void {
    if (entry.record.state !== 'active') return;
    const again = (): void => {
      if (entry.record.state === 'active') this.#expiries.add(entry, this.#context.clock.now() + TRY_AGAIN_MS);
    };
    this.#expiries.add(entry, now + EXPIRE_AGAIN_MS);
    this.#ender.end(entry, 'expired', `no end within ${now - entry.record.dispatchedAt} ms`, again);
    this.#ender.tellWorker(entry, 'expired', now + 5000);
  }

  #start(entry: BookEntry): void {
    const { record } = entry;
    if (record.state !== 'delayed' || entry.cancelling || this.#doubles.suspect(entry)) return;
    const job = this.#jobs.byNumber(record.jobNumber);
    if (job === undefined || job.definition.state === 'disabled') return this.#drop([entry], GONE);
    // Its job was not known when it was looked at before.
    if (record.dueAt > this.#context.clock.now()) return this.#delay(entry);
    if (isOver(job.definition, this.#context.clock.now())) return this.#drop([entry], 'the active window is over');
    const { waiting } = this.#book.look(job.number);
    if (waiting.length === 0 && mayRelease(job.definition, this.#situations.of(job, this.#context.clock.now()))) this.#dispatcher.release(job, entry);
    else this.#dispatcher.hold(entry);
  }

  /** It is no double. */
  #goOn(entry: BookEntry): void {
    if (entry.place === 'waiting') this.#book.look(entry.record.jobNumber).waiting.changed(entry);
    this.takeAsked(entry);
  }

  #isHopeful({ record }: BookEntry): boolean {
    return isAskedRunId(record.id) && this.#context.clock.now() < record.dueAt + UNKNOWN_PATIENCE_MS;
  }

  /** There may be a hundred thousand: the ends of some bring the others here again, and so does the next review. */
  #dropWaiting(waiting: WaitingRuns, reason: string, isUnknown = false): void {
    for (let count = 0; count < DROPS_AT_ONCE; count++) {
      const entry = waiting.first();
      if (entry === undefined || (isUnknown && this.#isHopeful(entry))) return;
      this.#drop([entry], reason);
    }
  }

  #drop(entries: readonly BookEntry[], reason: string): void {
    for (const entry of entries) {
      if (entry.cancelling) continue;
      entry.cancelling = true;
      this.#ender.end(entry, 'cancelled', reason, () => {
        entry.cancelling = false;
      });
    }
  }

  #review(): void {
    this.#reviewAt = this.#context.clock.monotonic() + REVIEW_MS;
    for (const number of this.#holding) {
      const { waiting } = this.#book.look(number);
      if (waiting.length === 0) this.#holding.delete(number);
      // An end by us that the log did not take lets its run go again.
      waiting.recheck();
      this.release(number);
    }
  }

  /** A rate limit opens at a known moment, which may have come since it was found shut: held runs are looked at then, not at the next round. */
  #reviewBy({ now, rateFreeAt }: Situation): void {
    if (rateFreeAt <= now) return;
    const { clock } = this.#context;
    const reviewAt = clock.monotonic() + Math.max(0, rateFreeAt - clock.now());
    if (reviewAt >= this.#reviewAt) return;
    this.#reviewAt = reviewAt;
    this.#arm();
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock } = this.#context;
    const dueMs = (this.#delayed.peekAt() ?? Number.POSITIVE_INFINITY) - clock.now();
    const reviewMs = this.#holding.size > 0 ? this.#reviewAt - clock.monotonic() : Number.POSITIVE_INFINITY;
    const longest = this.#book.activeRuns > 0 ? LOOK_MS : IDLE_LOOK_MS;
    const wait = this.#mayAct() ? Math.max(1, Math.min(longest, dueMs, reviewMs)) : longest;
    this.#cancel();
    this.#cancel = this.#context.clock.after(wait, () => this.#look());
  }
}
