import type { EngineContext } from './context.ts';
import type { Gap, LogState } from './log-state.ts';
import type { NodeCalls } from './node-calls.ts';
import type { Presence } from './presence.ts';
import { SnapshotGiver } from './snapshot-giver.ts';
import { SnapshotTaker } from './snapshot-taker.ts';

export interface SnapshotsParts {
  readonly context: EngineContext;
  readonly calls: NodeCalls;
  readonly presence: Presence;
  /** Why this node cannot give its view right now, '' when it can. */
  readonly hindrance: () => string;
  readonly isLeading: () => boolean;
}

const RECENT_MS = 30_000;
/** The log moves on while a snapshot comes; one that it has left behind again is no help the third time either. */
const MOST_IN_A_ROW = 3;

/** What a node that was away longer than the log reaches back gets from another one, and gives to others. */
export class SnapshotExchange {
  readonly #parts: SnapshotsParts;
  readonly #giver: SnapshotGiver;
  readonly #taker: SnapshotTaker;
  #taken = 0;

  constructor(parts: SnapshotsParts) {
    const { context, calls, presence, isLeading, hindrance } = parts;
    this.#parts = parts;
    this.#taker = new SnapshotTaker({
      context, calls,
      async candidates() {
        // What nodes say of themselves may be some seconds old.
        const leader = (await context.leaseStore.read())?.value.nodeId;
        return presence.known().map(({ id, lastSeenAt }) => ({ id, isLeading: id === leader, isRecent: context.clock.now() - lastSeenAt < RECENT_MS }));
      },
    });
    this.#giver = new SnapshotGiver({ context, calls, isLeading, hindrance: () => hindrance() || this.#taker.progress });
  }

  /** For people who wonder why this node is not ready, '' when there is nothing to say. */
  get progress(): string {
    return this.#taker.progress;
  }

  /** The sequence of the results stream from which on a node that takes this one's view will read; undefined when there is none. */
  get awaitedResults(): number | undefined {
    return this.#giver.awaitedResults;
  }

  /** Whether there is anything to ask others for. */
  isNeeded({ gaps, isAhead }: LogState): boolean {
    return gaps.length > 0 && !isAhead && this.#parts.context.store.snapshots !== undefined && this.#taken < MOST_IN_A_ROW;
  }

  /** Puts another node's view in the place of this one's; false when nobody has one that reaches to where the log begins. Rejects with UnavailableError. */
  async take(gaps: readonly Gap[]): Promise<boolean> {
    const isTaken = await this.#taker.take(gaps.map(({ stream, created, firstSequence }) => ({ stream, created, sequence: firstSequence - 1 })));
    if (isTaken) this.#taken++;
    return isTaken;
  }

  /** What came after the last of them is read. */
  done(): void {
    this.#taken = 0;
  }

  /** One that is being taken is given up at once. */
  stopTaking(): void {
    this.#taker.stop();
  }

  async stop(): Promise<void> {
    this.#taker.stop();
    await this.#giver.stop();
  }
}
