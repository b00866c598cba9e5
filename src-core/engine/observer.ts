import type { RunBook } from '../decide/index.ts';
import type { SkipReason } from '../domain/run.ts';
import { SKIP_REASONS } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { DefinitionChange, Feed, FeedMessage } from '../ports/index.ts';
import type { OffsetMinutesAt } from '../wire/index.ts';
import {
  decodeDispatch, decodeEnd, decodeFlow, decodeHeartbeat, decodeRunAccepted, decodeRunHeader, decodeRunWaiting, decodeSkipReport,
  DEFINITIONS_PREFIX, DEFINITIONS_STREAM, HEARTBEAT_STREAM, isRunId, kvKey, MSG_ID_HEADER, parseEndKey, parseRunId, parseStreamSubject,
  RESULTS_PREFIX, RESULTS_STREAM, RUN_HEADER, STREAM, TERM_HEADER,
} from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import { decodeDefinition } from './definition-codec.ts';
import type { Jobs } from './jobs.ts';
import type { Workers } from './workers.ts';

/** Longer payloads are counted and passed over. A dispatch carries at most 64 kB of arguments. */
const MAX_PAYLOAD_BYTES = 2_097_152;
const CLOCK_SLACK_MS = 60_000;
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
  readonly skipsSeen: (items: readonly SkipCount[]) => void;
  readonly workerChanged: (key: string) => void;
  /** A flow report that asks for a monitor message. */
  readonly flowMonitored: (report: Extract<ReturnType<typeof decodeFlow>, { ok: true }>['report'], sequence: number) => void;
  readonly lost: (stream: string, reason: string) => void;
}

/** Reads the log and applies it: runs, ends, definitions and heartbeats, each in the order of its stream. */
export class Observer {
  readonly #parts: ObserverParts;
  #runs: Feed | undefined;
  #results: Feed | undefined;
  #definitions: Feed | undefined;
  #heartbeats: Feed | undefined;
  #isPaused = false;
  /** The results are read further than the runs, by too many answers. */
  #isAhead = false;
  /** Where reading stood when it was last begun or stopped. */
  #reached = { runs: 0, results: 0, definitions: 0 };

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  /** Begins after the given sequences. Definitions come first: what they do not name is no run of ours. */
  async start(after: { runs: number; results: number; definitions: number }): Promise<void> {
    const { context } = this.#parts;
    this.#reached = after;
    const open = (stream: string, from: number, onMessage: (message: FeedMessage) => void): Feed => context.bus.openFeed({
      stream, from, maxPayloadBytes: MAX_PAYLOAD_BYTES,
      onMessage: (message) => this.#guard(stream, message, onMessage),
      onLost: (reason) => this.#parts.lost(stream, reason),
    });
    this.#isPaused = this.#isAhead = false;
    this.#definitions = open(DEFINITIONS_STREAM, after.definitions + 1, (message) => this.#onDefinition(message));
    await this.#definitions.caughtUp();
    this.#heartbeats = open(HEARTBEAT_STREAM, 1, (message) => this.#onHeartbeat(message));
    this.#runs = open(STREAM, after.runs + 1, (message) => this.#onRuns(message));
    this.#results = open(RESULTS_STREAM, after.results + 1, (message) => this.#onResult(message));
  }

