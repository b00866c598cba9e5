import type { BookEntry, RunBook, Verdict } from '../decide/index.ts';
import { chooseWorker, decideFire, emptyRecord } from '../decide/index.ts';
import { keepsRows } from '../domain/job.ts';
import type { RunRecord, SkipReason, SubRunRecord } from '../domain/run.ts';
import type { LogPublisher } from '../ports/index.ts';
import type { RunOptions, RunTarget, RunTrigger } from '../wire/index.ts';
import {
  argsLiteral, clientEndKey, clientStartSubject, decodeRunOptions, dispatchMsgId, encodeDispatch, encodeRunAccepted, encodeRunHeader, encodeRunWaiting,
  endKey, eventMsgId, groupStartSubject, runEventSubject, startSubject,
} from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { FireLedger } from './fire-ledger.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { RunIds } from './run-ids.ts';
import type { Situations } from './situations.ts';
import type { SkipCounter } from './skips.ts';

/** What a new run is made of. */
export interface RunPlan {
  readonly id: string;
  readonly trigger: RunTrigger;
  /** The fire, or the moment it was asked for. */
  readonly scheduledAt: number;
  /** Epoch ms after which handing it over makes no sense. */
  readonly giveUpAt: number;
  readonly args?: string;
  readonly priority?: number;
  readonly workerId?: string;
  readonly attempt?: number;
  readonly rootId?: string;
  /** What it has of its own instead of its job's. */
  readonly options?: Readonly<RunOptions>;
  /** Message id of its acceptance, when another leader might write the same one. */
  readonly eventId?: string;
}

/** `isUnsure`: see LogMessage. */
export type Settled = (sequence: number, isUnsure?: boolean) => void;

const NOTHING: Settled = () => {};

/** Hands runs over: composes the messages of a run and gives them to the log, in the order that makes a crash harmless. */
export class Dispatcher {
  readonly #context: EngineContext;
  readonly #book: RunBook;
  readonly #log: LogPublisher;
  readonly #situations: Situations;
  readonly #skips: SkipCounter;
  readonly #ledger: FireLedger;
  readonly #ids: RunIds;
  readonly #stamp: (at: number) => string;
  readonly #makeRoom: (job: JobRuntime, newest: BookEntry) => void;
  /** Ids a leader before this one put into the log after its last watermark. */
  readonly #alreadySent: ReadonlySet<string>;
  /** That leader may have sent fires of lite up to here, and no log tells which. */
  readonly #unknownThrough: number;
  readonly #term: number;
  readonly #sentBlindly: (at: number) => void;
  #isStopping = false;

  constructor(parts: {
    context: EngineContext; book: RunBook; log: LogPublisher; situations: Situations; skips: SkipCounter; ledger: FireLedger; ids: RunIds;
    stamp: (at: number) => string; makeRoom: (job: JobRuntime, newest: BookEntry) => void;
    alreadySent: ReadonlySet<string>; unknownThrough: number; term: number;
    /** Told of each fire that leaves no trace in the log. */
    sentBlindly: (at: number) => void;
  }) {
    this.#context = parts.context;
    this.#book = parts.book;
    this.#log = parts.log;
    this.#situations = parts.situations;
    this.#skips = parts.skips;
    this.#ledger = parts.ledger;
    this.#ids = parts.ids;
    this.#stamp = parts.stamp;
    this.#makeRoom = parts.makeRoom;
    this.#alreadySent = parts.alreadySent;
    this.#unknownThrough = parts.unknownThrough;
    this.#term = parts.term;
    this.#sentBlindly = parts.sentBlindly;
  }

  /** From now on what the log does not take is left to the next leader. */
  stop(): void {
    this.#isStopping = true;
  }

