import { ConflictError, UnavailableError } from '../domain/errors.ts';
import type { Checkpoint, GivenSnapshot } from '../ports/index.ts';
import { RESULTS_STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { NodeCalls } from './node-calls.ts';
import { reasonOf } from './reason.ts';
import { CLOSE_SNAPSHOT, OPEN_SNAPSHOT, READ_SNAPSHOT, readNeed, readPlace, type OpenAnswer, type SnapshotNeed } from './snapshot-calls.ts';

/** So long an asker waits for one answer while the copy is being made; then it asks again. */
const ANSWER_MS = 5_000;
/** Without a read for so long an asker gives way to another. */
const QUIET_MS = 15_000;
/** After the last piece, the asker looks through what it has and reads on: meanwhile the log must not be cut before that. */
const AWAITED_MS = 120_000;
const LONGEST_PIECE = 262_144;
/** What one that fires gives in a second, and one that does not: see "A node that was away" in ARCHITECTURE.md for what that costs. */
const LEADER_BYTES_PER_MS = 16 * 1024;
const STANDBY_BYTES_PER_MS = 32 * 1024;

export interface GiverParts {
  readonly context: EngineContext;
  readonly calls: NodeCalls;
  /** Why it cannot give its view right now, '' when it can. */
  readonly hindrance: () => string;
  readonly isLeading: () => boolean;
}

interface Current {
  readonly need: SnapshotNeed;
  readonly making: Promise<GivenSnapshot>;
  /** By the monotonic clock. */
  usedAt: number;
}

/** Gives this node's view to one that was away for longer than the log reaches back: one at a time, and no faster than the ticks allow. */
export class SnapshotGiver {
  readonly #parts: GiverParts;
  #current: Current | undefined;
  /** When the next piece may go, by the monotonic clock. */
  #nextAt = 0;
  #isStopped = false;
  #awaited: { readonly sequence: number; until: number } | undefined;

  constructor(parts: GiverParts) {
    this.#parts = parts;
    parts.calls.serve(OPEN_SNAPSHOT, async (input) => ({ value: await this.#open(readNeed(input)) }));
    parts.calls.serve(READ_SNAPSHOT, async (input) => ({ bytes: await this.#read(readPlace(input)) }));
    parts.calls.serve(CLOSE_SNAPSHOT, async (input) => {
      await this.#close(readPlace(input).id);
      return {};
    });
  }

  /** See SnapshotExchange. */
  get awaitedResults(): number | undefined {
    return this.#awaited !== undefined && this.#parts.context.clock.monotonic() < this.#awaited.until ? this.#awaited.sequence : undefined;
  }

  /** Complete when it resolves: no copy is left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#drop();
  }

  async #open(need: SnapshotNeed): Promise<OpenAnswer> {
    const current = this.#current?.need.id === need.id ? this.#current : await this.#begin(need);
    if (current === undefined) return 'busy';
    this.#touch(current);
    const made = await this.#soon(current.making);
    if (made === undefined) return 'copying';
    const { bytes, sha256, schemaVersion, checkpoints } = made;
    return { bytes, sha256, schemaVersion, checkpoints };
  }

  /** Undefined while another node has its turn. */
  async #begin(need: SnapshotNeed): Promise<Current | undefined> {
    const { context: { store, log, clock }, hindrance } = this.#parts;
    const why = this.#isStopped ? 'it is stopping' : hindrance();
    if (why !== '') throw new UnavailableError(`This server cannot give its view: ${why}.`);
    const { snapshots } = store;
    if (snapshots === undefined) throw new ConflictError('This server\'s database is no file of its own.');
    if (snapshots.schemaVersion > need.schemaVersion) throw new ConflictError(`This server's view has a newer schema, ${snapshots.schemaVersion}: the other one must be brought to this version first.`);
    const own = await store.checkpoints();
    throwIfNoHelp(need, own);
    if (this.#isBusyFor(need.asker)) return undefined;
    await this.#drop();
    log.info({ to: need.asker }, 'giving this server\'s view to one that was away');
    const making = snapshots.give();
    const current: Current = { need, making, usedAt: clock.monotonic() };
    this.#current = current;
    this.#awaited = { sequence: own.find(({ stream }) => stream === RESULTS_STREAM)?.sequence ?? 0, until: clock.monotonic() + AWAITED_MS };
    making.catch((error: unknown) => {
      log.warn({ ...reasonOf(error), to: need.asker }, 'the view could not be copied for another server');
      if (this.#current === current) this.#current = undefined;
    });
    return current;
  }

  #isBusyFor(asker: string): boolean {
    const current = this.#current;
    return current !== undefined && current.need.asker !== asker && this.#parts.context.clock.monotonic() - current.usedAt < QUIET_MS;
  }

  async #read({ id, offset, length }: { id: string; offset: number; length: number }): Promise<Uint8Array> {
    const current = this.#current;
    if (current?.need.id !== id) throw new ConflictError('This server no longer has that snapshot.');
    this.#touch(current);
    const wanted = Math.min(length, LONGEST_PIECE);
    await this.#turn(wanted);
    return (await current.making).read(offset, wanted);
  }

  /** Spreads the pieces evenly, so that what is fired in between does not wait behind many of them. */
  async #turn(bytes: number): Promise<void> {
    const { clock } = this.#parts.context;
    const now = clock.monotonic();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + bytes / (this.#parts.isLeading() ? LEADER_BYTES_PER_MS : STANDBY_BYTES_PER_MS);
    if (at > now) await new Promise<void>((resolve) => clock.after(at - now, resolve));
  }

  async #close(id: string): Promise<void> {
    if (this.#current?.need.id === id) await this.#drop();
  }

  async #drop(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    const made = await current?.making.catch(() => undefined);
    await made?.close();
  }

  #touch(current: Current): void {
    current.usedAt = this.#parts.context.clock.monotonic();
    if (this.#awaited !== undefined) this.#awaited.until = current.usedAt + AWAITED_MS;
  }

  /** Undefined when it takes longer than an asker waits. */
  async #soon(making: Promise<GivenSnapshot>): Promise<GivenSnapshot | undefined> {
    let cancel = (): void => {};
    const limit = new Promise<undefined>((resolve) => {
      cancel = this.#parts.context.clock.after(ANSWER_MS, () => resolve(undefined));
    });
    return Promise.race([making, limit]).finally(() => cancel());
  }
}

/** A view of other streams is none to take; one that the log does not go on from either may be, once it has caught up. */
function throwIfNoHelp(need: SnapshotNeed, own: readonly Checkpoint[]): void {
  for (const { stream, created, sequence } of need.streams) {
    const checkpoint = own.find((each) => each.stream === stream);
    if (checkpoint === undefined || checkpoint.created !== created) throw new ConflictError(`This server's view was made from another stream ${stream}.`);
    if (checkpoint.sequence < sequence) throw new UnavailableError(`This server's view of ${stream} ends at ${checkpoint.sequence}, before what the log still has.`);
  }
}
