import type { BookEntry, RunBook } from '../decide/index.ts';
import { allStarted } from '../decide/targets.ts';
import { isUnanswerable, UNANSWERABLE, type GoneBefore } from '../decide/unanswerable.ts';
import type { CancelTimer, GapView, LogPublisher } from '../ports/index.ts';
import { type Backoff, backoffDelay } from '../schedule/index.ts';
import { type AskedBackoff, ASKED_LIMITS, decodeRunOptions, encodeMonitor, MONITOR_SUBJECT, monitorSubject } from '../wire/index.ts';
import { Agenda } from './agenda.ts';
import type { EngineContext } from './context.ts';
import type { Settled } from './dispatcher.ts';
import { Dispatcher } from './dispatcher.ts';
import { Ender } from './ender.ts';
import { FireLedger } from './fire-ledger.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { Jobs } from './jobs.ts';
import { RunIds } from './run-ids.ts';
import type { Situations } from './situations.ts';
import { SkipCounter } from './skips.ts';
import type { MonitorDue, MonitorWords } from './due-monitors.ts';
import type { TakeOver } from './take-over.ts';
import { Ticker } from './ticker.ts';
import type { Workers } from './workers.ts';

const SKIP_REPORT_MS = 3000;

export interface LeadershipParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly book: RunBook;
  readonly workers: Workers;
  readonly situations: Situations;
  readonly stamp: (at: number) => string;
  readonly term: number;
  /** The lease's trust: asked before every burst. */
  readonly isTrusted: () => boolean;
  /** What the lease allows to be fired (epoch ms); see Elector. */
  readonly mayFireThrough: () => number;
  readonly takeOver: TakeOver;
  /** How far the results stream has been read. */
  readonly resultsRead: () => number;
  /** Told of each fire that leaves no trace in the log, and of those that others may have sent. */
  readonly sentBlindly: (at: number) => void;
  /** Told when the fires of a time in which nobody decided any are decided. */
  readonly caughtUp: (gap: GapView) => void;
  /** What either stream held before this moment may be missing from both log and view: see LogState. */
  readonly goneBefore: GoneBefore;
}

/** Everything that exists only while this node leads: made when a term begins, gone when it ends. */
export class Leadership {
  readonly term: number;
  readonly dispatcher: Dispatcher;
  readonly ender: Ender;
  readonly agenda: Agenda;
  readonly ticker: Ticker;
  readonly log: LogPublisher;
  readonly ids = new RunIds();
  /** The last time in which nobody decided fires, as far as this term has seen one. */
  lastGap: GapView | undefined;
  readonly #parts: LeadershipParts;
  readonly #skips = new SkipCounter();
  readonly #ledger: FireLedger;
  #cancelReport: CancelTimer = () => {};
  #reports = 0;
  #outputs = 0;
  /** Numbers of outputs that are not in the log yet, ascending. */
  readonly #openOutputs = new Set<number>();
  #isStopping = false;

  constructor(parts: LeadershipParts) {
    const { context, jobs, book, situations, stamp, takeOver } = parts;
    this.#parts = parts;
    this.term = parts.term;
    this.#ledger = new FireLedger(takeOver.runsHead, { after: takeOver.readAfter, through: takeOver.sentThrough });
    this.ids.startAfter(book.highestId);
    parts.sentBlindly(takeOver.unknownThrough);
    for (const id of takeOver.sentIds) this.ids.startAfter(id);
    const mayAct = (): boolean => context.bus.state === 'connected' && parts.isTrusted();
    this.log = context.bus.openLog({ term: parts.term, maySend: mayAct });
    this.ender = new Ender(this.log);
    this.dispatcher = new Dispatcher({
      context, book, log: this.log, situations, skips: this.#skips, ledger: this.#ledger, ids: this.ids, stamp,
      alreadySent: takeOver.sentIds, unknownThrough: takeOver.unknownThrough, term: parts.term, sentBlindly: parts.sentBlindly, makeRoom: (job, newest) => this.#replaceOldest(job, newest),
    });
    this.agenda = new Agenda({ context, jobs, book, dispatcher: this.dispatcher, ender: this.ender, situations, mayAct, resultsRead: parts.resultsRead });
    this.ticker = new Ticker({
      context, jobs, dispatcher: this.dispatcher, mayFire: () => mayAct() && context.clock.now() <= parts.mayFireThrough(), unsettled: () => this.log.unsettled, missesWorkers: () => parts.workers.size > 0 && parts.workers.countLive(context.clock.now()) === 0,
      lastPause: () => situations.lastPause,
      caughtUp: (gap) => {
        this.lastGap = gap;
        parts.caughtUp(gap);
      },
    });
  }

