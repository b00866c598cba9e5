import type { LeaseValue } from '../domain/lease.ts';
import { beginningOf, lastSeenOf, LEASE_MS, sentBlindlyThrough } from '../domain/lease.ts';
import type { CancelTimer } from '../ports/index.ts';
import { DEFINITIONS_STREAM, LEASE_KEY, STREAM } from '../wire/index.ts';
import { ClockSkew } from './clock-skew.ts';
import type { EngineContext } from './context.ts';

/**
 * Who may fire.
 *
 * One entry of a bucket is the lease; it changes only by compare-and-set on its revision. The holder renews it every
 * RENEW_MS. It trusts itself only until `start of its last successful renewal + LEASE_MS − MARGIN_MS` on its own
 * monotonic clock, and asks for that trust before every burst of messages. Another node takes the lease over only
 * after it has itself seen no change for LEASE_MS on its own monotonic clock. A successful renewal was seen by the
 * server no earlier than its start, and by the other node no earlier than by the server; so the other's wait ends
 * at least MARGIN_MS after the holder's trust, as long as the two monotonic clocks run alike to 15 % over two seconds.
 * Two nodes never trust themselves at once.
 *
 * Two waits are shorter. A lease given up in an orderly stop is free at once: its holder has stopped sending. One whose
 * process is the last that had this node's data folder is ours from before a crash: the folder's lock proves that process
 * dead, and SETTLE_MS lets the server finish reading what it had sent.
 *
 * - *Pause* (SIGSTOP, a swapped or sleeping machine): trust is measured by a clock that goes on meanwhile. The holder
 *   wakes without trust, sends nothing, and finds the lease another's or renews it. What remains are the microseconds between the
 *   last question for trust and the system call: who is stopped there sends one piece after waking, and core subscribers see it
 *   (log-publisher.ts asks as late as it can; the stream takes no message twice).
 * - *Slow disk*, of NATS: a renewal whose answer takes longer than the trust leaves a gap in which nothing is sent, not two
 *   leaders: trust counts from the start of the renewal. Of the node: it does not enter.
 * - *Partition of the leader*: renewals fail, its trust ends, and with it the connection is reset if anything it was given is
 *   unanswered (trust-watch.ts). *Of a standby*: it sees nothing, neither changes nor their absence: a read that fails is no
 *   look, and the first that works finds another revision and begins to wait.
 * - *Clock jump*: who may hold the lease asks no wall clock. A leader's watermark is in wall time; see Ticker for jumps. Fires
 *   that leave no trace are told apart by the time alone, so the holder fires nothing that is due later than LEASE_MS after the
 *   time its lease says: one whose clock was set forward says so first. And each renewal says what was sent so far, in case
 *   the clock was set back.
 * - *Two nodes at once*: both read, both write over the same revision; the server takes one. The other waits.
 * - *A node with an older view*: the view does not decide. Taking over reads the log first, and terms come from the lease.
 * - *Lease or bucket deleted*: the holder writes it anew, over "not there". A lease that is not there says nothing of who held it
 *   last, so anybody else waits LEASE_MS for that, unless the log is empty and nobody can ever have led. The term of one who
 *   takes it then goes far ahead, for others may have held it since this node looked. For the same reason what was last seen
 *   of it counts as held until now, even when it had been given up: nobody knows what was sent without a trace since. A lease
 *   that nobody has seen says where its first holder begins, so that one after the other who dies before it leads does not
 *   move that on.
 * - *Two processes with one node id*: the lease bears the process's name, so each is a stranger to the other.
 * - *A stale write of the view*: refused by the store, term against term.
 *
 * What is left is between asking for trust and the server's reading: one chunk of 128 kB, handed to the system in the same
 * turn. It stays there only if the network stands still; then it is dropped by the reset when trust ends. A process that
 * is paused between the two, on a network that stands still then and for as long as the lease, may have it
 * delivered late: two faults in the same moment, and no more than the chunk.
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
  /** The term that was last said to be another's. */
  #standingBy = 0;
  #cancel: CancelTimer = () => {};
  #step: Promise<void> | undefined;
  #stopped = true;
  /** A look is about to come that does not wait for its time. */
  #hastens = false;
  #takesNothing = false;
  readonly #skew = new ClockSkew();

  constructor(context: EngineContext, events: ElectorEvents) {
    this.#context = context;
    this.#events = events;
  }

  /** Of the lease as it was last seen, whoever holds it. */
  get term(): number {
    return Math.max(this.#term, this.#last?.term ?? 0);
  }

  get isLeading(): boolean {
    return this.#leading;
  }

  /** It is known who leads, be it this node or another. */
  get isDecided(): boolean {
    return this.#leading || !this.#isFirstLook;
  }

  /** Who holds the lease, as far as this node has seen; undefined when it was given up. */
  get leader(): LeaseValue | undefined {
    return this.#last?.held === true ? this.#last : undefined;
  }

  /** The same, read anew. Rejects with UnavailableError. */
  async lookAgain(): Promise<LeaseValue | undefined> {
    const entry = await this.#context.leaseStore.read();
    if (!this.#leading) this.#last = entry?.value ?? this.#last;
    return this.leader;
  }

  isTrusted(): boolean {
    return this.#leading && this.#context.clock.monotonic() < this.#trustUntil;
  }

  /** Whoever comes next takes it that nothing due later than this (epoch ms) was sent. */
  get mayFireThrough(): number {
    return (this.#last?.at ?? 0) + LEASE_MS;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = this.#takesNothing = false;
    this.#run();
  }

  /** Entries of the control bucket as they change: what was given up in good order is not left lying until the next look. */
  apply(key: string, text: string | undefined): void {
    if (key !== LEASE_KEY || this.#stopped || this.#leading || this.#hastens || text?.includes(GIVEN_UP) !== true) return;
    this.#hastens = true;
    // One look after the other; the one under way may have read what was there before.
    void (this.#step ?? Promise.resolve()).then(() => {
      this.#hastens = false;
      if (this.#leading) return;
      this.#cancel();
      this.#run();
    });
  }

  /** Somebody newer writes the view: this node does not lead, whatever it believed. */
  depose(newerTerm: number): void {
    // The lease may have been lost with its bucket: terms go on above what the view has seen.
    this.#term = Math.max(this.#term, newerTerm);
    if (!this.#leading) return;
    this.#lose('the view belongs to a newer term');
    // Should the lease still be ours, nobody newer is there, and its terms were begun anew: then it is taken again.
    this.#seenRevision = this.#revision;
    this.#seenSince = this.#context.clock.monotonic() - LEASE_MS + SETTLE_MS;
  }

  /** Until the next start a lease held is renewed, and none is taken. */
  takeNothing(): void {
    this.#takesNothing = true;
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
      // The watermark may stand before what no log tells of: at an older fire that is not in the log, or at the last renewal.
      this.#last = { ...this.#last, ...progress, held: false, blindThrough: this.#blindThrough };
      await this.#overwrite(this.#last);
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
    const isFirstEver = entry === undefined && this.#last === undefined && !(await this.#hasBeenLed());
    const wait = isFirstEver ? 0 : this.#waitFor(entry);
    this.#last = entry?.value ?? this.#last;
    if (wait > 0) {
      this.#isFirstLook = false;
      this.#standBy();
      return;
    }
    if (!this.#takesNothing) await this.#take(entry?.value, entry?.revision ?? 0);
  }

  /** Says so once for each leader that this node stands by for. */
  #standBy(): void {
    if (this.#last === undefined || this.#last.term === this.#standingBy || this.#isOurs(this.#last)) return;
    const { nodeId, term } = this.#last;
    this.#standingBy = term;
    this.#context.log.info({ leader: nodeId, term }, 'standing by: another node leads');
  }

  /** Milliseconds still to wait before the lease seen may be taken. */
  #waitFor(entry: { value: LeaseValue; revision: number } | undefined): number {
    const now = this.#context.clock.monotonic();
    if (entry?.value.held === false) return 0;
    // Gone, with its bucket perhaps: whoever held it last may trust itself for a while yet, and that need not be whom we saw last.
    const revision = entry?.revision ?? 0;
    if (revision !== this.#seenRevision) {
      if (this.#seenRevision > 0 && entry !== undefined) this.#lookAtClock(entry.value);
      this.#seenRevision = revision;
      this.#seenSince = now;
      if (this.#isFirstLook && this.#isOurs(entry?.value)) this.#seenSince = now - LEASE_MS + SETTLE_MS;
    }
    return this.#seenSince + LEASE_MS - now;
  }

  /** Somebody may have led before: the log has been written to, or jobs were defined beside the namespace that every start makes. */
  async #hasBeenLed(): Promise<boolean> {
    const [runs, definitions] = await Promise.all([STREAM, DEFINITIONS_STREAM].map((stream) => this.#context.bus.streamInfo(stream)));
    return (runs?.lastSequence ?? 0) > 0 || (definitions?.lastSequence ?? 0) > 1;
  }

  #lookAtClock({ nodeId, at }: LeaseValue): void {
    const { clock, log } = this.#context;
    const aheadMs = at === undefined ? undefined : this.#skew.look(nodeId, at, clock.now());
    if (aheadMs !== undefined) log.warn({ leader: nodeId, aheadMs }, 'the clocks of this server and the leader differ: after a take-over fires wait for the one that is behind, or count as missed');
  }

  /** Held by this process, or by the one before it that is dead. */
  #isOurs(lease: LeaseValue | undefined): boolean {
    const { processId, processBefore } = this.#context.config;
    const holder = lease?.process ?? '';
    return holder !== '' && (holder === processId || holder === processBefore);
  }

  async #take(previous: LeaseValue | undefined, revision: number): Promise<void> {
    const start = this.#context.clock.monotonic();
    const now = this.#context.clock.now();
    // A lease that is gone with its bucket goes on from what was last seen of it.
    const before = previous ?? (this.#last && lastSeenOf(this.#last, now));
    const beginsAt = beginningOf(before, now);
    const term = Math.max(before?.term ?? 0, this.#term) + (previous === undefined && before !== undefined ? UNSEEN_TERMS : 1);
    const value: LeaseValue = {
      nodeId: this.#context.config.nodeId, process: this.#context.config.processId, at: now, term, watermark: before?.watermark ?? 0, runsSequence: before?.runsSequence ?? 0,
      resultsSequence: before?.resultsSequence ?? 0, held: true, blindThrough: Math.max(this.#events.blindThrough(), before === undefined ? 0 : sentBlindlyThrough(before, this.#context.config.nodeId, now)),
      ...(beginsAt === undefined ? {} : { beginsAt }),
    };
    const taken = await this.#context.leaseStore.write(value, revision);
    if (taken === undefined) return;
    this.#revision = taken;
    this.#term = term;
    this.#last = value;
    this.#isFirstLook = false;
    this.#leading = true;
    this.#trustUntil = start + LEASE_MS - MARGIN_MS;
    this.#events.elected(term, before, beginsAt);
  }

  /** What the lease has said, and what came since. */
  get #blindThrough(): number {
    return Math.max(this.#last?.blindThrough ?? 0, this.#events.blindThrough());
  }

  async #renew(): Promise<void> {
    const start = this.#context.clock.monotonic();
    const value: LeaseValue = { ...(this.#last as LeaseValue), ...this.#events.progress(), at: this.#context.clock.now(), blindThrough: this.#blindThrough };
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
    const isOurs = entry?.value.process === value.process && entry?.value.nodeId === value.nodeId && entry.value.term === this.#term && entry.value.held;
    if (entry !== undefined && !isOurs) return `"${entry.value.nodeId}" took the lease for term ${entry.value.term}`;
    // Another may have held it since we last did.
    if (entry === undefined && !this.isTrusted()) return 'the lease is gone, and was not renewed in time';
    // Of two renewals the later may say less, having had no answer to the earlier; what was said stays said.
    const newest = entry !== undefined && entry.value.watermark > value.watermark ? { ...entry.value, held: value.held, blindThrough: value.blindThrough ?? 0 } : value;
    return (await leaseStore.write(newest, entry?.revision ?? 0)) ?? 'somebody else took the lease';
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
  /** `beginsAt`: where firing begins if neither the lease nor the log says how far it was; undefined = the lease does. */
  elected(term: number, previous: LeaseValue | undefined, beginsAt: number | undefined): void;
  deposed(reason: string): void;
  /** NATS answers, but the lease has been out of reach for its whole length: called at each try. */
  unreachable(): void;
  /** What a renewal says of how far firing is; undefined while the term is still being taken over. */
  progress(): LeaseProgress | undefined;
  /** Latest fire that this process sent, or knows that others may have, and that left no trace (epoch ms); 0 = none. */
  blindThrough(): number;
}

const RENEW_MS = 500;
const LOOK_MS = 250;
const MARGIN_MS = 300;
const SETTLE_MS = 250;
const GIVEN_UP = '"held":false';
/** A lease that is gone may have had this many holders since this node last saw it. */
const UNSEEN_TERMS = 1000;
