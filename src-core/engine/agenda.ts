import type { BookEntry, RunBook } from '../decide/index.ts';
import { isOver, mayRelease } from '../decide/index.ts';
import type { CancelTimer } from '../ports/index.ts';
import { FireHeap } from '../schedule/index.ts';
import type { EngineContext } from './context.ts';
import type { Dispatcher } from './dispatcher.ts';
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
  readonly #expiries = new ExpiryWheel();
  readonly #delayed = new FireHeap<BookEntry>();
  readonly #holding = new Set<number>();
  #cancel: CancelTimer = () => {};
  #stopped = true;
  #reviewAt = 0;

  constructor(parts: {
    context: EngineContext; jobs: Jobs; book: RunBook; dispatcher: Dispatcher; ender: Ender; situations: Situations; mayAct: () => boolean;
  }) {
    this.#context = parts.context;
    this.#jobs = parts.jobs;
    this.#book = parts.book;
    this.#dispatcher = parts.dispatcher;
    this.#ender = parts.ender;
    this.#situations = parts.situations;
    this.#mayAct = parts.mayAct;
  }

  /** Takes over every open run. */
  start(): void {
    this.#stopped = false;
    for (const entry of this.#book.entries()) this.track(entry);
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#expiries.clear();
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
    if (job === undefined || job.definition.state === 'disabled') return this.#drop([...waiting], 'the job is gone or disabled');
    if (isOver(job.definition, this.#context.clock.now())) return this.#drop([...waiting], 'the active window is over');
    while (waiting.length > 0) {
      const entry = waiting.find((candidate) => candidate.logged && !candidate.cancelling);
      const situation = this.#situations.of(job, this.#context.clock.now());
      if (entry === undefined) return;
      if (!mayRelease(job.definition, situation)) return this.#reviewBy(situation.rateFreeAt);
      this.#dispatcher.release(job, entry);
      if (entry.place === 'waiting') return;
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
    this.#delayed.push(isGone ? this.#context.clock.now() : entry.record.dueAt, entry);
    if (this.#delayed.peek() === entry) this.#arm();
  }

  #look(): void {
    const now = this.#context.clock.now();
    if (this.#mayAct()) {
      for (const entry of this.#expiries.due(now)) this.#expire(entry, now);
      for (const entry of this.#delayed.popDue(now)) this.#start(entry);
      if (now >= this.#reviewAt) this.#review(now);
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
    if (record.state !== 'delayed' || entry.cancelling) return;
    const job = this.#jobs.byNumber(record.jobNumber);
    if (job === undefined || job.definition.state === 'disabled') return this.#drop([entry], 'the job is gone or disabled');
    if (isOver(job.definition, this.#context.clock.now())) return this.#drop([entry], 'the active window is over');
    const { waiting } = this.#book.look(job.number);
    if (waiting.length === 0 && mayRelease(job.definition, this.#situations.of(job, this.#context.clock.now()))) this.#dispatcher.release(job, entry);
    else this.#dispatcher.hold(entry);
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

  #review(now: number): void {
    this.#reviewAt = now + REVIEW_MS;
    for (const number of this.#holding) {
      if (this.#book.look(number).waiting.length === 0) this.#holding.delete(number);
      else this.release(number);
    }
  }

  /** A rate limit opens at a known moment: held runs are looked at then, not at the next round. */
  #reviewBy(at: number): void {
    if (at <= this.#context.clock.now() || at >= this.#reviewAt) return;
    this.#reviewAt = at;
    this.#arm();
  }

  #arm(): void {
    if (this.#stopped) return;
    const due = Math.min(this.#delayed.peekAt() ?? Number.POSITIVE_INFINITY, this.#holding.size > 0 ? this.#reviewAt : Number.POSITIVE_INFINITY);
    const now = this.#context.clock.now();
    const longest = this.#book.activeRuns > 0 ? LOOK_MS : IDLE_LOOK_MS;
    const wait = this.#mayAct() ? Math.max(1, Math.min(longest, due - now)) : longest;
    this.#cancel();
    this.#cancel = this.#context.clock.after(wait, () => this.#look());
  }
}
