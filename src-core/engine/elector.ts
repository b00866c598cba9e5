import type { LeaseValue } from '../domain/lease.ts';
import type { CancelTimer } from '../ports/index.ts';
import type { EngineContext } from './context.ts';

/**
 * Who may fire.
 *
 * One entry of a bucket is the lease; it changes only by compare-and-set on its revision. The holder renews it every
 * RENEW_MS. It trusts itself only until `start of its last successful renewal + LEASE_MS − MARGIN_MS` on its own
 * monotonic clock, and asks for that trust before every burst of messages. Another node takes the lease over only
 * after it has itself seen no change for LEASE_MS on its own monotonic clock. A successful renewal was seen by the
 * server no earlier than its start, so the other node's wait ends no earlier than the holder's trust, whatever the wall
 * clocks say: two nodes never trust themselves at once. A paused holder wakes with its trust gone and sends nothing.
 *
 * Two waits are shorter. A lease given up in an orderly stop is free at once. A lease held under this node's own id is
 * ours from before a crash: the data folder's lock proves that process dead, and SETTLE_MS lets the server finish
 * reading what it had sent.
 */
export class Elector {
  readonly #context: EngineContext;
  readonly #events: ElectorEvents;
  #revision = 0;
  #term = 0;
  #leading = false;
  #trustUntil = Number.NEGATIVE_INFINITY;
  /** The newest seen, ours or another's. */
  #last: LeaseValue | undefined;
  #seenRevision = -1;
  #seenSince = 0;
  #isFirstLook = true;
  #failingSince: number | undefined;
  #cancel: CancelTimer = () => {};
  #step: Promise<void> | undefined;
  #stopped = true;

  constructor(context: EngineContext, events: ElectorEvents) {
    this.#context = context;
    this.#events = events;
  }

  get term(): number {
    return this.#term;
  }

  get isLeading(): boolean {
    return this.#leading;
  }

  /** It is known who leads, be it this node or another. */
  get isDecided(): boolean {
    return this.#leading || !this.#isFirstLook;
  }

  isTrusted(): boolean {
    return this.#leading && this.#context.clock.monotonic() < this.#trustUntil;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#run();
  }

  /** Somebody newer writes the view: this node does not lead, whatever it believed. */
  depose(newerTerm: number): void {
    // The lease may have been lost with its bucket: terms go on above what the view has seen.
    this.#term = Math.max(this.#term, newerTerm);
    if (this.#leading) this.#lose('the view belongs to a newer term');
  }

  /** Stops taking part; a lease held is given up at once. `progress` is its last word. */
  async stop(progress: LeaseProgress | undefined): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#step;
    if (!this.#leading || this.#last === undefined) return;
    this.#leading = false;
    this.#trustUntil = Number.NEGATIVE_INFINITY;
    try {
      await this.#overwrite({ ...this.#last, ...progress, held: false });
    } catch (error) {
      this.#context.log.warn({ err: error }, 'the lease could not be given up; the next leader waits for it to run out');
    }
  }

  #run(): void {
    if (this.#stopped) return;
    this.#step = this.#look().then(() => {
      this.#failingSince = undefined;
    }, (error: unknown) => {
      this.#context.log.debug({ err: error }, 'the lease cannot be reached');
      this.#unreached();
    }).finally(() => {
      if (!this.#stopped) this.#cancel = this.#context.clock.after(this.#leading ? RENEW_MS : LOOK_MS, () => this.#run());
    });
  }

  #unreached(): void {
    const now = this.#context.clock.monotonic();
    this.#failingSince ??= now;
    if (now - this.#failingSince >= LEASE_MS && this.#context.bus.state === 'connected') this.#events.unreachable();
  }

