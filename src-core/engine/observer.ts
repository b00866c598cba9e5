import type { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { DefinitionChange, Feed, FeedMessage, FeedOptions } from '../ports/index.ts';
import type { decodeFlow, OffsetMinutesAt } from '../wire/index.ts';
import { ASKED_PREFIX, decodeHeartbeat, DEFINITIONS_PREFIX, DEFINITIONS_STREAM, HEARTBEAT_STREAM, kvKey, RESULTS_STREAM, STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import { decodeDefinition } from './definition-codec.ts';
import { HeldAsks } from './held-asks.ts';
import type { Jobs } from './jobs.ts';
import { LogApplier } from './log-applier.ts';
import { StampLead } from './stamp-lead.ts';
import type { Workers } from './workers.ts';

/** Longer payloads are counted and passed over. A dispatch carries at most 64 kB of arguments. */
const MAX_PAYLOAD_BYTES = 2_097_152;
/** With that many answers held for their dispatch the results wait for the runs; with half of it they go on. */
const MOST_AHEAD = 10_000;

export interface ObserverParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly book: RunBook;
  readonly workers: Workers;
  readonly offsetMinutesAt: OffsetMinutesAt;
  /** After each message of the runs and results streams. */
  readonly applied: () => void;
  /** `goneNumber`: of the job that was deleted. */
  readonly definitionChanged: (change: DefinitionChange, goneNumber: number | undefined) => void;
  readonly runsRemoved: (taskIds: readonly string[]) => void;
  readonly skipsSeen: (items: readonly SkipCount[], sequence: number) => void;
  readonly workerChanged: (key: string) => void;
  /** A flow report that asks for a monitor message. */
  readonly flowMonitored: (report: Extract<ReturnType<typeof decodeFlow>, { ok: true }>['report'], sequence: number) => void;
  readonly lost: (stream: string, reason: string) => void;
}

/** Reads the log and applies it: runs, ends, definitions and heartbeats, each in the order of its stream. */
export class Observer {
  readonly #parts: ObserverParts;
  readonly #applier: LogApplier;
  #runs: Feed | undefined;
  #results: Feed | undefined;
  #definitions: Feed | undefined;
  #heartbeats: Feed | undefined;
  readonly #held: HeldAsks;
  readonly #beatLead = new StampLead();
  /** Nothing of before the start is still to be read. */
  #hasCaughtUp = false;
  /** The results are read further than the runs, by too many answers. */
  #isAhead = false;
  /** Where reading stood when it was last begun or stopped. */
  #reached = { runs: 0, results: 0, definitions: 0 };

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#held = new HeldAsks({
      definitionsRead: async () => {
        if (this.#definitions === undefined) throw new UnavailableError('The definitions are not being read.');
        await this.#definitions.caughtUp();
      },
      apply: (message) => this.#guard(STREAM, message, (held) => {
        this.#applier.applyHeld(held);
        this.#parts.applied();
      }),
      pause: () => this.#runs?.pause(),
      resume: () => this.#runs?.resume(),
    });
    this.#applier = new LogApplier({
      ...parts, isKnown: (jobNumber) => !this.#hasCaughtUp || parts.jobs.byNumber(jobNumber) !== undefined,
      hold: (message) => {
        this.#held.hold(message);
        return true;
      },
      odd: (kind, problem) => (problem === '' ? this.#oddity(kind) : this.#odd(kind, problem)),
    });
  }

  /** Begins after the given sequences. Definitions come first: what they do not name is no run of ours. */
  async start(after: { runs: number; results: number; definitions: number }): Promise<void> {
    const { context } = this.#parts;
    this.#reached = after;
    const open = (stream: string, from: number, onMessage: (message: FeedMessage) => void, more: Pick<FeedOptions, 'needsAll' | 'mayWait'> = {}): Feed => context.bus.openFeed({
      stream, from, ...more, maxPayloadBytes: MAX_PAYLOAD_BYTES,
      onMessage: (message) => this.#guard(stream, message, onMessage),
      onLost: (reason) => this.#parts.lost(stream, reason),
    });
    this.#isAhead = this.#hasCaughtUp = false;
    this.#definitions = open(DEFINITIONS_STREAM, after.definitions + 1, (message) => this.#onDefinition(message));
    await this.#definitions.caughtUp();
    this.#heartbeats = open(HEARTBEAT_STREAM, 1, (message) => this.#onHeartbeat(message));
    // Asked for faster than they are sent, runs queue up: then a few milliseconds are no matter. A dispatch is what its end waits for.
    this.#runs = open(STREAM, after.runs + 1, (message) => this.#onRuns(message), { needsAll: true, mayWait: (subject) => subject.startsWith(ASKED_PREFIX) });
    this.#results = open(RESULTS_STREAM, after.results + 1, (message) => this.#onResult(message), { needsAll: true });
  }

  get positions(): { runs: number; results: number; definitions: number } {
    const { runs, results, definitions } = this.#reached;
    const { first } = this.#held;
    return { runs: first === undefined ? this.#runs?.position ?? runs : first - 1, results: this.#results?.position ?? results, definitions: this.#definitions?.position ?? definitions };
  }

  async definitionsCaughtUp(): Promise<void> {
    await this.#definitions?.caughtUp();
  }

  /** Resolves once all that the streams held at the call is applied. */
  async caughtUp(): Promise<void> {
    await Promise.all([this.#runs?.caughtUp(), this.#results?.caughtUp(), this.#heartbeats?.caughtUp(), this.#definitions?.caughtUp()]);
    await this.#held.settled();
    this.#hasCaughtUp = true;
  }

  /** Neither feed may run away from the other: answers that wait for their dispatch are held in memory. */
  balance(): void {
    const held = this.#parts.book.pending.size;
    const isAhead = held >= (this.#isAhead ? MOST_AHEAD / 2 : MOST_AHEAD);
    if (isAhead === this.#isAhead) return;
    this.#isAhead = isAhead;
    if (isAhead) this.#results?.pause();
    else this.#results?.resume();
  }

  async stop(): Promise<void> {
    // What was applied stays applied: the last write to the view comes after this.
    this.#reached = this.positions;
    this.#held.clear();
    const feeds = [this.#runs, this.#results, this.#definitions, this.#heartbeats];
    this.#runs = this.#results = this.#definitions = this.#heartbeats = undefined;
    await Promise.all(feeds.map((feed) => feed?.stop()));
  }

  /** Nothing that stands in a stream may stop the reading of what follows. */
  #guard(stream: string, message: FeedMessage, onMessage: (message: FeedMessage) => void): void {
    try {
      onMessage(message);
    } catch (error) {
      this.#parts.context.metrics.oddity('apply-failed');
      this.#parts.context.log.error({ err: error, stream, sequence: message.sequence, subject: message.subject }, 'a message of the log could not be applied');
    }
  }

  #onRuns(message: FeedMessage): void {
    this.#applier.applyRuns(message);
    if (this.#isAhead) this.balance();
    this.#parts.applied();
  }

  #onResult(message: FeedMessage): void {
    this.#applier.applyResult(message);
    this.balance();
    this.#parts.applied();
  }

  #onDefinition(message: FeedMessage): void {
    const key = kvKey(DEFINITIONS_PREFIX, message.subject) ?? '';
    const isDeleted = message.header('KV-Operation') !== '';
    const change = message.tooLong ? undefined : decodeDefinition(key, isDeleted ? undefined : message.text, message.sequence);
    if (change === undefined) return this.#odd('definition-unreadable', `entry ${key.slice(0, 200)}`);
    this.#parts.definitionChanged(change, this.#parts.jobs.apply(change));
  }

  #onHeartbeat(message: FeedMessage): void {
    if (message.header('KV-Operation') !== '') return;
    const beat = decodeHeartbeat(message.text);
    if (!beat.ok) return this.#odd('heartbeat-unreadable', beat.problem);
    const { clock } = this.#parts.context;
    const now = clock.now();
    // What is read of before the start may be of any age. After it, workers live however far this node's clock is from the server's.
    const at = this.#hasCaughtUp ? this.#beatLead.place(message.storedAt, now, clock.monotonic()) : Math.min(now, message.storedAt);
    const changed = this.#parts.workers.beat(beat.heartbeat, at);
    if (changed === 'too-many') this.#oddity('heartbeat-too-many');
    else if (changed !== undefined) this.#parts.workerChanged(`${changed.namespace}.${changed.app}.${changed.id}`);
  }

  #oddity(kind: string): void {
    this.#parts.context.metrics.oddity(kind);
  }

  #lastSaid = new Map<string, number>();

  /** Counted always, said once a minute. */
  #odd(kind: string, problem: string): void {
    this.#oddity(kind);
    const now = this.#parts.context.clock.monotonic();
    if (now - (this.#lastSaid.get(kind) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    this.#lastSaid.set(kind, now);
    this.#parts.context.log.warn({ kind, problem }, 'a message from outside cannot be used');
  }
}
