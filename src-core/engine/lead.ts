import type { GoneBefore } from '../decide/unanswerable.ts';
import type { LeaseValue } from '../domain/lease.ts';
import { EarlyMonitors } from './early-monitors.ts';
import type { LeaseProgress } from './elector.ts';
import { Elector } from './elector.ts';
import { Leadership } from './leadership.ts';
import type { LeadershipParts } from './leadership.ts';
import type { LiveTelling } from './live-telling.ts';
import type { LogPlaces } from './log-places.ts';
import { seedDefinitions } from './log-state.ts';
import { OutputMark } from './output-mark.ts';
import { reasonOf } from './reason.ts';
import { ShortQuestions } from './short-questions.ts';
import type { LeaseBefore, TakeOver } from './take-over.ts';
import { readTakeOver } from './take-over.ts';
import type { ViewRight } from './view-right.ts';

const TRY_AGAIN_MS = 1000;
const STAND_BACK_MS = 3000;
const SETTLE_DRAIN_MS = 10_000;
/** A take-over asks the view for no longer than this, and goes on with what the book knows. */
const TAKE_OVER_ASKS_MS = 200;
/** An orderly stop gives a shared view what it can in this time; the next leader has the rest from the log. */
const LAST_WRITE_MS = 2000;

export interface LeadParts extends Pick<LeadershipParts, 'context' | 'jobs' | 'book' | 'workers' | 'situations' | 'stamp'> {
  readonly places: LogPlaces;
  readonly viewRight: ViewRight;
  readonly live: LiveTelling;
  /** See LogReading. */
  readonly goneBefore: () => GoneBefore;
  /** Reads to the end of the log. */
  readonly caughtUp: () => Promise<void>;
  /** Gives the view all that is kept for it. */
  readonly settleView: () => Promise<unknown>;
  /** NATS answers, but the lease has been out of reach for its whole length. */
  readonly unreachable: () => void;
  readonly isClosing: () => boolean;
  /** The log is being opened anew: who leads must have read it. */
  readonly isReopening: () => boolean;
}

/** This node's part in the election, and its terms: each is taken over here, and ends here. */
export class Lead {
  readonly elector: Elector;
  readonly monitors = new EarlyMonitors(() => this.leadership, () => this.elector.isLeading);
  leadership: Leadership | undefined;
  readonly #parts: LeadParts;
  #outputMark = new OutputMark({ results: 0, runs: 0 });
  /** Latest fire that this process sent without a trace, or others may have, in whichever term. */
  #blindThrough = 0;

  constructor(parts: LeadParts) {
    this.#parts = parts;
    this.elector = new Elector(parts.context, {
      elected: (term, previous, beginsAt) => void this.#begin(term, { previous, beginsAt }),
      deposed: (reason) => void this.#end(reason),
      unreachable: parts.unreachable,
      progress: () => this.leadership && this.#progressOf(this.leadership),
      blindThrough: () => this.#blindThrough,
    });
  }