  async #look(): Promise<void> {
    if (this.#context.bus.state !== 'connected') return;
    if (this.#leading) return this.#renew();
    const entry = await this.#context.leaseStore.read();
    const wait = this.#waitFor(entry);
    this.#last = entry?.value ?? this.#last;
    if (wait > 0) {
      this.#isFirstLook = false;
      return;
    }
    await this.#take(entry?.value, entry?.revision ?? 0);
  }

  /** Milliseconds still to wait before the lease seen may be taken. */
  #waitFor(entry: { value: LeaseValue; revision: number } | undefined): number {
    const now = this.#context.clock.monotonic();
    // Gone with its bucket: whoever held it may trust itself for a while yet.
    const lease = entry?.value ?? this.#last;
    const isOurs = lease?.nodeId === this.#context.config.nodeId;
    if (lease === undefined || !lease.held || (entry === undefined && isOurs)) return 0;
    const revision = entry?.revision ?? 0;
    if (revision !== this.#seenRevision) {
      this.#seenRevision = revision;
      this.#seenSince = now;
      if (this.#isFirstLook && isOurs) this.#seenSince = now - LEASE_MS + SETTLE_MS;
    }
    return this.#seenSince + LEASE_MS - now;
  }

  async #take(previous: LeaseValue | undefined, revision: number): Promise<void> {
    const start = this.#context.clock.monotonic();
    const now = this.#context.clock.now();
    // A lease that is gone with its bucket goes on from what was last seen of it.
    const before = previous ?? this.#last;
    const term = Math.max(before?.term ?? 0, this.#term) + 1;
    const value: LeaseValue = {
      nodeId: this.#context.config.nodeId, term, watermark: before?.watermark ?? now, runsSequence: before?.runsSequence ?? 0,
      resultsSequence: before?.resultsSequence ?? 0, held: true,
    };
    const taken = await this.#context.leaseStore.write(value, revision);
    if (taken === undefined) return;
    this.#revision = taken;
    this.#term = term;
    this.#last = value;
    this.#leading = true;
    this.#trustUntil = start + LEASE_MS - MARGIN_MS;
    this.#events.elected(term, before);
  }

  async #renew(): Promise<void> {
    const start = this.#context.clock.monotonic();
    const value: LeaseValue = { ...(this.#last as LeaseValue), ...this.#events.progress() };
    const revision = await this.#overwrite(value);
    if (typeof revision === 'string') return this.#lose(revision);
    if (!this.#leading) return;
    this.#revision = revision;
    this.#last = value;
    this.#trustUntil = start + LEASE_MS - MARGIN_MS;
  }

  /** Replaces our own lease: the new revision, or a sentence about whose it is now. */
  async #overwrite(value: LeaseValue): Promise<number | string> {
    const { leaseStore } = this.#context;
    const revision = await leaseStore.write(value, this.#revision);
    if (revision !== undefined) return revision;
    // An earlier renewal may have arrived without its answer.
    const entry = await leaseStore.read();
    const isOurs = entry?.value.nodeId === value.nodeId && entry.value.term === this.#term && entry.value.held;
    if (entry !== undefined && !isOurs) return `"${entry.value.nodeId}" took the lease for term ${entry.value.term}`;
    return (await leaseStore.write(value, entry?.revision ?? 0)) ?? 'somebody else took the lease';
  }

  #lose(reason: string): void {
    this.#leading = false;
    this.#trustUntil = Number.NEGATIVE_INFINITY;
    this.#seenRevision = -1;
    this.#events.deposed(reason);
  }
}

export interface LeaseProgress {
  readonly watermark: number;
  readonly runsSequence: number;
  readonly resultsSequence: number;
}

export interface ElectorEvents {
  elected(term: number, previous: LeaseValue | undefined): void;
  deposed(reason: string): void;
  /** NATS answers, but the lease has been out of reach for its whole length: called at each try. */
  unreachable(): void;
  /** What a renewal says of how far firing is; undefined while the term is still being taken over. */
  progress(): LeaseProgress | undefined;
}

const RENEW_MS = 500;
const LOOK_MS = 250;
const LEASE_MS = 2000;
const MARGIN_MS = 300;
const SETTLE_MS = 250;
