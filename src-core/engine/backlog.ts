import type { BookListener, EndSeen } from '../decide/index.ts';
import { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { Checkpoint, Feed, FeedMessage } from '../ports/index.ts';
import type { OffsetMinutesAt } from '../wire/index.ts';
import { RESULTS_STREAM, STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { Jobs } from './jobs.ts';
import { openRunsOf } from './load-view.ts';
import { LogApplier } from './log-applier.ts';
import { heldRemovals, Removals } from './removals.ts';
import { viewBatch } from './view-batch.ts';

const MAX_PAYLOAD_BYTES = 2_097_152;
/** A batch is about 5 ms of work of a local database. */
const BATCH_ROWS = 500;
/** With that many rows not written reading stops until they are. */
const MOST_UNSAVED = 2_000;
/** Answers held for their dispatch: the results wait for the runs. */
const MOST_AHEAD = 10_000;

export interface Places {
  readonly runs: number;
  readonly results: number;
}

export interface BacklogParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly offsetMinutesAt: OffsetMinutesAt;
  readonly term: number;
  /** Creation times of the streams as this node reads them. */
  readonly created: (stream: string) => string;
  /** They are to go once the live book has read their end, which is behind the place. */
  readonly runsRemoved: (taskIds: readonly string[]) => void;
  /** A batch is in the view with these checkpoints. */
  readonly wrote: (checkpoints: readonly Checkpoint[]) => void;
}

const SILENT: BookListener = { dispatched() {}, accepted() {}, nextStep() {}, ended() {}, monitored() {}, oddity() {} };

/**
 * Brings a view that stood still, while the live book went on without it, up to a given place of the log: reads both
 * streams once more from the view's checkpoints, into a book of its own. The log holds the backlog, not the memory.
 * Made for one use.
 */
export class Backlog {
  readonly #parts: BacklogParts;
  readonly #book = new RunBook(SILENT);
  readonly #applier: LogApplier;
  readonly #through: Places;
  #feeds: { runs: Feed; results: Feed } | undefined;
  #done = { runs: false, results: false };
  #position = { runs: 0, results: 0 };
  #skips: SkipCount[] = [];
  readonly #removals = new Removals(this.#book);
  #isFull = false;
  #isAhead = false;
  #isStopped = false;
  #failure: Error | undefined;
  /** Wakes the writer. */
  #wake = (): void => {};

  constructor(parts: BacklogParts, through: Places) {
    this.#parts = parts;
    this.#through = through;
    this.#applier = new LogApplier({ ...parts, book: this.#book, skipsSeen: (items) => void this.#skips.push(...items), runsRemoved: (taskIds) => this.#removals.add(taskIds), flowMonitored() {}, isKnown: () => true, hold: () => false, odd() {} });
  }

  /**
   * Resolves once the view has all up to the place. Rejects with what the store rejects with, or with UnavailableError
   * when the log cannot be read or `stop` was called; what was written until then is in the view with its checkpoints.
   */
  async run(): Promise<void> {
    const { context } = this.#parts;
    const before = await context.store.checkpoints();
    const from = { runs: this.#after(before, STREAM), results: this.#after(before, RESULTS_STREAM) };
    for (const [record, targets] of await openRunsOf(context.store)) this.#book.load(record, targets);
    this.#removals.add(await heldRemovals(context.bus, this.#book, from.runs));
    this.#position = { ...from };
    this.#done = { runs: from.runs >= this.#through.runs, results: from.results >= this.#through.results };
    try {
      this.#open(from);
      while (!this.#isAllDone() || this.#unsaved > 0) {
        await this.#untilWorthWriting();
        this.#throwIfOver();
        await this.#write();
      }
      // Answers to what is dispatched behind the place are read again, should this be the last that is written.
      const results = this.#heldResults();
      await this.#explain();
      await this.#write({ runs: this.#through.runs, results });
      this.#parts.runsRemoved(this.#removals.release());
    } finally {
      await Promise.all([this.#feeds?.runs.stop(), this.#feeds?.results.stop()]);
    }
  }

  /** `run` rejects soon after. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  get #unsaved(): number {
    return this.#book.unsaved + this.#skips.length + this.#removals.due;
  }

  #isAllDone(): boolean {
    return this.#done.runs && this.#done.results;
  }

  #after(checkpoints: readonly Checkpoint[], stream: string): number {
    const known = checkpoints.find((checkpoint) => checkpoint.stream === stream);
    return known !== undefined && (known.created === '' || known.created === this.#parts.created(stream)) ? known.sequence : 0;
  }

  #open(from: Places): void {
    const { bus } = this.#parts.context;
    const open = (which: 'runs' | 'results', stream: string, apply: (message: FeedMessage) => void): Feed => {
      const feed = bus.openFeed({
        stream, from: from[which] + 1, maxPayloadBytes: MAX_PAYLOAD_BYTES,
        onMessage: (message) => this.#give(which, message, apply),
        onLost: (reason) => this.#fail(new UnavailableError(`The view cannot catch up: ${stream} is not what it was (${reason}).`)),
      });
      // The last one wanted may have been deleted: then it is enough that the stream has been read past it.
      feed.caughtUp().then(() => this.#reached(which), (error: unknown) => this.#fail(error as Error));
      return feed;
    };
    this.#feeds = {
      runs: open('runs', STREAM, (message) => this.#applier.applyRuns(message)),
      results: open('results', RESULTS_STREAM, (message) => this.#applier.applyResult(message)),
    };
  }

  #give(which: 'runs' | 'results', message: FeedMessage, apply: (message: FeedMessage) => void): void {
    if (this.#done[which]) return;
    if (message.sequence > this.#through[which]) return this.#reached(which);
    try {
      apply(message);
    } catch {
      // Nothing that stands in a stream may stop the reading of what follows; the live reading has told of it.
    }
    this.#position[which] = message.sequence;
    if (message.sequence === this.#through[which]) return this.#reached(which);
    if (this.#unsaved >= BATCH_ROWS) this.#wake();
    this.#balance();
  }

  #reached(which: 'runs' | 'results'): void {
    this.#done[which] = true;
    this.#position[which] = Math.max(this.#position[which], this.#through[which]);
    // What comes behind is the live book's.
    this.#feeds?.[which].pause();
    this.#balance();
    this.#wake();
  }

  /** Neither may reading run away from writing, nor the results from the runs they answer. */
  #balance(): void {
    const isFull = this.#unsaved >= MOST_UNSAVED;
    const isAhead = !this.#done.runs && this.#book.pending.size >= MOST_AHEAD;
    if (isFull === this.#isFull && isAhead === this.#isAhead) return;
    this.#isFull = isFull;
    this.#isAhead = isAhead;
    const { runs, results } = this.#feeds ?? {};
    if (isFull || this.#done.runs) runs?.pause();
    else runs?.resume();
    if (isFull || isAhead || this.#done.results) results?.pause();
    else results?.resume();
  }

  #untilWorthWriting(): Promise<void> {
    if (this.#isStopped || this.#failure !== undefined || this.#unsaved >= BATCH_ROWS || this.#isAllDone()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #write(places?: Places): Promise<void> {
    const { context, term, created, wrote } = this.#parts;
    const { runs, results } = places ?? { runs: this.#position.runs, results: this.#heldResults() };
    const checkpoints = [{ stream: STREAM, created: created(STREAM), sequence: runs }, { stream: RESULTS_STREAM, created: created(RESULTS_STREAM), sequence: results }];
    const { entries, subRuns } = this.#book.takeUnsaved(Number.POSITIVE_INFINITY);
    const skips = this.#skips;
    this.#skips = [];
    const removals = this.#removals.take();
    await context.store.apply(viewBatch(term, checkpoints, { entries, subRuns, skips, removals, definitions: [], workers: [] }));
    this.#book.saved(entries);
    wrote(checkpoints);
    this.#balance();
  }

  #heldResults(): number {
    const held = this.#book.pending.lowestSequence();
    return held === undefined ? this.#position.results : Math.min(this.#position.results, held - 1);
  }

  /** Answers that no dispatch up to the place explains: the live book holds them, too, unless they are late ones of a broadcast. */
  async #explain(): Promise<void> {
    const { pending } = this.#book;
    pending.mark(this.#through.runs, Number.POSITIVE_INFINITY);
    for (const seen of pending.expire(Number.POSITIVE_INFINITY, () => 0)) await this.#explainOne(seen);
  }

  async #explainOne(seen: EndSeen): Promise<void> {
    const { key } = seen;
    const job = this.#parts.jobs.byKey(`${key.ns}.${key.app}.${key.job}`)?.definition;
    if ((job !== undefined && job.category !== 'broadcast') || this.#book.get(key.taskId) !== undefined) return;
    const run = await this.#parts.context.store.run(key.taskId);
    if (run !== undefined && run.endedAt !== seen.storedAt) this.#book.applyUnexplained(seen, run.category, run.model);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  #throwIfOver(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isStopped) throw new UnavailableError('The view stopped catching up.');
  }
}
