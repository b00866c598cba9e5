import { ConflictError, NodeFaultError, SnapshotBrokenError, UnavailableError } from '../domain/errors.ts';
import { BadSnapshotError, NewerSchemaError, type Checkpoint, type SnapshotFacts, type Snapshots, type TakenSnapshot } from '../ports/index.ts';
import type { EngineContext } from './context.ts';
import type { NodeCalls } from './node-calls.ts';
import { reasonOf } from './reason.ts';
import { CLOSE_SNAPSHOT, OPEN_SNAPSHOT, READ_SNAPSHOT, readOpenAnswer, type SnapshotNeed } from './snapshot-calls.ts';

/** One piece, with as many beside it, over a line of 50 kB a second. */
const CALL_MS = 10_000;
const PIECE = 131_072;
/** What a frame has beside its bytes. */
const HEAD_BYTES = 4_096;
const IN_FLIGHT = 4;
const TRIES = 3;
const TELL_MS = 5_000;
const AGAIN_MS = 1_000;
/** A node that was there a moment ago may just be starting, too. */
const PATIENCE_MS = 5_000;
/** In all, over all nodes that were asked. */
const LONGEST_MS = 30 * 60_000;

/** A node that may have what this one lacks. */
export interface Candidate {
  readonly id: string;
  readonly isLeading: boolean;
  /** It was there a moment ago. */
  readonly isRecent: boolean;
}

export interface TakerParts {
  readonly context: EngineContext;
  readonly calls: NodeCalls;
  readonly candidates: () => Promise<readonly Candidate[]>;
}

/** How it went with one node. */
type Outcome = 'taken' | 'busy' | 'failed' | 'absent' | 'unfit';

/** Gets another node's view in place of this one's, for a node that was away for longer than the log reaches back. */
export class SnapshotTaker {
  readonly #parts: TakerParts;
  #progress = '';
  #stop: () => void = () => {};
  readonly #stopped: Promise<never>;
  #isStopped = false;

