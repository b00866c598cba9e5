import type { BookEntry, BookListener, EndSeen } from '../decide/index.ts';
import { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { LeaseValue } from '../domain/lease.ts';
import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import { workerKey } from '../domain/worker.ts';
import type { CancelTimer, Checkpoint, LiveChange } from '../ports/index.ts';
import { zoneOf } from '../schedule/zone.ts';
import { CONTROL_BUCKET, createStampFormatter, DEFINITIONS_STREAM, kvStream, RESULTS_STREAM, STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import { reasonOf } from './reason.ts';
import type { LeaseProgress } from './elector.ts';
import { ControlWatch } from './control-watch.ts';
import { Drains } from './drains.ts';
import { Elector } from './elector.ts';
import { Jobs } from './jobs.ts';
import { Leadership } from './leadership.ts';
import { inspectLog, seedDefinitions } from './log-state.ts';
import { Observer } from './observer.ts';
import { Pauses, pauseView } from './pauses.ts';
import { OutputMark } from './output-mark.ts';
import { Presence } from './presence.ts';
import { Projector } from './projector.ts';
import { recallRates } from './rate-memory.ts';
import { Retention } from './retention.ts';
import { RunWaiters } from './run-waiters.ts';
import { serverView } from './server-view.ts';
import { Situations } from './situations.ts';
import type { MonitorDue } from './due-monitors.ts';
import { flowMonitorId, monitorMessageId } from './due-monitors.ts';
import { readTakeOver } from './take-over.ts';
import { WorkerFigures } from './worker-figures.ts';
import { Workers } from './workers.ts';

const SWEEP_MS = 1000;
const REOPEN_MS = 1000;
const STAND_BACK_MS = 3000;
const MOST_EARLY = 20_000;
const SETTLE_DRAIN_MS = 10_000;

/**
 * One node of the scheduler: reads the log into the book and the view, takes part in the election, and while it leads,
 * fires. `open` after NATS is reachable; `close` is complete when it resolves.
 */
export class Core {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly workers = new Workers();
  readonly book: RunBook;
  readonly situations: Situations;
  readonly workerFigures: WorkerFigures;
  readonly drains: Drains;
  readonly pauses: Pauses;
  readonly presence: Presence;
  readonly elector: Elector;
  readonly startedAt: number;
  leadership: Leadership | undefined;
  isOpen = false;
  readonly #control: ControlWatch;
  readonly #observer: Observer;
  readonly #projector: Projector;
  readonly #retention: Retention;
  readonly #listeners = new Set<(change: LiveChange) => void>();
  /** Who waits for a run to end, and who for the log to show it. */
  readonly ends: RunWaiters<RunRecord>;
  readonly logged: RunWaiters<true>;
  readonly #stamp: (at: number) => string;
  #created: Record<string, string> = {};
  #term = 0;
  #cancelSweep: CancelTimer = () => {};
  #reopening: Promise<void> | undefined;
  #closing = false;
  isLoaded = false;
  #endsGoneBefore = 0;
  /** Monitor messages that became due while a term was being taken over. */
  #early: (() => void)[] = [];
  #hasRead = false;
  #outputMark = new OutputMark({ results: 0, runs: 0 });

  constructor(context: EngineContext) {
    this.context = context;
    this.startedAt = context.clock.now();
    this.jobs = new Jobs(context.config.timezone);
    this.ends = new RunWaiters(context.clock);
    this.logged = new RunWaiters(context.clock);
    this.book = new RunBook(this.#bookListener());
    this.pauses = new Pauses(context, (pause) => this.#tell({ type: 'pause', pause: pauseView(pause) }));
    this.situations = new Situations(this.book, this.workers, context.bus, () => this.pauses.last);
    this.workerFigures = new WorkerFigures(this.workers, this.book, context.store, context.clock);
    this.drains = new Drains(context, this.workers, (key) => this.#workerChanged(key));
    this.presence = new Presence(context, () => serverView(this));
    this.#control = new ControlWatch(context.bus, [(key, text) => this.drains.apply(key, text), (key, text) => this.pauses.apply(key, text), (key, text, isOld) => this.presence.apply(key, text, isOld)]);
    const zone = zoneOf(context.config.timezone);
    const offsetMinutesAt = (at: number): number => zone.rangeAt(at).offset / 60_000;
    this.#stamp = createStampFormatter(offsetMinutesAt);
    this.#projector = new Projector({
      context, book: this.book, term: () => this.#term, checkpoints: () => this.#checkpoints(),
      saved: (entries, skips) => this.#tellSaved(entries, skips), stale: (term) => this.elector.depose(term),
      stall: (isStalled) => (isStalled ? this.#observer.pause() : this.#observer.resume()),
    });
    this.#observer = new Observer({
      context, jobs: this.jobs, book: this.book, workers: this.workers, offsetMinutesAt,
      applied: () => this.#projector.applied(),
      definitionChanged: (change, goneNumber) => {
        this.#projector.addDefinition(change);
        this.leadership?.ticker.wake();
        if (change.kind !== 'job') return;
        const key = `${change.namespace}.${change.app}.${change.name}`;
        const number = change.value?.definition.number ?? goneNumber;
        if (change.value !== null) this.leadership?.agenda.release(change.value.definition.number);
        else if (goneNumber !== undefined) this.leadership?.agenda.abandon(goneNumber);
        this.#tell({ type: 'job', id: String(number ?? ''), key, deleted: change.value === null });
      },
      skipsSeen: (items) => this.#projector.addSkips(items),
      workerChanged: (key) => this.#workerChanged(key),
      flowMonitored: (report, sequence) => this.#monitored('runs', sequence, {
        run: { id: report.taskId, namespace: report.namespace, app: report.appName, job: report.jobName }, subId: `f${sequence}`, end: report, messageId: flowMonitorId(sequence),
      }),
      lost: (stream, reason) => this.#logLost(stream, reason),
    });
    this.elector = new Elector(context, {
      elected: (term, previous) => void this.#begin(term, previous),
      deposed: (reason) => void this.#end(reason),
      unreachable: () => void this.#lookForControl(),
      progress: () => this.#leaseProgress(),
    });
    this.#retention = new Retention(context, () => this.leadership !== undefined, () => this.#checkpoints().find(({ stream }) => stream === RESULTS_STREAM)?.sequence ?? 0);
  }

  /** Takes over what the view has, so that it can be read while NATS is away. Rejects when the database is away. */
  async load(): Promise<void> {
    if (!this.isLoaded) await this.#loadView();
    this.isLoaded = true;
  }

  /** Reads the log to its end, then takes part. Rejects when NATS or the database is away. */
  async open(): Promise<void> {
    this.#sweep();
    try {
      await this.#readLog();
    } catch (error) {
      await this.#observer.stop();
      throw error;
    }
    this.#projector.start();
    this.#retention.start();
    this.elector.start();
    this.isOpen = true;
    this.presence.start();
  }

  /** All is asked before anything is taken over: a second try must not find half of it. */
  async #loadView(): Promise<void> {
    const { store } = this.context;
    const { jobs, namespaces, apps } = await store.definitions();
    const workers = await store.workers();
    const runs: [RunRecord, readonly SubRunRecord[]][] = [];
    for (const record of await store.openRuns()) runs.push([record, await this.#targetsOf(record)]);
    this.jobs.load(jobs);
    for (const value of namespaces) this.jobs.apply({ kind: 'namespace', name: value.name, value });
    for (const value of apps) this.jobs.apply({ kind: 'app', namespace: value.namespace, name: value.name, value });
    this.workers.load(workers);
    for (const [record, targets] of runs) this.book.load(record, targets);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.isOpen = false;
    this.#cancelSweep();
    await this.#reopening;
    await this.#retention.stop();
    await this.#giveUpLead();
    await this.#observer.stop();
    await this.presence.stop();
    await this.#control.stop();
    this.pauses.stop();
    await this.#projector.stop();
  }

  /** Gives the lease up in good order and stands back for a while, so that another node can take it. */
  async stepDown(): Promise<void> {
    await this.#giveUpLead();
    this.context.log.info({ term: this.elector.term }, 'stepped down');
    this.#tell({ type: 'server', role: 'standby', term: this.elector.term });
    this.context.clock.after(STAND_BACK_MS, () => {
      if (!this.#closing) this.elector.start();
    });
  }

  /** What follows from answers read while draining is the next leader's: the lease says so. */
  async #giveUpLead(): Promise<void> {
    const { leadership } = this;
    this.leadership = undefined;
    await leadership?.stop(SETTLE_DRAIN_MS);
    await this.elector.stop(leadership && this.#progressOf(leadership));
  }

  onChange(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the definitions log is applied up to the revision. */
  async definitionsApplied(revision: number): Promise<void> {
    await this.#observer.definitionsCaughtUp();
    if (this.#observer.positions.definitions < revision) throw new UnavailableError('The change is stored, but this server does not read the log right now.');
  }

  definitionsCaughtUp(): Promise<void> {
    return this.#observer.definitionsCaughtUp();
  }

  get role(): 'leader' | 'standby' | 'starting' {
    if (this.leadership !== undefined) return 'leader';
    return this.isOpen && this.elector.isDecided && !this.elector.isLeading ? 'standby' : 'starting';
  }

  /** Rows and messages the view is behind. */
  get projectionLag(): number {
    return this.#projector.waiting + this.book.pending.size;
  }

  get viewProblem(): string {
    return this.#projector.problem;
  }

  async #readLog(): Promise<void> {
    const { bus, config, log, store } = this.context;
    for (const sentence of await bus.ensureObjects({ replicas: config.replicas, maxBytes: config.logMaxBytes })) log.warn({}, sentence);
    const state = await inspectLog(bus, this.#hasRead ? this.#positions() : await store.checkpoints());
    if (state.lost.length > 0) {
      log.warn({ streams: state.lost }, 'the log is new or behind the view: its reading starts from the beginning, the rows stay');
      await store.resetCheckpoints();
    }
    // The view takes no batch of an older term than its newest: until this node leads it writes under the lease's.
    this.#term = Math.max(this.#term, (await this.context.leaseStore.read())?.value.term ?? 0);
    this.#created = state.created;
    this.#endsGoneBefore = Math.max(this.#endsGoneBefore, state.endsGoneBefore);
    this.#hasRead = true;
    await this.#control.start();
    await this.#observer.start(state.after);
    await seedDefinitions(bus, this.jobs, this.context.clock.now());
    await this.#observer.caughtUp();
  }

  /** A stream went away under us: start over with what there is now. */
  #logLost(stream: string, reason: string): void {
    if (this.#closing || this.#reopening !== undefined) return;
    this.context.log.warn({ stream, reason }, 'a stream of the log is gone; opening the log anew');
    this.#reopening = this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
  }

  /** Nobody reads the bucket of the lease as a feed: that it is gone shows only there. */
  async #lookForControl(): Promise<void> {
    const stream = kvStream(CONTROL_BUCKET);
    const answer = await this.context.bus.streamInfo(stream).catch((error: unknown) => ({ error }));
    if (answer === undefined) this.#logLost(stream, 'the stream does not exist');
  }

  async #reopen(): Promise<void> {
    await this.#end('the log is gone');
    await this.#observer.stop();
    while (!this.#closing) {
      try {
        if (this.context.bus.state === 'connected') {
          await this.#readLog();
          this.elector.start();
          return;
        }
      } catch (error) {
        this.context.log.warn(reasonOf(error), 'the log cannot be opened; trying again');
        await this.#observer.stop();
      }
      await new Promise<void>((resolve) => this.context.clock.after(REOPEN_MS, () => resolve()));
    }
  }

  async #begin(term: number, previous: LeaseValue | undefined): Promise<void> {
    const { bus, store, clock, log } = this.context;
    this.#early = [];
    try {
      await this.#observer.caughtUp();
      const takeOver = await readTakeOver(bus, store, previous, clock.now(), (id) => this.book.get(id)?.record);
      await this.#observer.caughtUp();
      await this.#projector.settle();
      await recallRates(this.jobs, store, clock.now());
      if (!this.elector.isLeading || this.elector.term !== term || this.#closing) return;
      this.#term = term;
      const leadership = new Leadership({
        context: this.context, jobs: this.jobs, book: this.book, workers: this.workers, situations: this.situations, stamp: this.#stamp,
        term, isTrusted: () => this.elector.isTrusted(), takeOver, endsGoneBefore: this.#endsGoneBefore, caughtUp: (gap) => this.#tell({ type: 'gap', gap }),
      });
      this.#outputMark = new OutputMark({ results: previous?.resultsSequence ?? this.#observer.positions.results, runs: previous?.runsSequence ?? takeOver.runsHead });
      this.leadership = leadership;
      leadership.start();
      for (const tell of this.#early.splice(0)) tell();
      log.info({ term, jobs: this.jobs.size, openRuns: this.book.size, after: previous?.nodeId ?? 'nobody' }, 'leading');
      this.#tell({ type: 'server', role: 'leader', term });
    } catch (error) {
      log.warn({ ...reasonOf(error), term }, 'the term could not be taken over; giving the lease up');
      await this.elector.stop(undefined);
      if (!this.#closing) clock.after(REOPEN_MS, () => this.elector.start());
    }
  }

  async #end(reason: string): Promise<void> {
    const { leadership } = this;
    this.leadership = undefined;
    this.situations.leading = false;
    if (leadership !== undefined) {
      this.context.log.warn({ term: leadership.term, reason }, 'no longer leading');
      await leadership.stop(0);
      this.#tell({ type: 'server', role: 'standby', term: leadership.term });
    }
    if (reason === 'the log is gone') await this.elector.stop(undefined);
  }

  #leaseProgress(): LeaseProgress | undefined {
    return this.leadership && this.#progressOf(this.leadership);
  }

  #progressOf(leadership: Leadership): LeaseProgress {
    const fires = leadership.progress();
    const { results, runs } = this.#observer.positions;
    const { outputs, settledOutputs } = leadership;
    const mark = this.#outputMark.look({ results, runs: Math.min(runs, leadership.lastSequence), held: this.#heldResults(), outputs, settledOutputs });
    return { ...mark, watermark: fires.watermark, runsSequence: Math.min(fires.runsSequence, mark.runsSequence) };
  }

  #heldResults(): number {
    const held = this.book.pending.lowestSequence();
    const { results } = this.#observer.positions;
    return held === undefined ? results : Math.min(results, held - 1);
  }

  #checkpoints(): readonly Checkpoint[] {
    return this.#positions(this.#heldResults());
  }

  /** How far this node has read, whatever the view has of it. */
  #positions(throughResults = this.#observer.positions.results): readonly Checkpoint[] {
    const { runs, definitions } = this.#observer.positions;
    const at = (stream: string, sequence: number): Checkpoint => ({ stream, created: this.#created[stream] ?? '', sequence });
    return [at(STREAM, runs), at(RESULTS_STREAM, throughResults), at(DEFINITIONS_STREAM, definitions)];
  }

  #sweep(): void {
    const { clock, bus } = this.context;
    this.#cancelSweep();
    for (const worker of this.workers.sweep(clock.now())) this.#workerChanged(workerKey(worker));
    if (this.book.pending.size > 0 && bus.state === 'connected') void this.#explainPending();
    this.#cancelSweep = clock.after(SWEEP_MS, () => this.#sweep());
  }

  /** Ends whose dispatch the whole runs stream does not show belong to runs that ended before, or to none. */
  async #explainPending(): Promise<void> {
    const { pending } = this.book;
    const read = this.#observer.positions.results;
    for (const seen of pending.expire(this.#observer.positions.runs, (id) => this.book.get(id)?.dispatching === true)) this.#explain(seen);
    this.#observer.balance();
    try {
      pending.mark((await this.context.bus.streamInfo(STREAM))?.lastSequence ?? 0, read);
    } catch (error) {
      this.context.log.debug({ err: error }, 'the runs stream cannot be asked');
    }
  }

  #explain(seen: EndSeen): void {
    const { key } = seen;
    const job = this.jobs.byKey(`${key.ns}.${key.app}.${key.job}`)?.definition;
    if (job?.category === 'broadcast' && this.book.get(key.taskId) === undefined) void this.#explainLate(seen);
    else this.book.applyUnexplained(seen);
  }

  /** A broadcast keeps late answers; one read again after a restart may be the very end of its run. */
  async #explainLate(seen: EndSeen): Promise<void> {
    const run = await this.context.store.run(seen.key.taskId).catch(() => undefined);
    if (run !== undefined && run.endedAt !== seen.storedAt) this.book.applyUnexplained(seen, run.category, run.model);
  }

  async #targetsOf(record: RunRecord): Promise<readonly SubRunRecord[]> {
    if (record.targets === 0) return [];
    const { items } = await this.context.store.subRuns(record.id, { limit: Math.max(200, record.targets * 2) });
    return items.filter((sub) => sub.kind === 'target');
  }

  #workerChanged(key: string): void {
    const worker = this.workers.get(key);
    if (worker === undefined) return;
    this.#projector.addWorker({ ...worker });
    this.#tell({ type: 'worker', worker: this.workerFigures.view(worker) });
  }

  #tellSaved(entries: readonly BookEntry[], skips: readonly SkipCount[]): void {
    if (this.#listeners.size === 0) return;
    for (const entry of entries) this.#tell({ type: 'run', run: entry.record });
    if (skips.length > 0) this.#tell({ type: 'skips', items: skips });
  }

  #tell(change: LiveChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /**
   * What stood in the log before a take-over is that one's to look after: it knows what was sent already. What is read
   * while a term is being taken over, behind what the take-over saw, waits for it.
   */
  #monitored(stream: 'runs' | 'results', sequence: number, due: MonitorDue): void {
    if (this.leadership !== undefined) this.leadership.monitoredAt(stream, sequence, due);
    else if (this.elector.isLeading && this.#early.length < MOST_EARLY) this.#early.push(() => this.leadership?.monitoredAt(stream, sequence, due));
  }

  #bookListener(): BookListener {
    const { metrics } = this.context;
    return {
      dispatched: (entry) => {
        this.leadership?.agenda.track(entry);
        this.logged.tell(entry.record.id, () => true);
      },
      accepted: (entry) => {
        this.leadership?.accepted(entry);
        this.logged.tell(entry.record.id, () => true);
      },
      nextStep: (entry) => this.leadership?.nextStep(entry),
      ended: (entry) => {
        const { record } = entry;
        if (this.leadership !== undefined) {
          const state = record.state as 'completed' | 'failed' | 'expired' | 'cancelled';
          metrics.ended(state, record.dispatchedAt === 0 ? 0 : Math.max(0, record.endedAt - record.dispatchedAt));
          this.leadership.ended(entry);
        }
        this.ends.tell(record.id, () => ({ ...record }));
        this.logged.tell(record.id, () => true);
      },
      monitored: (run, subId, end, sequence) => this.#monitored('results', sequence, { run: { ...run }, subId, end, messageId: monitorMessageId(sequence) }),
      oddity: (kind) => metrics.oddity(kind),
    };
  }
}