  /** A fire of the schedule: through the gates, then sent, held or skipped. `known`: the log has it already. */
  fire(job: JobRuntime, at: number, trigger: 'schedule' | 'catch-up'): 'taken' | 'skipped' | 'known' {
    this.#context.metrics.fired(1);
    const id = this.#ids.scheduled(job, at);
    if (this.#alreadySent.has(id) || this.#book.get(id) !== undefined || this.#book.isClosed(id)) return 'known';
    if (at <= this.#unknownThrough && job.definition.model === 'lite') return this.#skipFire(job, 'not-leader', at);
    if (this.#situations.wasPaused(at, this.#context.clock.now())) return this.#skipFire(job, 'paused', at);
    const plan = { id, trigger, scheduledAt: at, giveUpAt: at + Math.max(5000, job.definition.misfire.windowMs) };
    this.#ledger.opened(at, this.#log.lastSequence);
    const verdict = this.start(job, plan, (sequence) => {
      // Given up because this leader stops: the next one finds it undecided.
      if (sequence === 0 && this.#isStopping) return;
      this.#ledger.settled(at);
      if (sequence === 0) this.skip(job, 'nats-down', at);
    });
    if (verdict.kind !== 'skip') {
      if (job.definition.model === 'lite') this.#sentBlindly(at);
      return 'taken';
    }
    this.#ledger.settled(at);
    return this.#skipFire(job, verdict.reason, at);
  }

  /** Puts a run through the gates and acts on the verdict. `onSettled` is called unless it is skipped. `now`: for whoever has looked who lives, or the two looks could differ. */
  start(job: JobRuntime, plan: RunPlan, onSettled: Settled, now = this.#context.clock.now()): Verdict {
    const verdict = decideFire(job.definition, this.#situations.of(job, now));
    if (verdict.kind === 'dispatch') this.#sendNew(job, plan, now, onSettled);
    else if (verdict.kind === 'wait') this.#queue(job, plan, now, onSettled);
    else if (verdict.kind === 'replace') this.#makeRoom(job, this.#queue(job, plan, now, onSettled));
    return verdict;
  }

  /** Its place is taken at once: a burst must not queue more than the bound, nor replace less than all. */
  #queue(job: JobRuntime, plan: RunPlan, now: number, onSettled: Settled): BookEntry {
    const record = newRecord(job, plan);
    record.dueAt = now;
    const entry = this.#book.reserveWaiting(record);
    this.accept(job, plan, 'waiting', now, (sequence, isUnsure) => {
      if (sequence === 0) this.#book.undoWaiting(entry);
      onSettled(sequence, isUnsure);
    });
    return entry;
  }

  /** Writes a run into the log that is not to be sent yet. */
  accept(job: JobRuntime, plan: RunPlan, state: 'delayed' | 'waiting', dueAt: number, onSettled: Settled, targets?: RunTarget[]): void {
    const { definition } = job;
    const { namespace, app, name } = definition;
    const event = encodeRunAccepted({
      v: 1, taskId: plan.id, jobNumber: job.number, trigger: plan.trigger, attempt: plan.attempt ?? 1, attempts: plan.options?.attempts ?? definition.retry.attempts,
      scheduledAt: plan.scheduledAt, dueAt, state, priority: plan.priority ?? definition.priority,
      ...(plan.rootId ? { rootTaskId: plan.rootId } : {}),
      ...(plan.args === undefined ? {} : { args: plan.args }),
      ...(plan.workerId ? { workerId: plan.workerId } : {}),
      ...(targets === undefined ? {} : { targets }),
      ...(plan.options === undefined ? {} : { options: plan.options }),
    });
    this.#log.publish({
      subject: runEventSubject('accepted', namespace, app, name), text: event, id: targets === undefined ? (plan.eventId ?? eventMsgId('accepted', plan.id)) : `${eventMsgId('accepted', plan.id)}:targets`, runHeader: '',
      giveUpAt: plan.giveUpAt, onSettled,
    });
  }

  /** A delayed run has come due but not its turn. */
  hold(entry: BookEntry): void {
    const { record } = entry;
    this.#log.publish({
      subject: runEventSubject('waiting', record.namespace, record.app, record.job), text: encodeRunWaiting({ v: 1, taskId: record.id }),
      id: eventMsgId('waiting', record.id), runHeader: '', giveUpAt: Number.POSITIVE_INFINITY, onSettled: NOTHING,
    });
  }

