import type { Category, Model } from '../domain/job.ts';
import type { RunRecord, RunState, SubRunRecord } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import { canMove, moveTo } from '../domain/transitions.ts';
import type { End, FlowReport } from '../wire/index.ts';
import { isForeignKey } from './answer-keys.ts';
import { type BookEntry, emptyRecord, newEntry } from './book-entry.ts';
import type { BookListener } from './book-listener.ts';
import { ClosedRuns } from './closed-runs.ts';
import { fillFromBody, fillFromDispatch, recordOf } from './dispatch-record.ts';
import { isEarly, isOurs, keepsLateAnswers, stateOf } from './end-rules.ts';
import type { JobRuns } from './job-runs.ts';
import { PendingEnds } from './pending-ends.ts';
import { RetryChains } from './retry-chains.ts';
import { wantsRetry } from './retry.ts';
import { RunPlaces } from './run-places.ts';
import { answerOf, blankSubRun, flowOf } from './sub-runs.ts';
import { allStarted, endTarget, isRunning, worstEnd } from './targets.ts';
import { UnsavedRuns } from './unsaved-runs.ts';
import { WorkerLoad } from './worker-load.ts';
import type { AcceptedSeen, DispatchSeen, EndSeen } from './seen.ts';

const CLOSED_REMEMBERED = 50_000;

/**
 * All open runs, kept by applying the log in order. The same log gives the same book on every node, whoever leads.
 * Applying is idempotent and does not mind whether an end comes before its dispatch.
 */
export class RunBook {
  readonly pending = new PendingEnds();
  readonly workerLoad = new WorkerLoad();
  readonly #listener: BookListener;
  readonly #entries = new Map<string, BookEntry>();
  readonly #places = new RunPlaces();
  readonly #closed = new ClosedRuns(CLOSED_REMEMBERED);
  /** Those of them whose later answers are kept. */
  readonly #closedBroadcasts = new ClosedRuns(CLOSED_REMEMBERED);
  readonly #chains = new RetryChains();
  readonly #unsaved = new UnsavedRuns();