  /** Pays what the leader before left owing, then begins to fire after its watermark. */
  start(): void {
    const { book, situations, takeOver } = this.#parts;
    situations.leading = true;
    for (const monitor of takeOver.monitors) this.monitored(monitor.run, monitor.subId, monitor.end, monitor.messageId);
    const gone = this.#endUnanswerable([...book.entries()]);
    for (const entry of [...book.entries()]) if (!gone.has(entry)) this.#payDebt(entry);
    this.agenda.start();
    this.ticker.start(takeOver.watermark);
    this.#armReport();
  }

  /** It takes nothing more: what it did not get into the log is the next leader's, or nobody's. */
  get isOver(): boolean {
    return this.#isStopping;
  }

  /** The runs stream's end as far as this leader knows it. */
  get lastSequence(): number {
    return Math.max(this.#parts.takeOver.runsHead, this.log.lastSequence);
  }

  /** Gives the lease's next value its progress: see FireLedger. */
  progress(): { watermark: number; runsSequence: number } {
    return this.#ledger.progress(this.ticker.decidedThrough, this.log.lastSequence);
  }

  /** Stops deciding, drains what is on its way for at most that long. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    this.ticker.stop();
    this.agenda.stop();
    this.dispatcher.stop();
    this.#cancelReport();
    this.#reportSkips();
    this.#parts.situations.leading = false;
    await this.log.stop(drainMs);
  }

  /** Messages that follow from answers, counted so that the lease knows up to which answer all is in the log. */
  get outputs(): number {
    return this.#outputs;
  }

  /** All up to this number are. */
  get settledOutputs(): number {
    for (const oldest of this.#openOutputs) return oldest - 1;
    return this.#outputs;
  }

  dispatched(entry: BookEntry): void {
    this.agenda.track(entry);
    // Sent by a leader before, and so long on its way that this one had looked through the log already.
    const { trigger, scheduledAt } = entry.record;
    if (entry.sentInTerm !== this.term && (trigger === 'schedule' || trigger === 'catch-up')) this.#ledger.foundSent(scheduledAt);
  }

  accepted(entry: BookEntry, isAsked: boolean): void {
    if (isAsked) return this.agenda.takeAsked(entry);
    this.agenda.track(entry);
    if (entry.record.state === 'waiting' && !entry.dispatching) this.agenda.release(entry.record.jobNumber);
  }

  /** A run that a shared view has open and the book had not. `isOver`: this node saw it end, and the log that told of it is gone. */
  adopt(entry: BookEntry, isOver: boolean): void {
    if (entry.record.retryPending) return this.#parts.book.dropRetry(entry);
    this.agenda.track(entry);
    if (isOver) this.#endUnanswered(entry);
    else if (entry.record.state === 'waiting') this.agenda.release(entry.record.jobNumber);
  }

  nextStep(entry: BookEntry): void {
    const job = this.#parts.jobs.byNumber(entry.record.jobNumber);
    // Cancelled too late for its first step: the second is not sent.
    if (entry.cancelling) return this.cancel(entry, 'cancelled', () => {});
    if (job === undefined) return;
    entry.nextSent = true;
    this.dispatcher.sendNextStep(job, entry.record, this.#output());
  }

  ended(entry: BookEntry): void {
    this.agenda.forget(entry);
    if (entry.record.retryPending) this.#retry(entry);
    const job = this.#parts.jobs.byNumber(entry.record.jobNumber);
    if (job?.definition.maxRunning === 0) job.ends.count(this.#parts.context.clock.now());
    if (this.#parts.book.look(entry.record.jobNumber).waiting.length > 0) this.agenda.release(entry.record.jobNumber);
  }

  /** An answer or report behind what the take-over read; what stands before that, the take-over has seen to. */
  monitoredAt(stream: 'runs' | 'results', sequence: number, { run, subId, end, messageId }: MonitorDue): void {
    if (sequence > this.#parts.takeOver.readThrough[stream]) this.monitored(run, subId, end, messageId);
  }

  /** Tells whoever listens, once per answer, on both subjects. */
  monitored(run: { id: string; namespace: string; app: string; job: string }, subId: string, end: MonitorWords, messageId: string): void {
    const { context, stamp } = this.#parts;
    const text = encodeMonitor({
      taskId: run.id, subTaskId: subId, status: end.status, reason: end.reason, monitorStatus: end.monitorStatus, monitorPayload: end.monitorPayload,
      createAt: stamp(context.clock.now()), namespace: run.namespace, appName: run.app, jobName: run.job,
    });
    this.#tell(MONITOR_SUBJECT, text, messageId);
    if (run.namespace !== '' && run.app !== '') this.#tell(monitorSubject(run.namespace, run.app), text, `${messageId}:app`);
  }

  cancel(entry: BookEntry, reason: string, onFailed: () => void): void {
    entry.cancelling = true;
    if (entry.record.state === 'active') this.ender.tellWorker(entry, reason, this.#parts.context.clock.now() + 5000);
    this.ender.end(entry, 'cancelled', reason, () => {
      entry.cancelling = false;
      onFailed();
    });
  }

  #tell(subject: string, text: string, id: string): void {
    if (this.#parts.takeOver.sentIds.has(id)) return;
    this.log.publish({ subject, text, id, runHeader: '', giveUpAt: Number.POSITIVE_INFINITY, onSettled: this.#output() });
  }

  /** Counts one; what is given up at the end of the term stays open, for whoever takes over. */
  #output(): Settled {
    const number = ++this.#outputs;
    this.#openOutputs.add(number);
    return (sequence) => {
      if (sequence > 0 || !this.#isStopping) this.#openOutputs.delete(number);
    };
  }

  /**
   * Runs whose answer, or even whose dispatch, may have been in the part of the log that is gone: nobody can tell what became of
   * them. They end as expired, saying so, and are not tried again: the work may well have been done.
   */
  #endUnanswerable(entries: readonly BookEntry[]): ReadonlySet<BookEntry> {
    const { goneBefore, context, book } = this.#parts;
    const now = context.clock.now();
    const gone = entries.filter(({ record }) => isUnanswerable(record, goneBefore, now));
    for (const entry of gone) this.#endUnanswered(entry);
    for (const entry of entries) if (entry.record.retryPending && entry.record.endedAt < goneBefore.runs) book.dropRetry(entry);
    if (gone.length > 0) context.log.warn({ runs: gone.length }, 'the log does not reach back to the answers of these runs: they end as expired and are not tried again');
    return new Set(gone);
  }

  #endUnanswered(entry: BookEntry): void {
    entry.cancelling = true;
    this.ender.end(entry, 'expired', UNANSWERABLE, () => {
      entry.cancelling = false;
    });
  }

  #payDebt(entry: BookEntry): void {
    const { record } = entry;
    if (record.retryPending) return this.#retry(entry);
    if (record.state !== 'active') return;
    if (record.category === 'map' && record.step === 2) return this.nextStep(entry);
    const job = this.#parts.jobs.byNumber(record.jobNumber);
    if (job !== undefined && !allStarted(entry)) this.dispatcher.sendTargets(job, entry);
  }

  #retry(entry: BookEntry): void {
    const { jobs, context } = this.#parts;
    const { record } = entry;
    const job = jobs.byNumber(record.jobNumber);
    const now = context.clock.now();
    const rootId = record.rootId || record.id;
    const attempt = record.attempt + 1;
    const eventId = `${rootId}:e:attempt:${attempt}`;
    if (job === undefined || job.definition.state === 'disabled') return this.dispatcher.refuseRetry(entry, eventId, this.#output());
    const own = decodeRunOptions(record.ownOptions);
    const dueAt = now + backoffDelay(own.backoff === undefined ? job.definition.retry : ownBackoff(own.backoff), record.attempt, context.random);
    this.dispatcher.accept(job, {
      id: this.ids.byHand(job, now), trigger: 'retry', scheduledAt: dueAt, giveUpAt: Number.POSITIVE_INFINITY, args: record.args,
      priority: record.priority, attempt, rootId, eventId, options: own,
    }, 'delayed', dueAt, this.#output());
  }

  /** `replace`: the oldest active run makes room; what waited to replace it before is itself replaced. */
  #replaceOldest(job: JobRuntime, newest: BookEntry): void {
    const { active, waiting } = this.#parts.book.look(job.number);
    for (const entry of [...waiting]) if (entry !== newest && !entry.cancelling && !entry.dispatching) this.cancel(entry, 'replaced by a newer fire', () => {});
    for (const entry of active) {
      if (entry.cancelling) return;
      return this.cancel(entry, 'replaced by a newer fire', () => {});
    }
  }

  #armReport(): void {
    this.#cancelReport = this.#parts.context.clock.after(SKIP_REPORT_MS, () => {
      this.#reportSkips();
      this.#armReport();
    });
  }

  #reportSkips(): void {
    for (const { subject, text } of this.#skips.take()) {
      const id = `skips:${this.#parts.context.config.nodeId}:${this.term}:${++this.#reports}`;
      const settled: Settled = () => {};
      this.log.publish({ subject, text, id, runHeader: '', giveUpAt: Number.POSITIVE_INFINITY, onSettled: settled });
    }
  }
}

/** Without a most of its own it waits for as long as it says. */
function ownBackoff({ type, delayMs, maxDelayMs }: AskedBackoff): Backoff {
  return { backoff: type, delayMs, maxDelayMs: maxDelayMs ?? ASKED_LIMITS.backoffMs };
}
