import { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { RunRecord } from '../domain/run.ts';
import type { Checkpoint, DefinitionChange, LiveChange } from '../ports/index.ts';
import { zoneOf } from '../schedule/zone.ts';
import { CONTROL_BUCKET, createStampFormatter, kvStream } from '../wire/index.ts';
import { bookEvents } from './book-events.ts';
import { Backlog } from './backlog.ts';
import type { EngineContext } from './context.ts';
import { ControlWatch } from './control-watch.ts';
import { DispatchMemory } from './dispatch-memory.ts';
import { Drains } from './drains.ts';
import type { Elector } from './elector.ts';
import { Identity } from './identity.ts';
import { Jobs } from './jobs.ts';
import { Lead } from './lead.ts';
import type { Leadership } from './leadership.ts';
import { LiveTelling } from './live-telling.ts';
import { LogCare } from './log-care.ts';
import { LogPlaces } from './log-places.ts';
import { LogReading } from './log-reading.ts';
import { LogReopening } from './log-reopening.ts';
import { NodeCalls } from './node-calls.ts';
import { Observer } from './observer.ts';
import { Pauses, pauseView } from './pauses.ts';
import { Presence } from './presence.ts';
import { Projector } from './projector.ts';
import { leastOf, resultsMark, resultsMarkSoon } from './results-mark.ts';
import { Retention } from './retention.ts';
import { RunWaiters } from './run-waiters.ts';
import { serverView } from './server-view.ts';
import { Situations } from './situations.ts';
import { flowMonitorId, monitorMessageId } from './due-monitors.ts';
import { SnapshotExchange } from './snapshots.ts';
import { Strays } from './strays.ts';
import { Sweeper } from './sweeper.ts';
import { ViewRight } from './view-right.ts';
import { WorkerFigures } from './worker-figures.ts';
import { Workers } from './workers.ts';

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
  readonly calls: NodeCalls;
  readonly identity: Identity;
  readonly snapshots: SnapshotExchange;
  readonly startedAt: number;
  isOpen = false;
  readonly #control: ControlWatch;
  readonly #observer: Observer;
  readonly #projector: Projector;
  readonly #retention: Retention;
  readonly #live = new LiveTelling();
  /** Who waits for a run to end, and who for the log to show it. */
  readonly ends: RunWaiters<RunRecord>;
  readonly logged: RunWaiters<true>;
  readonly #places: LogPlaces;
  readonly #sweeper: Sweeper;
  readonly #strays: Strays;
  readonly #care: LogCare;
  readonly #memory = new DispatchMemory();
  readonly #viewRight: ViewRight;
  readonly #lead: Lead;
  readonly #reading: LogReading;
  readonly #reopening: LogReopening;

  constructor(context: EngineContext) {
    this.context = context;
    this.startedAt = context.clock.now();
    this.jobs = new Jobs(context.config.timezone);
    this.ends = new RunWaiters(context.clock);
    this.logged = new RunWaiters(context.clock);
    this.book = new RunBook(bookEvents({
      metrics: context.metrics, leadership: () => this.leadership, ends: this.ends, logged: this.logged,
      dispatchedElsewhere: (record) => this.#memory.dispatched(this.jobs.byNumber(record.jobNumber), record),
      monitored: (run, subId, end, sequence) => this.#lead.monitors.came('results', sequence, { run: { ...run }, subId, end, messageId: monitorMessageId(sequence) }),
    }));
    this.pauses = new Pauses(context, (pause) => this.#live.tell({ type: 'pause', pause: pauseView(pause) }));
    this.situations = new Situations(this.book, this.workers, context.bus, () => this.pauses.last);
    this.workerFigures = new WorkerFigures(this.workers, this.book, context.store, context.clock);
    this.drains = new Drains(context, this.workers, (key) => this.#workerChanged(key));
    this.calls = new NodeCalls(context);
    this.identity = new Identity(context, this.calls, (problem) => this.#standAside(problem));
    this.presence = new Presence(context, async () => ({ server: await serverView(this), results: await resultsMarkSoon(context.store, context.clock, this.positions, this.snapshots.awaitedResults), lastGap: this.leadership?.lastGap }));
    this.#live.listen((change) => void ((change.type === 'server' || change.type === 'gap') && this.presence.beatNow()));
    this.snapshots = new SnapshotExchange({ context, calls: this.calls, presence: this.presence, isLeading: () => this.leadership !== undefined, hindrance: () => this.#whyNotWhole() });
    this.#control = new ControlWatch(context.bus, [(key, text) => this.drains.apply(key, text), (key, text) => this.identity.apply(key, text), (key, text) => this.elector.apply(key, text), (key, text) => this.pauses.apply(key, text), (key, text, isOld) => this.presence.apply(key, text, isOld)]);
    const zone = zoneOf(context.config.timezone);
    const offsetMinutesAt = (at: number): number => zone.rangeAt(at).offset / 60_000;
    this.#viewRight = new ViewRight(context.store.isShared, () => this.#projector.mayWriteChanged());
    this.#places = new LogPlaces(() => this.#observer, this.book);
    this.#strays = new Strays(context.store, this.book, () => this.leadership);
    this.#projector = new Projector({
      context, book: this.book, term: () => this.#viewRight.term, checkpoints: () => this.#places.checkpoints(),
      saved: (entries, skips) => this.#live.tellSaved(entries, skips), stale: (term) => this.#lead.depose(term),
      mayWrite: () => this.#viewRight.mayWrite, places: () => this.#observer.positions,
      caughtUp: () => this.#observer.caughtUp(), viewCaughtUp: () => this.#strays.adopt(),
      backlog: (through, term) => new Backlog({
        context, jobs: this.jobs, offsetMinutesAt, term, created: (stream) => this.#places.created[stream] ?? '', wrote: (checkpoints) => this.#projector.knows(checkpoints), runsRemoved: (taskIds) => this.#projector.addRemovals(taskIds),
      }, through),
    });
    this.#observer = new Observer({
      context, jobs: this.jobs, book: this.book, workers: this.workers, offsetMinutesAt,
      applied: () => this.#projector.applied(),
      definitionChanged: (change, goneNumber) => this.#definitionChanged(change, goneNumber),
      runsRemoved: (taskIds) => this.#projector.addRemovals(taskIds),
      skipsSeen: (items) => this.#projector.addSkips(items),
      workerChanged: (key) => this.#workerChanged(key),
      flowMonitored: (report, sequence) => this.#lead.monitors.came('runs', sequence, {
        run: { id: report.taskId, namespace: report.namespace, app: report.appName, job: report.jobName }, subId: `f${sequence}`, end: report, messageId: flowMonitorId(sequence),
      }),
      lost: (stream, reason) => this.#logLost(stream, reason),
    });
    this.#lead = new Lead({
      context, jobs: this.jobs, book: this.book, workers: this.workers, situations: this.situations, stamp: createStampFormatter(offsetMinutesAt),
      places: this.#places, viewRight: this.#viewRight, live: this.#live, goneBefore: () => this.#reading.goneBefore,
      caughtUp: () => this.#observer.caughtUp(), settleView: () => this.#projector.settle(),
      unreachable: () => void this.#care.controlIsGone().then((isGone) => isGone && this.#logLost(kvStream(CONTROL_BUCKET), 'the stream does not exist')),
      isClosing: () => this.#reopening.isStopping, isReopening: () => this.#reopening.isRunning,
    });
    this.#care = new LogCare(context, () => this.leadership?.log.problem ?? '');
    this.#reading = new LogReading({
      context, jobs: this.jobs, workers: this.workers, book: this.book, memory: this.#memory, care: this.#care, identity: this.identity, control: this.#control,
      presence: this.presence, snapshots: this.snapshots, strays: this.#strays, observer: this.#observer, projector: this.#projector, places: this.#places,
      viewRight: this.#viewRight, definitionChanged: (change, goneNumber) => this.#definitionChanged(change, goneNumber),
    });
    this.#reopening = new LogReopening({
      context, read: () => this.#reading.read(), stopReading: () => this.#stopReading(),
      close: async () => {
        this.#care.forget();
        await this.#lead.abandon();
        await this.#observer.stop();
      },
      takePart: () => { for (const part of [this.elector, this.presence, this.calls]) part.start(); },
    });
    this.#sweeper = new Sweeper({
      context, jobs: this.jobs, workers: this.workers, book: this.book, observer: this.#observer, workerChanged: (key) => this.#workerChanged(key),
    });
    this.#retention = new Retention(context, () => this.leadership !== undefined, async () => leastOf(await resultsMark(context.store, this.positions, this.snapshots.awaitedResults), this.presence.othersResults()));
  }

  /** Takes over what the view has, so that it can be read while NATS is away. Rejects when the database is away. */
  load(): Promise<void> {
    return this.#reading.load();
  }

  get isLoaded(): boolean {
    return this.#reading.isLoaded;
  }

  get elector(): Elector {
    return this.#lead.elector;
  }

  /** Undefined while this node does not lead. */
  get leadership(): Leadership | undefined {
    return this.#lead.leadership;
  }

  /** Reads the log to its end, then takes part. Rejects when NATS or the database is away. */
  async open(): Promise<void> {
    this.#sweeper.start();
    this.#care.start();
    try {
      await this.#reopening.open();
    } catch (error) {
      await this.#stopReading();
      throw error;
    }
    this.#retention.start();
    this.elector.start();
    this.isOpen = true;
    this.presence.beatNow();
    this.calls.start();
  }

  async close(): Promise<void> {
    const reopened = this.#reopening.stop();
    this.isOpen = false;
    await this.snapshots.stop();
    this.#sweeper.stop();
    this.#care.stop();
    await reopened;
    const callsAnswered = this.calls.stop();
    await this.#retention.stop();
    await this.#lead.giveUp();
    await callsAnswered;
    await this.#observer.stop();
    await this.presence.stop();
    await this.#control.stop();
    await this.identity.release();
    this.pauses.stop();
    await this.#projector.stop();
  }

  /** Gives the lease up in good order and stands back for a while, so that another node can take it. */
  stepDown(): Promise<void> {
    return this.#lead.stepDown();
  }

  onChange(listener: (change: LiveChange) => void): () => void {
    return this.#live.listen(listener);
  }

  /** Resolves when the definitions log is applied up to the revision. */
  async definitionsApplied(revision: number): Promise<void> {
    await this.#observer.definitionsCaughtUp();
    if (this.#observer.positions.definitions < revision) throw new UnavailableError('The change is stored, but this server does not read the log right now.');
  }

  definitionsCaughtUp(): Promise<void> {
    return this.#observer.definitionsCaughtUp();
  }

  /** Resolves when all that the log held at the call is in the view, as far as this node writes it and the database is there. */
  async viewCaughtUp(): Promise<void> {
    await this.#observer.caughtUp();
    await this.#projector.settle();
  }

  get role(): 'leader' | 'standby' | 'starting' {
    if (this.leadership !== undefined) return 'leader';
    return this.isOpen && this.elector.isDecided && !this.elector.isLeading ? 'standby' : 'starting';
  }

  /** Rows and messages the view is behind. */
  get projectionLag(): number {
    return this.#projector.waiting + this.book.pending.size;
  }

  get positions(): readonly Checkpoint[] {
    return this.#places.positions();
  }

  get viewProblem(): string {
    return this.#projector.problem;
  }

  /** What hinders others from taking this node's view, '' when nothing does. */
  #whyNotWhole(): string {
    if (!this.isOpen || this.#reopening.isRunning) return 'it is reading the log itself';
    return this.viewProblem;
  }

  #definitionChanged(change: DefinitionChange, goneNumber: number | undefined): void {
    this.#projector.addDefinition(change);
    this.leadership?.ticker.wake();
    if (change.kind !== 'job') return;
    const key = `${change.namespace}.${change.app}.${change.name}`;
    const number = change.value?.definition.number ?? goneNumber;
    if (change.value !== null) this.leadership?.agenda.release(change.value.definition.number);
    else if (goneNumber !== undefined) this.leadership?.agenda.abandon(goneNumber);
    this.#live.tell({ type: 'job', id: String(number ?? ''), key, deleted: change.value === null });
  }

  async #stopReading(): Promise<void> {
    await this.#observer.stop();
    if (this.identity.problem !== '') await this.presence.stop();
  }

  /** A stream went away under us: start over with what there is now. */
  #logLost(stream: string, reason: string): void {
    this.#reopening.start(`The stream ${stream} cannot be read on: ${reason}`, () => this.context.log.warn({ stream, reason }, 'a stream of the log cannot be read on; opening the log anew'));
  }

  /** Calls reach whoever has the node's id, and that is another now. */
  #standAside(problem: string): void {
    void this.calls.stop();
    void this.presence.stop();
    this.#reopening.start(problem, () => this.context.log.warn({}, problem));
  }

  #workerChanged(key: string): void {
    const worker = this.workers.get(key);
    if (worker === undefined) return;
    this.#projector.addWorker({ ...worker });
    this.#live.tell({ type: 'worker', worker: this.workerFigures.view(worker) });
    this.leadership?.agenda.workersChanged(worker.namespace, worker.app);
  }
}
