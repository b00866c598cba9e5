import type { RunBook } from '../decide/index.ts';
import type { GoneBefore } from '../decide/unanswerable.ts';
import type { Checkpoint, DefinitionChange } from '../ports/index.ts';
import { DEFINITIONS_STREAM, STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { ControlWatch } from './control-watch.ts';
import type { DispatchMemory } from './dispatch-memory.ts';
import type { Identity } from './identity.ts';
import type { Jobs } from './jobs.ts';
import { loadView } from './load-view.ts';
import type { LogCare } from './log-care.ts';
import type { LogPlaces } from './log-places.ts';
import { goneBefore, inspectLog, type LogState, seedDefinitions, strangers, tellGaps } from './log-state.ts';
import type { Observer } from './observer.ts';
import type { Presence } from './presence.ts';
import type { Projector } from './projector.ts';
import { heldRemovals } from './removals.ts';
import type { SnapshotExchange } from './snapshots.ts';
import type { Strays } from './strays.ts';
import type { ViewRight } from './view-right.ts';
import type { Workers } from './workers.ts';

export interface LogReadingParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly workers: Workers;
  readonly book: RunBook;
  readonly memory: DispatchMemory;
  readonly care: LogCare;
  readonly identity: Identity;
  readonly control: ControlWatch;
  readonly presence: Presence;
  readonly snapshots: SnapshotExchange;
  readonly strays: Strays;
  readonly observer: Observer;
  readonly projector: Projector;
  readonly places: LogPlaces;
  readonly viewRight: ViewRight;
  /** Told of what the view has and a new log has not. */
  readonly definitionChanged: (change: DefinitionChange, goneNumber: number | undefined) => void;
}

/** Brings a node from what the view has to the end of the log, at its start and each time the log has to be opened anew. */
export class LogReading {
  readonly #parts: LogReadingParts;
  #isLoaded = false;
  #hasRead = false;
  /** Up to where the view was for certain when it was loaded. */
  #loadedTo: readonly Checkpoint[] = [];
  #goneBefore: GoneBefore = { runs: 0, results: 0 };

  constructor(parts: LogReadingParts) {
    this.#parts = parts;
  }

  /** What the view has is there to be read. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** What either stream held before this moment may be missing from both log and view. */
  get goneBefore(): GoneBefore {
    return this.#goneBefore;
  }

  /** Takes over what the view has, once. Rejects when the database is away. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    const { context: { store, clock }, jobs, memory } = this.#parts;
    this.#loadedTo = await loadView(store, this.#parts);
    await memory.recall(jobs, store, clock.now());
    this.#isLoaded = true;
  }

  /** Resolves at the log's end; from then on it is read as it grows. Rejects when NATS or the database is away. */
  async read(): Promise<void> {
    const { context, jobs, book, care, identity, control, presence, observer, projector, places, viewRight, memory, snapshots } = this.#parts;
    const { bus, config, store, clock } = context;
    await care.ensure();
    await identity.claim();
    await control.start();
    const { before, state } = await this.#inspect();
    if (state.lost.length > 0) await this.#beginAnew(before, state);
    const lease = (await context.leaseStore.read())?.value;
    viewRight.raise(lease?.term ?? 0);
    places.created = state.created;
    const gone = goneBefore(state.gaps, clock.now());
    this.#goneBefore = { runs: Math.max(this.#goneBefore.runs, gone.runs), results: Math.max(this.#goneBefore.results, gone.results) };
    if (!this.#hasRead) projector.addRemovals(await heldRemovals(bus, book, state.after.runs));
    this.#hasRead = true;
    presence.start();
    if (state.lost.includes(DEFINITIONS_STREAM)) for (const change of await strangers(context, jobs)) this.#parts.definitionChanged(change, jobs.apply(change));
    await observer.start(state.after);
    projector.start();
    // With a shared view the leader knows best; where nobody leads, all know the same.
    if (!store.isShared || lease?.held !== true || lease.nodeId === config.nodeId) await seedDefinitions(bus, jobs, clock.now());
    await observer.caughtUp();
    memory.caughtUp();
    snapshots.done();
  }

  /** Where the view stands and the log begins; after another node's view has taken its place, if that is what is needed. */
  async #inspect(): Promise<{ readonly before: readonly Checkpoint[]; readonly state: LogState }> {
    const { context: { bus, log }, jobs, workers, book, projector, places, snapshots } = this.#parts;
    for (;;) {
      await this.load();
      const before = this.#hasRead ? places.positions() : this.#loadedTo;
      if (!this.#hasRead) projector.knows(before);
      const state = await inspectLog(bus, before);
      const isNeeded = snapshots.isNeeded(state);
      if (isNeeded) await projector.stop();
      if (!isNeeded || !(await snapshots.take(state.gaps))) {
        tellGaps(log, before, state);
        return { before, state };
      }
      this.#isLoaded = this.#hasRead = false;
      for (const part of [jobs, workers, book, projector]) part.forget();
    }
  }

  /** It is not the log that the view was made from. */
  async #beginAnew(before: readonly Checkpoint[], state: LogState): Promise<void> {
    const { context: { log, store }, strays, projector } = this.#parts;
    strays.logLost();
    log.warn({ streams: state.lost }, 'the log is new or behind the view: its reading starts from the beginning, the rows stay');
    // Of a shared one the leader's first batch says which log it is made from now. Where only other streams are new, so does this node's.
    if (!store.isShared && state.lost.includes(STREAM)) await projector.forgetCheckpoints();
    projector.knows(before.map((checkpoint) => ({ ...checkpoint, sequence: 0 })));
  }
}