  /** No attempt will follow (its job is gone or disabled): every node has to know, not only who decided it. `eventId`: that of the attempt's acceptance. */
  refuseRetry({ record }: BookEntry, eventId: string, onSettled: Settled): void {
    this.#log.publish({
      subject: runEventSubject('no-retry', record.namespace, record.app, record.job), text: encodeRunWaiting({ v: 1, taskId: record.id }),
      id: eventId, runHeader: '', giveUpAt: Number.POSITIVE_INFINITY, onSettled,
    });
  }

  /** Sends a run that the log has as delayed or waiting; the caller has asked the gates. */
  release(job: JobRuntime, entry: BookEntry): void {
    const { record } = entry;
    if (entry.dispatching || entry.cancelling) return;
    const runningCount = this.#book.look(job.number).active.size;
    this.#book.startDispatch(entry);
    const now = this.#context.clock.now();
    job.rate?.take(now);
    if (entry.targets !== undefined) return this.sendTargets(job, entry, now);
    this.#send(job, entry, runningCount, now, (sequence) => {
      if (sequence === 0) this.#book.undoDispatch(entry);
    }, Number.POSITIVE_INFINITY, record.args);
  }

  /** Map: the second step, with the same id, new times. */
  sendNextStep(job: JobRuntime, record: RunRecord, onSettled: Settled): void {
    const { namespace, app, name } = job.definition;
    const now = this.#context.clock.now();
    const expiresAt = now + timeoutOf(job, record);
    const header = encodeRunHeader({ ...headerOf(job, record), dispatchedAt: now, expiresAt, targets: 0, step: 2 });
    const text = this.#body(job, record, now, expiresAt, endKey(namespace, app, name, record.id), record.runningCount);
    this.#log.publish({
      subject: startSubject(namespace, app, name), text, id: dispatchMsgId(record.id, 2), runHeader: header,
      giveUpAt: Number.POSITIVE_INFINITY, onSettled,
    });
  }

  /** Sends what of a fan-out the log does not show. */
  sendTargets(job: JobRuntime, entry: BookEntry, now = this.#context.clock.now()): void {
    const open = [...(entry.targets?.values() ?? [])].filter((target) => target.startedAt === 0 && target.endedAt === 0);
    for (const target of open) this.#sendTarget(job, entry.record, target, entry.record.targets, now, NOTHING, Number.POSITIVE_INFINITY);
  }

  skip(job: JobRuntime, reason: SkipReason, at: number, count = 1): void {
    this.#skips.add(job, reason, at, count);
    this.#context.metrics.skipped(reason, count);
  }

  #skipFire(job: JobRuntime, reason: SkipReason, at: number): 'skipped' {
    this.skip(job, reason, at);
    return 'skipped';
  }

  #sendNew(job: JobRuntime, plan: RunPlan, now: number, onSettled: Settled): void {
    job.rate?.take(now);
    if (!keepsRows(job.definition.model)) return this.#sendForgotten(job, plan, now, onSettled);
    const record = newRecord(job, plan);
    const runningCount = this.#book.look(job.number).active.size;
    const entry = this.#book.reserve(record);
    this.#send(job, entry, runningCount, now, (sequence, isUnsure) => {
      if (sequence === 0) this.#book.undoDispatch(entry);
      onSettled(sequence, isUnsure);
    }, plan.giveUpAt, plan.args);
  }

  /** `now` is what the rate limit counts, too: a later moment in the message could be less than its time after the one before. */
  #send(job: JobRuntime, entry: BookEntry, runningCount: number, now: number, onSettled: Settled, giveUpAt: number, args: string | undefined): void {
    const { record } = entry;
    const { route } = job.prepared;
    this.#context.metrics.dispatched(record.model, Math.max(0, now - Math.max(record.scheduledAt, record.dueAt)));
    record.runningCount = runningCount;
    entry.sentInTerm = this.#term;
    if (route.target === undefined) return this.#sendPlain(job, record, now, onSettled, giveUpAt, args);
    if (route.target === 'worker' && record.category === 'standalone') return this.#sendToOne(job, record, now, onSettled, giveUpAt);
    this.#sendToAll(job, entry, now, onSettled, giveUpAt);
  }

  #sendPlain(job: JobRuntime, record: RunRecord, now: number, onSettled: Settled, giveUpAt: number, args: string | undefined): void {
    const { prepared } = job;
    const expiresAt = now + timeoutOf(job, record);
    const isMap = record.category === 'map';
    const key = (isMap ? 'natsjob.job.pre-end' : 'natsjob.job.end') + prepared.address + record.id;
    this.#log.publish({
      subject: prepared.subject, text: this.#body(job, record, now, expiresAt, key, record.runningCount, args), id: record.id,
      runHeader: encodeRunHeader({ ...headerOf(job, record), dispatchedAt: now, expiresAt, targets: 0, step: 1 }), giveUpAt, onSettled,
    });
  }

  #sendToOne(job: JobRuntime, record: RunRecord, now: number, onSettled: Settled, giveUpAt: number): void {
    const { weighted, live } = this.#situations.workers(job, now);
    // A run that a person gave to one worker waits for that one, even if it is gone by now.
    const chosen = record.workerId === ''
      ? chooseWorker(job.definition.condition, weighted, this.#situations.lastWorker(job), this.#context.random)
      : live.find((worker) => worker.id === record.workerId);
    if (chosen === undefined) return onSettled(0);
    job.lastWorker = chosen.id;
    const { namespace, app, name } = job.definition;
    const expiresAt = now + timeoutOf(job, record);
    this.#log.publish({
      subject: clientStartSubject(namespace, app, name, chosen.id),
      text: this.#body(job, record, now, expiresAt, clientEndKey(namespace, app, name, record.id, '1'), record.runningCount),
      id: record.id, giveUpAt, onSettled,
      runHeader: encodeRunHeader({ ...headerOf(job, record), dispatchedAt: now, expiresAt, targets: 0, step: 1, subId: '1' }),
    });
  }

  /** The plan goes into the log first: whoever takes over knows all targets even if only some messages were sent. */
  #sendToAll(job: JobRuntime, entry: BookEntry, now: number, onSettled: Settled, giveUpAt: number): void {
    const { record } = entry;
    const { weighted, groups } = this.#situations.workers(job, now);
    const isGroup = record.category === 'group';
    const names = isGroup ? groups : weighted.map((worker) => worker.id);
    if (names.length === 0) return onSettled(0);
    const targets = names.map((name, index): RunTarget => ({ subId: String(index + 1), ...(isGroup ? { group: name } : { workerId: name }) }));
    const plan: RunPlan = {
      id: record.id, trigger: record.trigger as RunTrigger, scheduledAt: record.scheduledAt, giveUpAt, args: record.args,
      priority: record.priority, attempt: record.attempt, ...(record.rootId === '' ? {} : { rootId: record.rootId }),
      ...(record.ownOptions === '' ? {} : { options: decodeRunOptions(record.ownOptions) }),
    };
    let left = targets.length + 1;
    let last = 0;
    let isAnyUnsure = false;
    const settled: Settled = (sequence, isUnsure = false) => {
      last = Math.max(last, sequence);
      isAnyUnsure ||= isUnsure;
      if (--left === 0) onSettled(last, isAnyUnsure);
    };
    // A run that waited has its first acceptance in the log already; this one names the targets, under an id of its own.
    this.accept(job, plan, 'waiting', record.dueAt, settled, targets);
    for (const [index, name] of names.entries()) {
      this.#sendTarget(job, record, { number: index + 1, workerId: name }, names.length, now, settled, giveUpAt);
    }
  }

  #sendTarget(job: JobRuntime, record: RunRecord, target: Pick<SubRunRecord, 'number' | 'workerId'>, targets: number, now: number, onSettled: Settled, giveUpAt: number): void {
    const { namespace, app, name } = job.definition;
    const subId = String(target.number);
    const expiresAt = now + timeoutOf(job, record);
    const subject = job.definition.category === 'group' ? groupStartSubject(namespace, app, name, target.workerId) : clientStartSubject(namespace, app, name, target.workerId);
    this.#log.publish({
      subject, text: this.#body(job, record, now, expiresAt, clientEndKey(namespace, app, name, record.id, subId), record.runningCount),
      id: dispatchMsgId(record.id, 1, subId), giveUpAt, onSettled,
      runHeader: encodeRunHeader({ ...headerOf(job, record), dispatchedAt: now, expiresAt, targets, step: 1, subId }),
    });
  }

  /** lite and plus: no row, no end. */
  #sendForgotten(job: JobRuntime, plan: RunPlan, now: number, onSettled: Settled): void {
    const { prepared, definition } = job;
    this.#context.metrics.dispatched(definition.model, Math.max(0, now - plan.scheduledAt));
    const text = encodeDispatch(prepared.template, {
      taskId: plan.id, argsJson: plan.args === undefined ? prepared.argsJson : argsLiteral(plan.args), createdAt: this.#stamp(now),
      expiresAt: '', endKey: '', runningCount: 0, priority: plan.priority ?? definition.priority,
    });
    if (prepared.route.isVoid) {
      this.#context.bus.publishVoid(prepared.subject, text);
      return onSettled(1);
    }
    this.#log.publish({ subject: prepared.subject, text, id: plan.id, runHeader: '', giveUpAt: plan.giveUpAt, onSettled });
  }

  #body(job: JobRuntime, record: RunRecord, now: number, expiresAt: number, key: string, runningCount: number, args: string | undefined = record.args): string {
    const { prepared, definition } = job;
    const own = args === undefined || args === definition.args;
    return encodeDispatch(prepared.template, {
      taskId: record.id, argsJson: own ? prepared.argsJson : argsLiteral(args), createdAt: this.#stamp(now), expiresAt: this.#stamp(expiresAt),
      endKey: key, runningCount, attempt: record.attempt, priority: record.priority, ...(record.rootId === '' ? {} : { rootTaskId: record.rootId }),
    });
  }
}

