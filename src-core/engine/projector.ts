import { UnavailableError } from '../domain/errors.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import { workerKey } from '../domain/worker.ts';
import type { CancelTimer, Checkpoint, DefinitionChange } from '../ports/index.ts';
import { StaleTermError } from '../ports/index.ts';
import { RESULTS_STREAM, STREAM } from '../wire/index.ts';
import { definitionKey } from './definition-codec.ts';
import type { Backlog } from './backlog.ts';
import type { ProjectorParts } from './projector-parts.ts';
import { Removals } from './removals.ts';
import { ShortQuestions } from './short-questions.ts';
import type { Changes } from './view-batch.ts';
import { fence, NO_CHANGES, rowsOf, viewBatch } from './view-batch.ts';

/** Rows wait at most this long. */
const FLUSH_MS = 25;
/** A checkpoint that moved with no row to write (plus, foreign messages) waits this long. */
const CHECKPOINT_MS = 1000;
/** A batch is written as soon as it is this long: about 5 ms of work. */
const BATCH_ROWS = 500;
const TRY_AGAIN_MS = 1000;
/** Where another node writes the view, changes are told that late. */
const FOLLOW_MS = 250;
const PROBE_MS = 2000;
/** A database that hangs does not hold up a stop for longer. */
const STOP_MS = 5000;
/** With that many rows waiting for a database that is away, they are let go: the log has them. */
const MOST_WAITING = 50_000;

/**
 * `writing`: what is applied goes to the view. `behind`: it does not, and nothing is kept for it but the newest definitions
 * and workers: another node writes the view, or it has been away for too long. `catching-up`: a backlog brings the view to
 * the place from which on everything is kept again.
 */
type Mode = 'writing' | 'behind' | 'catching-up';