  /** Gives the lease up in good order and stands back for a while, so that another node can take it. */
  async stepDown(): Promise<void> {
    const { context: { clock, log }, live } = this.#parts;
    await this.giveUp();
    log.info({ term: this.elector.term }, 'stepped down');
    live.tell({ type: 'server', role: 'standby', term: this.elector.term });
    clock.after(STAND_BACK_MS, () => this.#takePart());
  }

  /** What follows from answers read while draining is the next leader's: the lease says so. */
  async giveUp(): Promise<void> {
    const { context: { clock }, viewRight, settleView } = this.#parts;
    const { leadership } = this;
    this.leadership = undefined;
    // A lease that is lost while draining is not taken again: its term would be ended by the last word of this one.
    this.elector.takeNothing();
    await leadership?.stop(SETTLE_DRAIN_MS);
    await this.elector.stop(leadership?.term === this.elector.term ? this.#progressOf(leadership) : undefined);
    // Begun in between, by a lease that was being taken already.
    if (this.leadership !== undefined) await this.#end('stepping down');
    if (!viewRight.mayWriteShared) return;
    await new ShortQuestions(clock, LAST_WRITE_MS).ask(settleView);
    viewRight.take();
  }

  /** The log that it stands on is gone: nothing can be drained, and no part is taken until there is one. */
  async abandon(): Promise<void> {
    await this.#end('the log is gone');
    await this.elector.stop(undefined);
  }

  /** Somebody has written the view under a newer term. */
  depose(newerTerm: number): void {
    const { context: { store }, viewRight } = this.#parts;
    // Own views are written under the newest term this node knows of, whoever leads.
    if (!store.isShared) viewRight.raise(newerTerm);
    this.elector.depose(newerTerm);
  }

  async #begin(term: number, before: LeaseBefore): Promise<void> {
    const { context: { clock, log } } = this.#parts;
    const isOver = (): boolean => !this.elector.isLeading || this.elector.term !== term;
    this.monitors.clear();
    try {
      const takeOver = await this.#takeOver(term, before);
      if (isOver() || this.#parts.isClosing()) return;
      this.#lead(term, before.previous, takeOver);
    } catch (error) {
      // The lease may have gone and come again meanwhile: that is another term's matter.
      if (isOver()) return;
      log.warn({ ...reasonOf(error), term }, 'the term could not be taken over; giving the lease up');
      await this.#end('it could not be taken over');
      await this.elector.stop(undefined);
      clock.after(TRY_AGAIN_MS, () => this.#takePart());
    }
  }

  /** Brings this node to the end of what was sent before the term, and reads what the leader before left owing. */
  async #takeOver(term: number, before: LeaseBefore): Promise<TakeOver> {
    const { context: { bus, clock, config, log, store }, jobs, book, caughtUp } = this.#parts;
    await bus.settleLog(term);
    await caughtUp();
    if (store.isShared) await seedDefinitions(bus, jobs, clock.now());
    const questions = new ShortQuestions(clock, TAKE_OVER_ASKS_MS);
    const takeOver = await readTakeOver(bus, config.nodeId, before, clock.now(), async (id) => book.get(id)?.record ?? (await questions.ask(() => store.run(id))));
    await caughtUp();
    if (questions.unanswered > 0) log.warn({ term, answers: questions.unanswered }, 'the database did not say in time to which runs these answers belong: each counts as the first for its run, and is told to those who watch');
    return takeOver;
  }

  #lead(term: number, previous: LeaseValue | undefined, takeOver: TakeOver): void {
    const { context, jobs, book, workers, situations, stamp, places, viewRight, live, goneBefore } = this.#parts;
    const { clock, log } = context;
    const leadership = new Leadership({
      context, jobs, book, workers, situations, stamp, term, takeOver,
      isTrusted: () => this.elector.isTrusted() && this.elector.term === term,
      mayFireThrough: () => this.elector.mayFireThrough,
      sentBlindly: (at) => { this.#blindThrough = Math.max(this.#blindThrough, at); },
      resultsRead: () => places.read.results, goneBefore: goneBefore(), caughtUp: (gap) => live.tell({ type: 'gap', gap }),
    });
    this.#outputMark = new OutputMark({ results: takeOver.answeredThrough ?? places.read.results, runs: takeOver.readAfter });
    const behindMs = takeOver.watermark - clock.now();
    if (behindMs > 1000) log.warn({ term, behindMs, of: previous?.nodeId }, 'this machine\'s clock is behind that of the last leader: nothing fires until it has come to where that one was');
    this.leadership = leadership;
    viewRight.give(term);
    leadership.start();
    this.monitors.release();
    log.info({ term, jobs: jobs.size, openRuns: book.size, after: previous?.nodeId ?? 'nobody' }, 'leading');
    live.tell({ type: 'server', role: 'leader', term });
  }

  async #end(reason: string): Promise<void> {
    const { context: { log }, situations, viewRight, live } = this.#parts;
    const { leadership } = this;
    this.leadership = undefined;
    situations.leading = false;
    viewRight.take();
    if (leadership === undefined) return;
    log.warn({ term: leadership.term, reason }, 'no longer leading');
    await leadership.stop(0);
    live.tell({ type: 'server', role: 'standby', term: leadership.term });
  }

  #takePart(): void {
    if (!this.#parts.isClosing() && !this.#parts.isReopening()) this.elector.start();
  }

  #progressOf(leadership: Leadership): LeaseProgress {
    const { places } = this.#parts;
    const fires = leadership.progress();
    const { results, runs } = places.read;
    const { outputs, settledOutputs } = leadership;
    const mark = this.#outputMark.look({ results, runs: Math.min(runs, leadership.lastSequence), held: places.settledResults, outputs, settledOutputs });
    return { ...mark, watermark: fires.watermark, runsSequence: Math.min(fires.runsSequence, mark.runsSequence) };
  }
}