  constructor(listener: BookListener) {
    this.#listener = listener;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Runs and sub-runs changed since they were last taken. */
  get unsaved(): number {
    return this.#unsaved.size;
  }

  get activeRuns(): number {
    return this.#places.active;
  }

  get queuedRuns(): number {
    return this.#places.queued;
  }

  get(id: string): BookEntry | undefined {
    return this.#entries.get(id);
  }

  isClosed(id: string): boolean {
    return this.#closed.has(id);
  }

  entries(): Iterable<BookEntry> {
    return this.#entries.values();
  }

  /** The job's open runs, to look at. */
  look(jobNumber: number): Pick<JobRuns, 'active' | 'waiting' | 'delayed'> {
    return this.#places.look(jobNumber);
  }

  /** Takes over what the view knows as open, with the targets of fan-out runs. */
  load(record: RunRecord, targets: readonly SubRunRecord[]): BookEntry {
    const entry = newEntry(record);
    entry.logged = true;
    entry.persisted = true;
    if (targets.length > 0) entry.targets = new Map(targets.map((target) => [String(target.number), target]));
    if (!isFinal(record.state)) for (const target of targets) if (isRunning(target)) this.workerLoad.startTarget(record, target);
    entry.nextSeen = record.step === 2 || (record.step === 3 && (record.reason !== '' || record.workerId !== ''));
    this.#entries.set(record.id, entry);
    this.#chains.add(entry);
    this.#place(entry);
    return entry;
  }

  /** A run this node is about to dispatch: counts as active from now on. */
  reserve(record: RunRecord): BookEntry {
    const entry = newEntry(record);
    entry.dispatching = true;
    this.#entries.set(record.id, entry);
    this.#place(entry);
    return entry;
  }

  /** A run this node is about to put into the log as waiting: takes its place in the queue now, and is sent only once the log shows it. */
  reserveWaiting(record: RunRecord): BookEntry {
    const entry = newEntry(record);
    this.#entries.set(record.id, entry);
    this.#place(entry);
    return entry;
  }

  /** The log did not take it. */
  undoWaiting(entry: BookEntry): void {
    if (entry.logged) return;
    this.#entries.delete(entry.record.id);
    this.#place(entry);
  }

  /** A held or delayed run this node is about to dispatch. */
  startDispatch(entry: BookEntry): void {
    entry.dispatching = true;
    this.#place(entry);
  }

  /** The message did not reach the log: as if it had not been tried. */
  undoDispatch(entry: BookEntry): void {
    if (!entry.dispatching) return;
    entry.dispatching = false;
    if (!entry.logged) this.#entries.delete(entry.record.id);
    this.#place(entry);
  }

  applyDispatch(seen: DispatchSeen): void {
    const { header, taskId } = seen;
    let entry = this.#entries.get(taskId);
    if (entry === undefined) {
      if (this.#closed.has(taskId)) return;
      const record = recordOf(seen);
      if (record === undefined) return this.#listener.oddity('dispatch-unreadable');
      entry = newEntry(record);
      this.#follow(entry);
      this.#entries.set(taskId, entry);
    } else if (entry.logged && entry.record.step === 0 && !entry.dispatching) {
      fillFromBody(entry.record, seen);
    }
    const { record } = entry;
    entry.logged = true;
    fillFromDispatch(record, seen);
    if (header.subId !== undefined && header.targets > 0) this.#startTarget(entry, header.subId, seen.tail, header.targets, header.dispatchedAt);
    else if (seen.tail !== '' && !(isFinal(record.state) && record.workerId !== '')) record.workerId = seen.tail;
    this.#unsaved.touch(entry);
    if (isFinal(record.state)) return;
    if (record.state !== 'active') moveTo(record, 'active');
    entry.dispatching = !allStarted(entry);
    this.#place(entry);
    this.#listener.dispatched(entry);
    this.pending.sift(taskId, (end, behindOthers) => this.#tryEnd(entry, end, behindOthers));
  }

  applyAccepted(seen: AcceptedSeen, defaults: { category: Category; model: Model; retryOn: number; args: string }): void {
    const { event } = seen;
    if (this.#closed.has(event.taskId)) return;
    let entry = this.#entries.get(event.taskId);
    if (entry?.logged) return this.#addTargets(entry, seen);
    const root = event.rootTaskId ?? '';
    // The log may hold two plans for the same attempt when a leader fell in between: the first one counts.
    if (event.attempt > 1 && this.#isFollowed(root, event.attempt)) return this.#listener.oddity('attempt-twice');
    const record = entry?.record ?? emptyRecord(event.taskId, { jobNumber: event.jobNumber, namespace: seen.namespace, app: seen.app, job: seen.job });
    Object.assign(record, {
      category: defaults.category, model: defaults.model, retryOn: defaults.retryOn, args: event.args ?? defaults.args,
      state: event.state, trigger: event.trigger, attempt: event.attempt, attempts: event.attempts, rootId: root,
      priority: event.priority ?? 5, scheduledAt: event.scheduledAt, dueAt: event.dueAt, workerId: event.workerId ?? '',
    } satisfies Partial<RunRecord>);
    if (entry === undefined) {
      entry = newEntry(record);
      this.#entries.set(event.taskId, entry);
    }
    entry.logged = true;
    this.#follow(entry);
    this.#addTargets(entry, seen);
    this.#unsaved.touch(entry);
    this.#place(entry);
    this.#listener.accepted(entry);
  }

  applyWaiting(taskId: string): void {
    const entry = this.#entries.get(taskId);
    if (entry === undefined || entry.record.state !== 'delayed') return;
    moveTo(entry.record, 'waiting');
    this.#unsaved.touch(entry);
    this.#place(entry);
    this.#listener.accepted(entry);
  }

  applyEnd(seen: EndSeen): void {
    const { key } = seen;
    const entry = this.#entries.get(key.taskId);
    if (entry === undefined || !entry.logged) {
      if (this.#closed.has(key.taskId)) this.applyLate(seen, undefined, this.#closedBroadcasts.has(key.taskId) ? 'broadcast' : undefined);
      else this.pending.hold(key.taskId, seen);
      return;
    }
    if (!this.#tryEnd(entry, seen, this.pending.has(key.taskId))) this.pending.hold(key.taskId, seen);
  }

  /** False if it has to wait for the dispatch it answers. */
  #tryEnd(entry: BookEntry, seen: EndSeen, behindOthers: boolean): boolean {
    const { key, end } = seen;
    const { record } = entry;
    if (key.job !== record.job || key.app !== record.app || key.ns !== record.namespace) this.#listener.oddity('end-of-another-job');
    else if (isFinal(record.state)) this.applyLate(seen, record);
    else if (isEarly(entry, key, end, behindOthers)) return false;
    else if (end === undefined) this.#badAnswer(entry, seen.problem);
    else this.#applyOpenEnd(entry, seen, end);
    return true;
  }

  /** An end that was held, and the whole runs stream shows no dispatch that it could answer: only ours count, and late answers of a broadcast. */
  applyUnexplained(seen: EndSeen, category?: Category, model?: Model): void {
    const entry = this.#entries.get(seen.key.taskId);
    if (entry === undefined || !entry.logged) return this.applyLate(seen, undefined, category, model);
    if (isFinal(entry.record.state)) return this.applyLate(seen, entry.record);
    if (seen.end === undefined) this.#badAnswer(entry, seen.problem);
    else if (!isOurs(seen.end) && isEarly(entry, seen.key, seen.end, false)) this.#listener.oddity('end-before-dispatch');
    else this.#applyOpenEnd(entry, seen, seen.end);
  }

  #applyOpenEnd(entry: BookEntry, seen: EndSeen, end: End): void {
    const { key } = seen;
    const { record } = entry;
    if (isForeignKey(entry, key, end)) return this.#listener.oddity('end-wrong-key');
    if (key.kind === 'client-end' && entry.targets !== undefined) return this.#endTarget(entry, seen, end);
    if (key.kind === 'pre-end') {
      if (entry.nextSeen) return this.#listener.oddity('end-late');
      if (end.status === 'success:next') return this.#next(entry, seen, end);
      if (record.step >= 2) return this.#listener.oddity('end-late');
    }
    this.#tellMonitor(record, '', end, seen.sequence);
    this.#finish(entry, stateOf(end), end, seen.storedAt);
  }

  /** An answer to a run that has ended, or that this node has forgotten: broadcasts keep it as a sub-run. `run` undefined = look by category. */
  applyLate(seen: EndSeen, run: RunRecord | undefined, category?: Category, model?: Model): void {
    const { key, end } = seen;
    const isBroadcast = keepsLateAnswers({ category: run?.category ?? category, model: run?.model ?? model });
    if (end === undefined) return this.#listener.oddity('bad-answer');
    if (isOurs(end)) return;
    if (!isBroadcast) return this.#listener.oddity('end-late');
    this.#unsaved.putSubRun(answerOf(key.taskId, end, seen.sequence, seen.storedAt));
    this.#tellMonitor({ id: key.taskId, namespace: key.ns, app: key.app, job: key.job }, `a${seen.sequence}`, end, seen.sequence);
  }

  applyFlow(report: FlowReport, sequence: number, storedAt: number): void {
    this.#unsaved.putSubRun(flowOf(report, sequence, storedAt));
  }

  /** No attempt will follow after all (job gone or disabled). */
  dropRetry(entry: BookEntry): void {
    if (!entry.record.retryPending) return;
    entry.record.retryPending = false;
    this.#unsaved.touch(entry);
  }

  /** Changed runs and sub-runs, at most `limit` runs; they count as clean from now on. */
  takeUnsaved(limit: number): { entries: BookEntry[]; subRuns: SubRunRecord[] } {
    return this.#unsaved.take(limit);
  }

  /** The view has them: ended ones are forgotten. */
  saved(entries: readonly BookEntry[]): void {
    for (const entry of entries) {
      entry.persisted = true;
      if (entry.dirty || !isFinal(entry.record.state) || entry.record.retryPending) continue;
      this.#entries.delete(entry.record.id);
      this.#chains.remove(entry);
      this.#closed.add(entry.record.id);
      if (keepsLateAnswers(entry.record)) this.#closedBroadcasts.add(entry.record.id);
    }
  }

  /** The view did not take them: they are changed again. */
  unsavedAgain(entries: readonly BookEntry[], subRuns: readonly SubRunRecord[]): void {
    this.#unsaved.putBack(entries, subRuns);
  }

  #next(entry: BookEntry, seen: EndSeen, end: End): void {
    entry.nextSeen = true;
    entry.record.reason = end.reason;
    if (end.clientId !== '') entry.record.workerId = end.clientId;
    this.#place(entry);
    this.#unsaved.touch(entry);
    this.#tellMonitor(entry.record, '', end, seen.sequence);
    // The other feed may have shown the second step already.
    if (entry.record.step >= 3) return;
    entry.record.step = 2;
    this.#listener.nextStep(entry);
  }

  #endTarget(entry: BookEntry, seen: EndSeen, end: End): void {
    const target = entry.targets?.get(seen.key.subId ?? '');
    if (target === undefined) return this.#listener.oddity('end-of-unknown-target');
    if (target.endedAt !== 0) return this.#listener.oddity('end-late');
    const { record } = entry;
    if (isRunning(target)) this.workerLoad.endTarget(record, target);
    endTarget(record, target, end, seen.storedAt);
    this.#unsaved.putSubRun(target);
    this.#tellMonitor(record, seen.key.subId ?? '', end, seen.sequence);
    this.#unsaved.touch(entry);
    if (end.status === 'cancelled') entry.cancelling = true;
    if (record.targetsEnded < record.targets) return;
    const { state, status } = worstEnd(record);
    this.#finish(entry, state, { ...end, status }, seen.storedAt);
  }

  #finish(entry: BookEntry, state: RunState, end: End, at: number): void {
    const { record } = entry;
    if (!canMove(record.state, state)) return this.#listener.oddity('end-late');
    moveTo(record, state);
    for (const target of entry.targets?.values() ?? []) if (isRunning(target)) this.workerLoad.endTarget(record, target);
    record.status = end.status;
    record.reason = end.reason || (state === 'completed' ? record.reason : '');
    record.monitorStatus = end.monitorStatus;
    record.monitorPayload = end.monitorPayload;
    if (end.clientId !== '') record.workerId = end.clientId;
    record.endedAt = at;
    if (record.retryId === '' && wantsRetry(record, state)) record.retryPending = true;
    entry.dispatching = false;
    this.#unsaved.touch(entry);
    this.#place(entry);
    this.#listener.ended(entry);
  }

  /** The attempt before it is answered for: whichever of the two was read first. */
  #follow(entry: BookEntry): void {
    const { record } = entry;
    if (record.rootId === '') return;
    const previous = this.#previous(record.rootId, record.attempt);
    if (previous !== undefined && previous.record.retryId === '') {
      previous.record.retryPending = false;
      previous.record.retryId = record.id;
      this.#unsaved.touch(previous);
    }
    this.#chains.add(entry);
  }

  #isFollowed(root: string, attempt: number): boolean {
    const previous = this.#previous(root, attempt);
    if (previous !== undefined) return previous.record.retryId !== '';
    return this.#closed.has(root) || (this.#chains.newest(root)?.record.attempt ?? 0) >= attempt;
  }

