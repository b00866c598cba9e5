import type { RunBook } from '../decide/index.ts';
import { emptyRecord } from '../decide/index.ts';
import type { RunRecord, SkipReason } from '../domain/run.ts';
import { SKIP_REASONS } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { FeedMessage } from '../ports/index.ts';
import type { OffsetMinutesAt } from '../wire/index.ts';
import {
  askedMoment, askedRunId, decodeAsked, decodeDispatch, decodeEnd, decodeFlow, decodeRunAccepted, decodeRunHeader, decodeRunsRemoved, decodeRunWaiting, decodeSkipReport,
  encodeRunOptions, isAskedRunId, isRunId, kvKey, MSG_ID_HEADER,
  parseEndKey, parseRunId, parseStreamSubject, RESULTS_PREFIX, RUN_HEADER, TERM_HEADER,
} from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { Jobs } from './jobs.ts';

/** Ids of asked runs may be a minute ahead of the stream's clock, and that of this node's. */
const CLOCK_SLACK_MS = 120_000;
/** With that many answers held, those of jobs that are not known are not: anybody may write them. */
const MOST_HELD_OF_STRANGERS = 1_000;

export interface LogApplierParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly book: RunBook;
  readonly offsetMinutesAt: OffsetMinutesAt;
  readonly runsRemoved: (taskIds: readonly string[]) => void;
  readonly skipsSeen: (items: readonly SkipCount[], sequence: number) => void;
  /** A flow report that asks for a monitor message. */
  readonly flowMonitored: (report: Extract<ReturnType<typeof decodeFlow>, { ok: true }>['report'], sequence: number) => void;
  /** Whether there is such a job; while old messages are read, whether there may have been one. */
  readonly isKnown: (jobNumber: number) => boolean;
  /** Takes a message that asks for runs of a job that is not known, to apply it later with applyHeld; false = it will not be known. */
  readonly hold: (message: FeedMessage) => boolean;
  /** Something that no node of ours and no worker should have written; `problem` '' = the kind says it all. */
  readonly odd: (kind: string, problem: string) => void;
}

/** Decodes messages of the runs and results streams and applies them to a book: the same for whoever reads the log, and why. */
export class LogApplier {
  readonly #parts: LogApplierParts;

  constructor(parts: LogApplierParts) {
    this.#parts = parts;
  }

  /** Of the runs stream. */
  applyRuns(message: FeedMessage): void {
    if (message.tooLong) return this.#oddity('too-long');
    const subject = parseStreamSubject(message.subject);
    const { book } = this.#parts;
    switch (subject.kind) {
      case 'dispatch':
        return this.#applyDispatch(message, { namespace: subject.ns, app: subject.app, job: subject.job }, subject.tail ?? '');
      case 'asked':
        return this.#applyAsked(message, { namespace: subject.ns, app: subject.app, job: subject.job });
      case 'flow':
        return this.#applyFlow(message);
      case 'run-event':
        if (message.header(TERM_HEADER) === '') return this.#oddity('event-foreign');
        if (subject.event === 'skips') return this.#applySkips(message);
        if (subject.event === 'waiting') return book.applyWaiting(decodeRunWaiting(message.text)?.taskId ?? '');
        if (subject.event === 'no-retry') return book.applyNoRetry(decodeRunWaiting(message.text)?.taskId ?? '');
        if (subject.event === 'removed') return this.#applyRemoved(message);
        return this.#applyAccepted(message, { namespace: subject.ns, app: subject.app, job: subject.job });
      case 'unknown':
        return this.#oddity('subject-unknown');
      default:
        return;
    }
  }

  /** A message that `hold` took. */
  applyHeld(message: FeedMessage): void {
    const subject = parseStreamSubject(message.subject);
    if (subject.kind === 'asked') this.#applyAsked(message, { namespace: subject.ns, app: subject.app, job: subject.job }, true);
  }

  /** Of the results stream. */
  applyResult(message: FeedMessage): void {
    const key = parseEndKey(kvKey(RESULTS_PREFIX, message.subject) ?? '');
    if (key === undefined || message.header('KV-Operation') !== '') return this.#oddity('end-unknown-key');
    const { book } = this.#parts;
    const judgement = this.#judge(key.taskId);
    // Definitions are another stream, and so is the dispatch: one of both may show that there is such a run.
    if (judgement === 'impossible' || (judgement === 'of no job' && book.pending.size >= MOST_HELD_OF_STRANGERS)) return this.#oddity('end-unknown-run');
    const fromLeader = message.header(TERM_HEADER) !== '';
    const end = message.tooLong
      ? { ok: false as const, problem: 'the answer is too long to be read' }
      : decodeEnd(message.text, { allowNext: key.kind === 'pre-end', fromLeader });
    book.applyEnd({
      key, sequence: message.sequence, storedAt: message.storedAt, end: end.ok ? end : undefined, problem: end.ok ? '' : end.problem,
      ...(judgement === 'of no job' ? { isOfNoJob: true } : {}),
    });
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
    this.#parts.book.applyDispatch({ ...address, taskId, header, tail, term: () => Number(message.header(TERM_HEADER)), body: () => decodeDispatch(message.text) });
  }

