import type { BookEntry, RunBook } from '../decide/index.ts';
import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import { workerKey } from '../domain/worker.ts';
import type { CancelTimer, Checkpoint, DefinitionChange, ViewBatch } from '../ports/index.ts';
import { StaleTermError } from '../ports/index.ts';
import type { EngineContext } from './context.ts';

/** Rows wait at most this long. */
const FLUSH_MS = 25;
/** A checkpoint that moved with no row to write (plus, foreign messages) waits this long. */
const CHECKPOINT_MS = 1000;
/** A batch is written as soon as it is this long: about 5 ms of work. */
const BATCH_ROWS = 500;
const TRY_AGAIN_MS = 1000;
/** With that many rows waiting for a database that is away, reading of the streams stops. */
const MOST_WAITING = 50_000;

export interface ProjectorParts {
  readonly context: EngineContext;
  readonly book: RunBook;
  readonly term: () => number;
  /** How far the streams are applied to the book, with the results held back before ends that wait for their dispatch. */
  readonly checkpoints: () => readonly Checkpoint[];
  readonly saved: (entries: readonly BookEntry[], skips: readonly SkipCount[]) => void;
  /** The view has the given term already, which is newer than ours. */
  readonly stale: (term: number) => void;
  readonly stall: (isStalled: boolean) => void;
}

interface Taken {
  readonly entries: readonly BookEntry[];
  readonly subRuns: readonly SubRunRecord[];
  readonly skips: readonly SkipCount[];
  readonly definitions: readonly DefinitionChange[];
  readonly workers: readonly WorkerRecord[];
}

/** Writes what was applied into the view, in batches, each with the checkpoint it brings the view to. */
export class Projector {
  readonly #parts: ProjectorParts;
  #skips: SkipCount[] = [];
  #definitions: DefinitionChange[] = [];
  #workers = new Map<string, WorkerRecord>();
  #cancel: CancelTimer = () => {};
  /** What the timer waits for; undefined when none runs. */
  #armedFor: number | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;
  #lastCheckpoint = '';
  #failedAt: number | undefined;
  #problem = '';

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
  }

  /** The view took the last batch. */
  get isWritable(): boolean {
    return this.#failedAt === undefined;
  }

  /** Why it did not. */
  get problem(): string {
    return this.#problem;
  }

  get waiting(): number {
    return this.#parts.book.unsaved + this.#skips.length + this.#definitions.length + this.#workers.size;
  }

  start(): void {
    this.#stopped = false;
    this.#arm(FLUSH_MS);
  }

  /** Something was applied that the view does not have: sees to it that it is written soon. */
  #wake(delay: number): void {
    if (this.#stopped || this.#running !== undefined || this.#failedAt !== undefined) return;
    if (this.#armedFor === undefined || this.#armedFor > delay) this.#arm(delay);
  }

  addDefinition(change: DefinitionChange): void {
    this.#definitions.push(change);
    this.#wake(FLUSH_MS);
  }

  addSkips(items: readonly SkipCount[]): void {
    this.#skips.push(...items);
    this.#wake(FLUSH_MS);
  }

  addWorker(worker: WorkerRecord): void {
    this.#workers.set(workerKey(worker), worker);
    this.#wake(FLUSH_MS);
  }

  /** Called after each message: writes when a batch is full. */
  applied(): void {
    const { unsaved } = this.#parts.book;
    // A database that hangs holds a batch for long: what comes meanwhile must not pile up either.
    if (unsaved >= MOST_WAITING) this.#parts.stall(true);
    if (this.#stopped || this.#running !== undefined) return;
    if (unsaved < BATCH_ROWS) return this.#wake(unsaved > 0 ? FLUSH_MS : CHECKPOINT_MS);
    if (this.#failedAt === undefined) void this.#flush();
  }

  /** Everything applied so far is in the view, or the database is away. */
  async settle(): Promise<void> {
    await this.#running;
    if (this.#failedAt === undefined) await this.#flush();
  }

  async stop(): Promise<void> {
    await this.settle();
    this.#stopped = true;
    this.#cancel();
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
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
      if (this.#failedAt !== undefined) this.#arm(TRY_AGAIN_MS);
      else if (this.waiting > 0) this.#arm(FLUSH_MS);
      else this.#arm(CHECKPOINT_MS);
    });
    return this.#running;
  }

  async #write(): Promise<void> {
    const checkpoints = this.#parts.checkpoints();
    const mark = checkpoints.map(({ created, sequence }) => `${created} ${sequence}`).join();
    if (this.waiting === 0 && mark === this.#lastCheckpoint) return;
    const taken = this.#take();
    try {
      await this.#parts.context.store.apply(this.#batch(taken, checkpoints));
    } catch (error) {
      this.#giveBack(taken);
      return this.#failed(error);
    }
    this.#lastCheckpoint = mark;
    if (this.#failedAt !== undefined) {
      this.#parts.context.log.info({ forMs: this.#parts.context.clock.monotonic() - this.#failedAt }, 'the database takes writes again');
      this.#failedAt = undefined;
      this.#problem = '';
    }
    this.#parts.stall(false);
    this.#parts.book.saved(taken.entries);
    this.#parts.saved(taken.entries, taken.skips);
  }

  #take(): Taken {
    const { entries, subRuns } = this.#parts.book.takeUnsaved(Number.POSITIVE_INFINITY);
    const taken = { entries, subRuns, skips: this.#skips, definitions: this.#definitions, workers: [...this.#workers.values()] };
    this.#skips = [];
    this.#definitions = [];
    this.#workers.clear();
    return taken;
  }

  #giveBack(taken: Taken): void {
    this.#parts.book.unsavedAgain(taken.entries, taken.subRuns);
    this.#skips = [...taken.skips, ...this.#skips];
    this.#definitions = [...taken.definitions, ...this.#definitions];
    for (const worker of taken.workers) if (!this.#workers.has(workerKey(worker))) this.#workers.set(workerKey(worker), worker);
  }

  #batch(taken: Taken, checkpoints: readonly Checkpoint[]): ViewBatch {
    const insertRuns: RunRecord[] = [];
    const updateRuns: RunRecord[] = [];
    for (const entry of taken.entries) (entry.persisted ? updateRuns : insertRuns).push(entry.record);
    return {
      term: this.#parts.term(), checkpoints, insertRuns, updateRuns, putSubRuns: taken.subRuns, addSkips: taken.skips,
      putWorkers: taken.workers, definitions: taken.definitions,
    };
  }

  #failed(error: unknown): void {
    const { log, clock } = this.#parts.context;
    if (error instanceof StaleTermError) return this.#parts.stale(error.term);
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#problem !== problem) log.error({ err: error }, 'the database does not take writes; runs go on, the log keeps what is to be written');
    this.#problem = problem;
    this.#failedAt ??= clock.monotonic();
    if (this.#parts.book.unsaved >= MOST_WAITING) this.#parts.stall(true);
  }
}