  #previous(root: string, attempt: number): BookEntry | undefined {
    const found = attempt === 2 ? this.#entries.get(root) : this.#chains.newest(root);
    return found?.record.attempt === attempt - 1 ? found : undefined;
  }

  #badAnswer(entry: BookEntry, problem: string): void {
    entry.record.badAnswers++;
    entry.record.badAnswer = problem;
    this.#unsaved.touch(entry);
    this.#listener.oddity('bad-answer');
  }

  #addTargets(entry: BookEntry, { event, storedAt }: AcceptedSeen): void {
    if (event.targets === undefined || entry.targets !== undefined) return;
    entry.record.targets = event.targets.length;
    for (const { subId, workerId, group } of event.targets) this.#addTarget(entry, subId, workerId ?? group ?? '', storedAt);
    this.#unsaved.touch(entry);
  }

  #addTarget(entry: BookEntry, subId: string, workerId: string, createdAt: number): SubRunRecord {
    entry.targets ??= new Map();
    let target = entry.targets.get(subId);
    if (target === undefined) {
      target = { ...blankSubRun(entry.record.id, 'target', Number(subId), createdAt), workerId, status: 'open' };
      entry.targets.set(subId, target);
      this.#unsaved.putSubRun(target);
    }
    return target;
  }

  #startTarget(entry: BookEntry, subId: string, workerId: string, targets: number, at: number): void {
    entry.record.targets = targets;
    const target = this.#addTarget(entry, subId, workerId, at);
    if (target.startedAt === 0) {
      target.startedAt = at;
      if (isRunning(target) && !isFinal(entry.record.state)) this.workerLoad.startTarget(entry.record, target);
    }
    this.#unsaved.putSubRun(target);
  }

  #tellMonitor(run: { id: string; namespace: string; app: string; job: string }, subId: string, end: End, sequence: number): void {
    if (end.monitorStatus !== '') this.#listener.monitored(run, subId, end, sequence);
  }

  /** Moves the entry to where its job and its worker count it. */
  #place(entry: BookEntry): void {
    const isOpen = this.#entries.has(entry.record.id) && !isFinal(entry.record.state);
    this.workerLoad.place(entry, isOpen);
    this.#places.place(entry, isOpen);
  }
}