  get positions(): { runs: number; results: number; definitions: number } {
    const { runs, results, definitions } = this.#reached;
    return { runs: this.#runs?.position ?? runs, results: this.#results?.position ?? results, definitions: this.#definitions?.position ?? definitions };
  }

  async definitionsCaughtUp(): Promise<void> {
    await this.#definitions?.caughtUp();
  }

  /** Resolves once all that the streams held at the call is applied. */
  async caughtUp(): Promise<void> {
    await Promise.all([this.#runs?.caughtUp(), this.#results?.caughtUp(), this.#heartbeats?.caughtUp(), this.#definitions?.caughtUp()]);
  }

  /** The view cannot take more: the streams hold the backlog. */
  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#runs?.pause();
    this.#results?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#runs?.resume();
    if (!this.#isAhead) this.#results?.resume();
  }

  /** Neither feed may run away from the other: answers that wait for their dispatch are held in memory. */
  balance(): void {
    const held = this.#parts.book.pending.size;
    const isAhead = held >= (this.#isAhead ? MOST_AHEAD / 2 : MOST_AHEAD);
    if (isAhead === this.#isAhead) return;
    this.#isAhead = isAhead;
    if (this.#isPaused) return;
    if (isAhead) this.#results?.pause();
    else this.#results?.resume();
  }

  async stop(): Promise<void> {
    // What was applied stays applied: the last write to the view comes after this.
    this.#reached = this.positions;
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
    if (message.tooLong) this.#oddity('too-long');
    else this.#applyRuns(message);
    if (this.#isAhead) this.balance();
    this.#parts.applied();
  }

  #applyRuns(message: FeedMessage): void {
    const subject = parseStreamSubject(message.subject);
    const { book } = this.#parts;
    switch (subject.kind) {
      case 'dispatch':
        return this.#applyDispatch(message, { namespace: subject.ns, app: subject.app, job: subject.job }, subject.tail ?? '');
      case 'flow':
        return this.#applyFlow(message);
      case 'run-event':
        if (message.header(TERM_HEADER) === '') return this.#oddity('event-foreign');
        if (subject.event === 'skips') return this.#applySkips(message);
        if (subject.event === 'waiting') return book.applyWaiting(decodeRunWaiting(message.text)?.taskId ?? '');
        return this.#applyAccepted(message, { namespace: subject.ns, app: subject.app, job: subject.job });
      case 'unknown':
        return this.#oddity('subject-unknown');
      default:
        return;
    }
  }

  /** Only what a leader sent has the run header; workers may pass steps to each other on the same subjects. */
  #applyDispatch(message: FeedMessage, address: { namespace: string; app: string; job: string }, tail: string): void {
    const text = message.header(RUN_HEADER);
    if (text === '') return;
    const header = decodeRunHeader(text);
    const messageId = message.header(MSG_ID_HEADER);
    const colon = messageId.indexOf(':');
    const taskId = colon < 0 ? messageId : messageId.slice(0, colon);
    if (header === undefined || !isRunId(taskId)) return this.#oddity('dispatch-unreadable');
    this.#parts.book.applyDispatch({ ...address, taskId, header, tail, body: () => decodeDispatch(message.text) });
  }

  #applyAccepted(message: FeedMessage, address: { namespace: string; app: string; job: string }): void {
    const event = decodeRunAccepted(message.text);
    if (event === undefined) return this.#oddity('event-unreadable');
    const job = this.#parts.jobs.byNumber(event.jobNumber);
    const defaults = {
      category: job?.definition.category ?? 'standalone', model: job?.definition.model ?? 'max',
      retryOn: job?.prepared.retryBits ?? 0, args: job?.definition.args ?? '',
    } as const;
    this.#parts.book.applyAccepted({ ...address, event, storedAt: message.storedAt }, defaults);
  }

  #applyFlow(message: FeedMessage): void {
    const flow = decodeFlow(message.text, this.#parts.offsetMinutesAt);
    if (!flow.ok) return this.#odd('flow-unreadable', flow.problem);
    if (!this.#isPlausible(flow.report.taskId)) return this.#oddity('flow-unknown-run');
    this.#parts.book.applyFlow(flow.report, message.sequence, message.storedAt);
    if (flow.report.monitorStatus !== '') this.#parts.flowMonitored(flow.report, message.sequence);
  }

  #applySkips(message: FeedMessage): void {
    const report = decodeSkipReport(message.text);
    if (report === undefined) return this.#oddity('event-unreadable');
    this.#parts.skipsSeen(report.items.flatMap(([jobNumber, namespace, app, job, reason, hour, count, lastAt]) =>
      isSkipReason(reason) ? [{ jobNumber, namespace, app, job, reason, hour, count, lastAt }] : []));
  }

  #onResult(message: FeedMessage): void {
    this.#applyResult(message);
    this.balance();
    this.#parts.applied();
  }

  #applyResult(message: FeedMessage): void {
    const key = parseEndKey(kvKey(RESULTS_PREFIX, message.subject) ?? '');
    if (key === undefined || message.header('KV-Operation') !== '') return this.#oddity('end-unknown-key');
    if (!this.#isPlausible(key.taskId)) return this.#oddity('end-unknown-run');
    const fromLeader = message.header(TERM_HEADER) !== '';
    const end = message.tooLong
      ? { ok: false as const, problem: 'the answer is too long to be read' }
      : decodeEnd(message.text, { allowNext: key.kind === 'pre-end', fromLeader });
    this.#parts.book.applyEnd({
      key, sequence: message.sequence, storedAt: message.storedAt, end: end.ok ? end : undefined, problem: end.ok ? '' : end.problem,
    });
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
    const changed = this.#parts.workers.beat(beat.heartbeat, Math.min(clock.now(), message.storedAt));
    if (changed === 'too-many') this.#oddity('heartbeat-too-many');
    else if (changed !== undefined) this.#parts.workerChanged(`${changed.namespace}.${changed.app}.${changed.id}`);
  }

  /** A run id we could have given out: of a job we know or knew, not from the future, not older than what is kept. */
  #isPlausible(taskId: string): boolean {
    if (this.#parts.book.get(taskId) !== undefined) return true;
    const parts = parseRunId(taskId);
    if (parts === undefined) return false;
    const now = this.#parts.context.clock.now();
    return this.#parts.jobs.byNumber(parts.jobNumber) !== undefined && parts.atMs <= now + CLOCK_SLACK_MS && parts.atMs >= now - this.#parts.context.config.retentionMs;
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

function isSkipReason(text: string): text is SkipReason {
  return (SKIP_REASONS as readonly string[]).includes(text);
}