/** The run as it is before the log knows it. */
function newRecord(job: JobRuntime, plan: RunPlan): RunRecord {
  const { definition } = job;
  const { namespace, app, name } = definition;
  const record = emptyRecord(plan.id, { jobNumber: job.number, namespace, app, job: name });
  record.category = definition.category;
  record.model = definition.model;
  record.state = 'waiting';
  record.trigger = plan.trigger;
  record.attempt = plan.attempt ?? 1;
  record.attempts = definition.retry.attempts;
  record.retryOn = job.prepared.retryBits;
  record.rootId = plan.rootId ?? '';
  record.priority = plan.priority ?? definition.priority;
  record.scheduledAt = plan.scheduledAt;
  record.dueAt = plan.scheduledAt;
  record.args = plan.args ?? definition.args;
  record.workerId = plan.workerId ?? '';
  return record;
}

function timeoutOf({ definition }: JobRuntime, { ownOptions }: RunRecord): number {
  return (ownOptions === '' ? undefined : decodeRunOptions(ownOptions).timeoutMs) ?? definition.timeoutMs;
}

function headerOf(job: JobRuntime, record: RunRecord) {
  return {
    jobNumber: job.number, trigger: record.trigger as RunTrigger, attempt: record.attempt, attempts: record.attempts,
    scheduledAt: record.scheduledAt, retryOn: record.retryOn, priority: record.priority,
    ...(record.rootId === '' ? {} : { rootTaskId: record.rootId }),
  };
}

