import type { MemoryNats } from '../support/memory-nats.ts';
import { kvPrefix, STREAM } from '../../src-core/wire/index.ts';

/** Of design.md, section 7: a lease is good for 2 s, and its holder stops 300 ms before. */
const TRUSTED_MS = 1700;
const LEASE_SUBJECT = `${kvPrefix('natsjob-control')}lease`;

interface Lease {
  readonly nodeId: string;
  readonly term: number;
  /** 0: its holder is still to find out. */
  readonly watermark: number;
  readonly at: number;
  /** While the watermark is 0: fires behind it are its holder's to decide. */
  readonly beginsAt?: number;
  readonly held: boolean;
}

/** Reads the lease off the wire, and says until when a term may send. */
export class LeaseWatch {
  readonly violations: string[] = [];
  /** The newest lease; undefined once it was deleted. */
  last: Lease | undefined;
  /** Fires up to here are decided, by whoever said so. */
  watermark = 0;
  /** Fires in between were decided by nobody who could tell the next: the lease was lost, and all who knew it. */
  readonly unknown: { readonly after: number; readonly through: number }[] = [];
  /** Somebody took the lease who had never seen one, though others had led. */
  isForgotten = false;
  /** Where the runs stream ended when the lease was last taken: what a term before sends behind it came late. */
  runsHead = 0;
  /** Each taking of the lease, by the wall clock of the world; `watermark`: from where on its taker has a gap. */
  readonly takeOvers: { readonly at: number; readonly watermark: number }[] = [];
  /** Terms that were ever taken, and until when each trusts itself: not later than 1.7 s after its last renewal arrived. */
  readonly #until = new Map<number, number>();
  readonly #holders = new Map<number, string>();
  readonly #time: { now(): number; monotonic(): number };

  readonly #nats: MemoryNats;

  constructor(nats: MemoryNats, time: { now(): number; monotonic(): number }) {
    this.#time = time;
    this.#nats = nats;
    nats.listen((subject, text) => {
      if (subject === LEASE_SUBJECT) this.#onLease(text);
    });
  }

  /**
   * The entry or its bucket is gone. Whoever has seen it goes on from there; when nobody is left who has, terms begin anew and
   * firing goes on from now: see `unknown`.
   */
  lost(): void {
    this.last = undefined;
    this.#holders.clear();
  }

  /** A term sent something at that moment. */
  sent(term: number, at: number, what: string): void {
    const until = this.#until.get(term);
    if (until === undefined) this.violations.push(`${what} was sent by term ${term}, which nobody holds`);
    else if (at > until) this.violations.push(`${what} was sent by term ${term}, ${at - until} ms after its trust had ended`);
  }

  #onLease(text: string): void {
    if (text === '') return this.lost();
    const lease = JSON.parse(text) as Lease;
    const before = this.last;
    if (before !== undefined) {
      if (lease.term < before.term) this.violations.push(`the lease went from term ${before.term} to ${lease.term}`);
      if (lease.watermark < before.watermark) this.violations.push(`the watermark went back by ${before.watermark - lease.watermark} ms in term ${lease.term}`);
    }
    const decided = lease.watermark || (lease.beginsAt ?? lease.at);
    if (lease.watermark === 0 && this.watermark > 0) this.isForgotten = true;
    if (before === undefined && this.watermark > 0 && decided > this.watermark) this.unknown.push({ after: this.watermark, through: decided });
    if (lease.held && before?.term !== lease.term) {
      // Who is still to find out goes on behind the latest fire of the log, not from where its own deciding begins.
      this.takeOvers.push({ at: this.#time.now(), watermark: lease.watermark || Math.min(decided, this.watermark || decided) });
      this.runsHead = this.#nats.stream(STREAM)?.lastSequence ?? 0;
    }
    const holder = this.#holders.get(lease.term);
    if (holder !== undefined && holder !== lease.nodeId) this.violations.push(`${holder} and ${lease.nodeId} both held term ${lease.term}`);
    this.#holders.set(lease.term, lease.nodeId);
    this.last = lease;
    this.watermark = Math.max(this.watermark, lease.watermark);
    this.#until.set(lease.term, lease.held ? this.#time.monotonic() + TRUSTED_MS : this.#time.monotonic());
  }
}