  constructor(parts: TakerParts) {
    this.#parts = parts;
    this.#stopped = new Promise((_resolve, reject) => {
      this.#stop = () => reject(new UnavailableError('This server is stopping.'));
    });
    this.#stopped.catch(() => undefined);
  }

  /** What is going on, in words; '' when nothing is. */
  get progress(): string {
    return this.#progress;
  }

  /** Ends a taking that is under way; it then rejects with UnavailableError. */
  stop(): void {
    this.#isStopped = true;
    this.#stop();
  }

  /** True when the view is another node's now. Rejects with UnavailableError when NATS went away meanwhile or this node is stopping. */
  async take(streams: readonly Checkpoint[]): Promise<boolean> {
    const { context: { clock, store, bus, log } } = this.#parts;
    const { snapshots } = store;
    if (snapshots === undefined) return false;
    const began = clock.monotonic();
    let patientUntil = began + PATIENCE_MS;
    let failures = 0;
    this.#progress = 'looking for a server that has what the log lacks';
    try {
      for (;;) {
        const outcome = await this.#askAround(snapshots, streams, began);
        if (outcome === 'taken') return true;
        if (this.#isStopped || bus.state !== 'connected') throw new UnavailableError('NATS went away while a snapshot was being taken.');
        const now = clock.monotonic();
        if (outcome === 'failed' && ++failures < TRIES) patientUntil = now + PATIENCE_MS;
        if (outcome === 'unfit' || now > (outcome === 'busy' ? began + LONGEST_MS : patientUntil)) return false;
        await this.#unlessStopped(new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve)));
      }
    } catch (error) {
      if (!(error instanceof UnavailableError) || this.#isStopped || bus.state !== 'connected') throw error;
      log.warn(reasonOf(error), 'no snapshot could be taken: going on with the view there is');
      return false;
    } finally {
      this.#progress = '';
    }
  }

  /** Each in turn, those first that have no fires to keep on time. Of those that gave nothing, what promises most for a second try. */
  async #askAround(snapshots: Snapshots, streams: readonly Checkpoint[], began: number): Promise<Outcome> {
    const found = new Set<Outcome>();
    for (const candidate of (await this.#parts.candidates()).toSorted((a, b) => Number(a.isLeading) - Number(b.isLeading))) {
      const outcome = await this.#takeFrom(candidate, snapshots, streams, began);
      if (outcome === 'taken') return outcome;
      if (outcome !== 'absent' || candidate.isRecent) found.add(outcome);
    }
    return (['busy', 'failed', 'absent'] as const).find((outcome) => found.has(outcome)) ?? 'unfit';
  }

  async #takeFrom({ id }: Candidate, snapshots: Snapshots, streams: readonly Checkpoint[], began: number): Promise<Outcome> {
    const { context: { clock, config, random, log } } = this.#parts;
    const need: SnapshotNeed = { asker: config.nodeId, id: `${config.nodeId}-${Math.floor(random() * 2 ** 40).toString(36)}`, schemaVersion: snapshots.schemaVersion, streams };
    const facts = await this.#opened(id, need, began).catch((error: unknown) => this.#refused(id, error));
    if (typeof facts === 'string') return facts;
    let taken: TakenSnapshot | undefined;
    try {
      const since = clock.monotonic();
      log.info({ from: id, bytes: facts.bytes }, 'taking a snapshot of another server\'s view');
      taken = await snapshots.take(facts);
      await this.#carry(id, need, facts, taken, began);
      this.#progress = `looking through the snapshot of server ${id}`;
      const { kept } = await taken.install();
      log.info({ from: id, bytes: facts.bytes, kept, tookMs: Math.round(clock.monotonic() - since) }, 'the view is now a snapshot of another server\'s; the log goes on from there');
      return 'taken';
    } catch (error) {
      // What is left is trouble of this node's own, such as a full disk, and the same whoever gives.
      if (!(error instanceof SnapshotBrokenError || error instanceof BadSnapshotError || error instanceof NewerSchemaError)) throw error;
      log.warn({ reason: error.message, from: id }, error instanceof SnapshotBrokenError ? 'the snapshot broke off' : 'the snapshot cannot be used');
      return 'failed';
    } finally {
      await taken?.discard();
      void this.#parts.calls.ask(id, CLOSE_SNAPSHOT, { id: need.id, offset: 0, length: 0 }, CALL_MS).catch(() => undefined);
    }
  }

  /** Asks until the copy is made. */
  async #opened(from: string, need: SnapshotNeed, began: number): Promise<SnapshotFacts | 'busy'> {
    for (;;) {
      const { value } = await this.#unlessStopped(this.#parts.calls.ask(from, OPEN_SNAPSHOT, need, CALL_MS));
      const answer = readOpenAnswer(value);
      if (answer !== 'copying') return answer;
      this.#progress = `waiting for server ${from} to copy its view`;
      this.#throwIfTooLong(began);
    }
  }

  #refused(from: string, error: unknown): Outcome {
    const { log } = this.#parts.context;
    if (this.#isStopped) throw error;
    if (error instanceof ConflictError || error instanceof NodeFaultError || error instanceof SnapshotBrokenError) {
      log.info({ from, reason: error.message }, 'the other server\'s view is of no help');
      return 'unfit';
    }
    if (!(error instanceof UnavailableError)) throw error;
    log.debug({ from, reason: error.message }, 'the other server gives no snapshot now');
    return 'absent';
  }

  /** A few pieces at a time; what arrives is written where it belongs. */
  async #carry(from: string, need: SnapshotNeed, facts: SnapshotFacts, taken: TakenSnapshot, began: number): Promise<void> {
    const { context: { clock, bus, log } } = this.#parts;
    const piece = Math.max(1, Math.min(PIECE, bus.maxPayloadBytes - HEAD_BYTES));
    let next = 0;
    let have = 0;
    let toldAt = clock.monotonic();
    const tell = (): void => {
      const percent = Math.floor((have / facts.bytes) * 100);
      this.#progress = `taking a snapshot of server ${from}'s view, ${percent} %`;
      if (clock.monotonic() - toldAt < TELL_MS) return;
      toldAt = clock.monotonic();
      log.info({ from, percent, bytes: have, of: facts.bytes }, 'taking a snapshot');
    };
    const carrier = async (): Promise<void> => {
      while (next < facts.bytes) {
        const offset = next;
        next += piece;
        this.#throwIfTooLong(began);
        const length = Math.min(piece, facts.bytes - offset);
        const bytes = await this.#piece(from, need.id, offset, length);
        if (bytes.length !== length) throw new SnapshotBrokenError(`A piece of ${length} bytes came with ${bytes.length}.`);
        await taken.write(offset, bytes);
        have += bytes.length;
        tell();
      }
    };
    tell();
    // All of them end before what they write to is discarded.
    const ends = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, () => carrier().catch((error: unknown) => {
      next = facts.bytes;
      throw error;
    })));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async #piece(from: string, id: string, offset: number, length: number): Promise<Uint8Array> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.#unlessStopped(this.#parts.calls.ask(from, READ_SNAPSHOT, { id, offset, length }, CALL_MS))).bytes;
      } catch (error) {
        if (this.#isStopped) throw error;
        if (tries < TRIES && error instanceof UnavailableError) continue;
        throw new SnapshotBrokenError(error instanceof Error ? error.message : String(error), { cause: error });
      }
    }
  }

  #throwIfTooLong(began: number): void {
    if (this.#parts.context.clock.monotonic() - began > LONGEST_MS) throw new SnapshotBrokenError('It took too long.');
  }

  #unlessStopped<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#stopped]);
  }
}