/** Writes what was applied into the view, in batches, each with the checkpoint it brings the view to. */
export class Projector {
  readonly #parts: ProjectorParts;
  #mode: Mode = 'writing';
  #skips: SkipCount[] = [];
  readonly #removals: Removals;
  #definitions = new Map<string, DefinitionChange>();
  #workers = new Map<string, WorkerRecord>();
  #cancel: CancelTimer = () => {};
  /** What the timer waits for; undefined when none runs. */
  #armedFor: number | undefined;
  #running: Promise<void> | undefined;
  #backlog: Backlog | undefined;
  /** A batch whose answer was an error: it may be in the view all the same. */
  #unsure: { readonly taken: Changes; readonly checkpoints: readonly Checkpoint[] } | undefined;
  #catchingUp: Promise<void> | undefined;
  #stopped = true;
  #isStopping = false;
  /** The batch that the database has and has not answered for. */
  #underWay = NO_CHANGES;
  #failedAt: number | undefined;
  #problem = '';
  #probeAt = 0;
  readonly #committed = new Map<string, Checkpoint>();

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
    this.#removals = new Removals(parts.book);
  }

  /** Why it did not. */
  get problem(): string {
    return this.#problem;
  }

  /** Rows or messages the view lacks, if it is this node's to write. */
  get waiting(): number {
    if (!this.#parts.mayWrite()) return 0;
    const kept = this.#kept + rowsOf(this.#underWay);
    if (this.#mode === 'writing') return kept;
    const { runs, results } = this.#parts.places();
    return kept + Math.max(0, runs - this.committed(STREAM)) + Math.max(0, results - this.committed(RESULTS_STREAM));
  }

  /** How far the stream is in the view, as far as this node has written it or was told; 0 = it does not know. */
  committed(stream: string): number {
    return this.#committed.get(stream)?.sequence ?? 0;
  }

  /** Takes over how far the view is, before `start`. */
  knows(checkpoints: readonly Checkpoint[]): void {
    for (const checkpoint of checkpoints) this.#committed.set(checkpoint.stream, checkpoint);
  }

  /**
   * The view's checkpoints are of a log that is gone, and go, too. What became of a batch that failed is found out before, as only
   * they tell: its skips would be added again. Rejects with UnavailableError when the database does not say.
   */
  async forgetCheckpoints(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    const reset = this.#resetCheckpoints();
    this.#running = reset.catch(() => {}).finally(() => {
      this.#running = undefined;
      this.#arm(this.#failedAt === undefined ? FLUSH_MS : TRY_AGAIN_MS);
    });
    await this.#running;
    await reset;
  }

  /** The view is another one now: what was kept for it is no longer wanted. For the time between `stop` and `start`. */
  forget(): void {
    this.#skips = [];
    this.#removals.release();
    this.#definitions.clear();
    this.#workers.clear();
    this.#committed.clear();
    this.#unsure = undefined;
    this.#mode = 'writing';
    this.#failedAt = undefined;
    this.#problem = '';
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = this.#isStopping = false;
    if (!this.#parts.mayWrite()) this.#fallBehind();
    this.#arm(FLUSH_MS);
  }

  /** Whether the view is this node's to write has changed. */
  mayWriteChanged(): void {
    if (!this.#parts.mayWrite()) {
      this.#backlog?.stop();
      this.#fallBehind();
    } else if (this.#mode === 'behind') this.#arm(0);
  }

  /** Something was applied that the view does not have: sees to it that it is written soon. */
  #wake(delay: number): void {
    if (this.#stopped || this.#running !== undefined || this.#failedAt !== undefined) return;
    if (this.#armedFor === undefined || this.#armedFor > delay) this.#arm(delay);
  }

  addDefinition(change: DefinitionChange): void {
    // Only the newest of each counts, and a long outage must not pile up the others.
    const key = definitionKey(change);
    this.#definitions.delete(key);
    this.#definitions.set(key, change);
    this.#wake(FLUSH_MS);
  }

  addSkips(items: readonly SkipCount[]): void {
    this.#skips.push(...items);
    this.#wake(FLUSH_MS);
  }

  addRemovals(taskIds: readonly string[]): void {
    this.#removals.add(taskIds);
    this.#wake(FLUSH_MS);
  }

  addWorker(worker: WorkerRecord): void {
    this.#workers.set(workerKey(worker), worker);
    this.#wake(FLUSH_MS);
  }

  /** Called after each message: writes when a batch is full. */
  applied(): void {
    const unsaved = this.#parts.book.unsaved + this.#skips.length;
    if (this.#mode !== 'writing') {
      if (unsaved >= (this.#mode === 'behind' ? BATCH_ROWS : MOST_WAITING)) this.#fallBehind();
      return;
    }
    // A database that hangs holds a batch for long: what comes meanwhile must not pile up either.
    if (unsaved >= MOST_WAITING) return this.#fallBehind();
    if (this.#stopped || this.#running !== undefined) return;
    if (unsaved < BATCH_ROWS) return this.#wake(unsaved > 0 ? FLUSH_MS : CHECKPOINT_MS);
    if (this.#failedAt === undefined) void this.#flush();
  }

  /** Everything applied so far is in the view, or the database is away, or the view is not this node's to write. */
  async settle(): Promise<void> {
    await this.#running;
    await this.#catchingUp;
    if (this.#failedAt === undefined && this.#mode === 'writing') await this.#flush();
  }

  async stop(): Promise<void> {
    // Before the start it is not known how far the log is read: nothing may be written.
    if (this.#stopped) return;
    this.#isStopping = true;
    this.#backlog?.stop();
    await new ShortQuestions(this.#parts.context.clock, STOP_MS).ask(() => this.settle());
    this.#stopped = true;
    this.#cancel();
  }

  get #kept(): number {
    return this.#parts.book.unsaved + this.#skips.length + this.#definitions.size + this.#workers.size + rowsOf(this.#unsure?.taken ?? NO_CHANGES) + this.#removals.due;
  }

  /** Keeps nothing for the view any more: ended runs go from the book, the log has them all. */
  #fallBehind(): void {
    if (this.#mode === 'writing' && this.#parts.mayWrite()) this.#parts.context.log.warn({ rows: this.#kept }, 'the database is too far behind: what it lacks stays in the log until it has caught up');
    this.#mode = 'behind';
    const { entries } = this.#parts.book.takeUnsaved(Number.POSITIVE_INFINITY);
    const skips = this.#skips;
    this.#skips = [];
    this.#removals.release();
    this.#parts.book.released(entries);
    this.#parts.saved(entries, skips);
    const { taken } = this.#unsure ?? {};
    this.#unsure = undefined;
    if (taken !== undefined) this.#giveBack(taken);
  }

  /** From now on everything is kept, and a backlog of its own brings the view to here. */
  async #catchUp(): Promise<void> {
    const { context, places, backlog, mayWrite } = this.#parts;
    const term = this.#parts.term();
    const isWanted = (): boolean => !this.#isStopping && mayWrite() && this.#parts.term() === term;
    try {
      // Whoever wrote before is refused from here on, and the checkpoints stand still.
      await context.store.apply(fence(term));
      // They may be further than this node has read: it must not take the view back.
      if (this.#isBeyond(await context.store.checkpoints())) await this.#parts.caughtUp();
      if (!isWanted()) return;
      this.#fallBehind();
      this.#mode = 'catching-up';
      this.#backlog = backlog(places(), term);
      await this.#backlog.run();
      await this.#parts.viewCaughtUp();
      if (this.#mode !== 'catching-up') return;
      this.#mode = 'writing';
      this.#recovered();
    } catch (error) {
      this.#fallBehind();
      if (!this.#isStopping) this.#failed(error);
    } finally {
      this.#backlog = undefined;
    }
  }

  #arm(delay: number): void {
    this.#cancel();
    this.#armedFor = undefined;
    if (this.#stopped) return;
    this.#armedFor = delay;
    this.#cancel = this.#parts.context.clock.after(delay, () => {
      this.#armedFor = undefined;
      void this.#flush();
    });
  }

  #flush(): Promise<void> {
    this.#running ??= this.#step().finally(() => {
      this.#running = undefined;
      if (!this.#parts.mayWrite()) this.#arm(FOLLOW_MS);
      else if (this.#failedAt !== undefined || this.#mode === 'behind') this.#arm(TRY_AGAIN_MS);
      else if (this.#kept > 0) this.#arm(FLUSH_MS);
      else this.#arm(CHECKPOINT_MS);
    });
    return this.#running;
  }

  async #step(): Promise<void> {
    if (this.#mode === 'writing') return this.#write();
    if (!this.#parts.mayWrite()) {
      this.#fallBehind();
      return this.#probe();
    }
    this.#catchingUp = this.#catchUp();
    await this.#catchingUp;
  }

  /** A view that another node writes: whoever asks here must know whether it can be read. */
  async #probe(): Promise<void> {
    const { clock, store } = this.#parts.context;
    if (clock.monotonic() < this.#probeAt) return;
    this.#probeAt = clock.monotonic() + PROBE_MS;
    let problem: unknown = new UnavailableError('The database does not answer.');
    const questions = new ShortQuestions(clock, PROBE_MS);
    await questions.ask(() => store.checkpoints().catch((error: unknown) => {
      problem = error;
      throw error;
    }));
    if (questions.unanswered === 0) this.#recovered();
    else if (!this.#stopped) this.#failed(problem);
  }

  async #write(): Promise<void> {
    if (this.#unsure !== undefined && !(await this.#makeSure(this.#unsure))) return;
    const checkpoints = this.#parts.checkpoints();
    if (this.#kept === 0 && !this.#isNews(checkpoints)) return;
    const taken = this.#take();
    const { store } = this.#parts.context;
    this.#underWay = taken;
    try {
      await store.apply(viewBatch(this.#parts.term(), checkpoints, taken));
    } catch (error) {
      if (this.#mode === 'writing') this.#unsure = { taken, checkpoints };
      else this.#giveBack(taken);
      return this.#failed(error);
    } finally {
      this.#underWay = NO_CHANGES;
    }
    this.#written(taken, checkpoints);
    this.#recovered();
  }

  /** Whether the view took a batch that failed: its checkpoints tell, once nothing can be under way any more. False = not known yet. */
  async #makeSure(unsure: { readonly taken: Changes; readonly checkpoints: readonly Checkpoint[] }): Promise<boolean> {
    const { context, term } = this.#parts;
    let view: readonly Checkpoint[];
    try {
      await context.store.apply(fence(term()));
      view = await context.store.checkpoints();
    } catch (error) {
      this.#failed(error);
      return false;
    }
    // Let go meanwhile.
    if (this.#unsure !== unsure) return false;
    this.#unsure = undefined;
    const { taken, checkpoints } = unsure;
    const isThere = this.#isNews(checkpoints) && checkpoints.every(({ stream, created, sequence }) => view.some((at) => at.stream === stream && at.created === created && at.sequence === sequence));
    if (isThere) this.#written(taken, checkpoints);
    else this.#giveBack(taken);
    return true;
  }

  async #resetCheckpoints(): Promise<void> {
    if (this.#unsure !== undefined && !(await this.#makeSure(this.#unsure))) throw new UnavailableError('The database does not tell what it has.');
    await this.#parts.context.store.resetCheckpoints();
  }

  #written(taken: Changes, checkpoints: readonly Checkpoint[]): void {
    this.knows(checkpoints);
    this.#parts.book.saved(taken.entries);
    this.#parts.saved(taken.entries, taken.skips);
  }

  #isNews(checkpoints: readonly Checkpoint[]): boolean {
    return checkpoints.some(({ stream, created, sequence }) => {
      const known = this.#committed.get(stream);
      return known?.created !== created || known.sequence !== sequence;
    });
  }

  #isBeyond(view: readonly Checkpoint[]): boolean {
    const { runs, results } = this.#parts.places();
    return this.#parts.checkpoints().some(({ stream, created }) => {
      const here = stream === STREAM ? runs : stream === RESULTS_STREAM ? results : Number.POSITIVE_INFINITY;
      return view.some((at) => at.stream === stream && at.created === created && at.sequence > here);
    });
  }

  #recovered(): void {
    if (this.#failedAt === undefined) return;
    this.#parts.context.log.info({ forMs: this.#parts.context.clock.monotonic() - this.#failedAt }, this.#parts.mayWrite() ? 'the database takes writes again' : 'the database answers again');
    this.#failedAt = undefined;
    this.#problem = '';
  }

  #take(): Changes {
    const { entries, subRuns } = this.#parts.book.takeUnsaved(Number.POSITIVE_INFINITY);
    const taken = { entries, subRuns, skips: this.#skips, removals: this.#removals.take(), definitions: [...this.#definitions.values()], workers: [...this.#workers.values()] };
    this.#skips = [];
    this.#definitions.clear();
    this.#workers.clear();
    return taken;
  }

  #giveBack(taken: Changes): void {
    const newer = [...this.#definitions.values()];
    this.#definitions.clear();
    for (const change of [...taken.definitions, ...newer]) this.addDefinition(change);
    for (const worker of taken.workers) if (!this.#workers.has(workerKey(worker))) this.#workers.set(workerKey(worker), worker);
    if (this.#mode !== 'writing') return this.#parts.book.released(taken.entries);
    this.#parts.book.unsavedAgain(taken.entries, taken.subRuns);
    this.#skips = [...taken.skips, ...this.#skips];
    this.#removals.add(taken.removals);
  }

  #failed(error: unknown): void {
    const { log, clock } = this.#parts.context;
    if (error instanceof StaleTermError) return this.#parts.stale(error.term);
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#problem !== problem) log.error({ err: error }, this.#parts.mayWrite() ? 'the database does not take writes; runs go on, the log keeps what is to be written' : 'the database does not answer');
    this.#problem = problem;
    this.#failedAt ??= clock.monotonic();
  }
}