  #applyRemoved(message: FeedMessage): void {
    const event = decodeRunsRemoved(message.text);
    if (event === undefined) return this.#oddity('event-unreadable');
    this.#parts.runsRemoved(event.taskIds);
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

  /** Whoever publishes it needs no term: the permission to publish on the job's subject is the right to ask. */
  #applyAsked(message: FeedMessage, address: { namespace: string; app: string; job: string }, wasHeld = false): void {
    const asked = decodeAsked(message.text);
    if (!asked.ok) return this.#parts.odd('asked-unreadable', asked.problem);
    const job = this.#jobOf(asked.job, address);
    const jobNumber = job?.number ?? asked.job;
    // One that only its number names may be about to come: definitions are another stream. The leader knows how long to wait.
    if (jobNumber === undefined || (job === undefined && this.#parts.jobs.byNumber(jobNumber) !== undefined)) {
      if (!wasHeld && this.#parts.hold(message)) return;
      return this.#parts.odd('asked-unknown-job', `${asked.runs.length} runs were asked for of ${address.namespace}.${address.app}.${address.job}, and there is no such job: nothing was started`);
    }
    const at = askedMoment(asked.at, message.storedAt);
    if (at !== asked.at) this.#parts.odd('asked-clock', `the clock of whoever asks for runs of ${address.namespace}.${address.app}.${address.job} is ${asked.at - message.storedAt} ms off`);
    // A million that wait need not have names of their own each.
    const names = job === undefined ? address : { namespace: job.definition.namespace, app: job.definition.app, job: job.definition.name };
    for (const [index, run] of asked.runs.entries()) {
      const record = emptyRecord(askedRunId(at, message.sequence, index), { jobNumber, ...names });
      if (job !== undefined) fillFromJob(record, job);
      record.trigger = 'api';
      record.scheduledAt = record.dueAt = message.storedAt + (run.delayMs ?? 0);
      record.state = run.delayMs === undefined || run.delayMs === 0 ? 'waiting' : 'delayed';
      if (run.args !== undefined) record.args = run.args;
      if (run.priority !== undefined) record.priority = run.priority;
      if (run.attempts !== undefined) record.attempts = run.attempts;
      record.ownOptions = encodeRunOptions(run);
      this.#parts.book.applyAsked(record);
    }
  }

  /** The job that bears the number and the name, else the one of that name. */
  #jobOf(number: number | undefined, { namespace, app, job: name }: { namespace: string; app: string; job: string }): JobRuntime | undefined {
    const { jobs } = this.#parts;
    const job = number === undefined ? undefined : jobs.byNumber(number);
    const isIt = job !== undefined && job.definition.name === name && job.definition.app === app && job.definition.namespace === namespace;
    return isIt ? job : jobs.byKey(`${namespace}.${app}.${name}`);
  }

  #applyFlow(message: FeedMessage): void {
    const flow = decodeFlow(message.text, this.#parts.offsetMinutesAt);
    if (!flow.ok) return this.#parts.odd('flow-unreadable', flow.problem);
    if (this.#judge(flow.report.taskId) !== 'plausible') return this.#oddity('flow-unknown-run');
    this.#parts.book.applyFlow(flow.report, message.sequence, message.storedAt);
    if (flow.report.monitorStatus !== '') this.#parts.flowMonitored(flow.report, message.sequence);
  }

  #applySkips(message: FeedMessage): void {
    const report = decodeSkipReport(message.text);
    if (report === undefined) return this.#oddity('event-unreadable');
    this.#parts.skipsSeen(report.items.flatMap(([jobNumber, namespace, app, job, reason, hour, count, lastAt]) =>
      isSkipReason(reason) ? [{ jobNumber, namespace, app, job, reason, hour, count, lastAt }] : []), message.sequence);
  }

  /**
   * A run id we could have given out: of a job we know or knew, not from the future, not older than what is kept. A run that
   * the log has shown is beyond doubt: its job may be gone by now, and whether it has left the book is each node's own affair.
   */
  #judge(taskId: string): 'plausible' | 'of no job' | 'impossible' {
    if (this.#parts.book.knows(taskId)) return 'plausible';
    const parts = parseRunId(taskId);
    const now = this.#parts.context.clock.now();
    if (parts === undefined || parts.atMs > now + CLOCK_SLACK_MS || parts.atMs < now - this.#parts.context.config.retentionMs) return 'impossible';
    return this.#parts.isKnown(parts.jobNumber) || isAskedRunId(taskId) ? 'plausible' : 'of no job';
  }

  #oddity(kind: string): void {
    this.#parts.odd(kind, '');
  }
}

function fillFromJob(record: RunRecord, { definition, prepared }: JobRuntime): void {
  record.category = definition.category;
  record.model = definition.model;
  record.attempts = definition.retry.attempts;
  record.retryOn = prepared.retryBits;
  record.priority = definition.priority;
  record.args = definition.args;
}

function isSkipReason(text: string): text is SkipReason {
  return (SKIP_REASONS as readonly string[]).includes(text);
}
