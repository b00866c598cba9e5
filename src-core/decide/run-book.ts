import type { Category, Model } from '../domain/job.ts';
import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import { moveTo } from '../domain/transitions.ts';
import type { FlowReport } from '../wire/index.ts';
import { encodeRunOptions } from '../wire/index.ts';
import { type BookEntry, emptyRecord, newEntry } from './book-entry.ts';
import type { BookListener } from './book-listener.ts';
import { BookState } from './book-state.ts';
import { isHigher } from './closed-runs.ts';
import { fillFromBody, fillFromDispatch, recordOf } from './dispatch-record.ts';
import type { JobRuns } from './job-runs.ts';
import type { PendingEnds } from './pending-ends.ts';
import { RunEnds } from './run-ends.ts';
import type { AcceptedSeen, DispatchSeen, EndSeen } from './seen.ts';
import { flowOf } from './sub-runs.ts';
import { allStarted } from './targets.ts';
import type { WorkerLoad } from './worker-load.ts';

/**
 * All open runs, kept by applying the log in order. The same log gives the same book on every node, whoever leads.
 * Applying is idempotent and does not mind whether an end comes before its dispatch.
 */
export class RunBook {
  readonly #listener: BookListener;
  #state = new BookState();
  #ends: RunEnds;
  #highestId = '0';

  constructor(listener: BookListener) {
    this.#listener = listener;
    this.#ends = new RunEnds(this.#state, listener);
  }

  /** Ends that wait for the dispatch they answer. */
  get pending(): PendingEnds {
    return this.#state.pending;
  }

  get workerLoad(): WorkerLoad {
    return this.#state.workerLoad;
  }

  get size(): number {
    return this.#state.entries.size;
  }

  /** Of all runs that this node knows or knew. */
  get highestId(): string {
    return this.#highestId;
  }

  sees(id: string): void {
    if (isHigher(id, this.#highestId)) this.#highestId = id;
  }

  /** Nothing is known any more: the view is to be read anew. */
  forget(): void {
    this.#state = new BookState();
    this.#ends = new RunEnds(this.#state, this.#listener);
  }

  /** Runs and sub-runs changed since they were last taken. */
  get unsaved(): number {
    return this.#state.unsaved.size;
  }

  get activeRuns(): number {
    return this.#state.places.active;
  }

  get queuedRuns(): number {
    return this.#state.places.queued;
  }

  get(id: string): BookEntry | undefined {
    return this.#state.entries.get(id);
  }

  isClosed(id: string): boolean {
    return this.#state.past.isClosed(id);
  }

  /** Whether the log, or the view when it was loaded, has shown the run, as far as it is remembered. */
  knows(id: string): boolean {
    const { entries, past } = this.#state;
    return entries.has(id) || past.isClosed(id) || past.isRecalled(id);
  }

  entries(): Iterable<BookEntry> {
    return this.#state.entries.values();
  }

  /** The job's open runs, to look at. */
  look(jobNumber: number): Pick<JobRuns, 'active' | 'waiting' | 'delayed'> {
    return this.#state.places.look(jobNumber);
  }

  /** The open run with the same key, because of which this one is not to be done; see OpenKeys. */
  holderOf(entry: BookEntry): BookEntry | undefined {
    return this.#state.keys.holderOf(entry);
  }

  /** Takes over what the view knows as open, with the targets of fan-out runs. */
  load(record: RunRecord, targets: readonly SubRunRecord[]): BookEntry {
    const entry = newEntry(record);
    entry.logged = true;
    entry.persisted = 'yes';
    this.#state.fanOuts.load(entry, targets);
    entry.nextSeen = record.step === 2 || (record.step === 3 && (record.reason !== '' || record.workerId !== ''));
    this.#state.entries.set(record.id, entry);
    this.#state.chains.add(entry);
    this.#state.place(entry);
    return entry;
  }

  /** The view has it as ended: what was accepted twice, by a leader that was cut off and the next one, must not wait again. */
  recall(id: string): void {
    this.#state.past.recall(id);
  }

  /** A run this node is about to dispatch: counts as active from now on. */
  reserve(record: RunRecord): BookEntry {
    const entry = newEntry(record);
    entry.dispatching = true;
    this.#state.entries.set(record.id, entry);
    this.#state.place(entry);
    return entry;
  }

  /** A run this node is about to put into the log as waiting: takes its place in the queue now, and is sent only once the log shows it. */
  reserveWaiting(record: RunRecord): BookEntry {
    const entry = newEntry(record);
    this.#state.entries.set(record.id, entry);
    this.#state.place(entry);
    return entry;
  }

  /** The log did not take it. */
  undoWaiting(entry: BookEntry): void {
    if (entry.logged) return;
    this.#state.entries.delete(entry.record.id);
    this.#state.place(entry);
  }

  /** A held or delayed run this node is about to dispatch. */
  startDispatch(entry: BookEntry): void {
    entry.dispatching = true;
    this.#state.place(entry);
  }

  /** The message did not reach the log: as if it had not been tried. */
  undoDispatch(entry: BookEntry): void {
    if (!entry.dispatching) return;
    entry.dispatching = false;
    if (!entry.logged) this.#state.entries.delete(entry.record.id);
    this.#state.place(entry);
  }

  applyDispatch(seen: DispatchSeen): void {
    const { header, taskId } = seen;
    let entry = this.#state.entries.get(taskId);
    if (entry === undefined) {
      if (this.#state.past.isClosed(taskId)) return;
      const record = recordOf(seen);
      if (record === undefined) return this.#listener.oddity('dispatch-unreadable');
      entry = newEntry(record);
      this.#follow(entry);
      this.#state.entries.set(taskId, entry);
      this.sees(taskId);
    } else if (entry.endedUnsent || (entry.endedBeforeNext && header.step === 2)) {
      // Long on its way: who led before had sent it. The book may have forgotten the run by now, and would not know either.
      return;
    } else if (entry.record.step === 0) {
      entry.heldFor = entry.record.workerId;
      if (entry.sentInTerm !== seen.term()) fillFromBody(entry.record, seen, entry.logged);
    }
    const { record } = entry;
    entry.logged = true;
    fillFromDispatch(entry, seen);
    if (header.subId !== undefined && header.targets > 0) this.#state.fanOuts.start(entry, header.subId, seen.tail, header.targets, header.dispatchedAt);
    else if (seen.tail !== '' && !(isFinal(record.state) && record.workerId !== '')) record.workerId = seen.tail;
    this.#state.unsaved.touch(entry);
    if (isFinal(record.state)) return;
    if (record.state !== 'active') moveTo(record, 'active');
    entry.dispatching = !allStarted(entry);
    this.#state.place(entry);
    this.#listener.dispatched(entry);
    this.#ends.applyHeld(entry);
  }

  applyAccepted(seen: AcceptedSeen, defaults: { category: Category; model: Model; retryOn: number; args: string }): void {
    const { event } = seen;
    if (this.#state.past.isClosed(event.taskId) || (this.#state.past.isRecalled(event.taskId) && !this.#state.entries.has(event.taskId))) return;
    let entry = this.#state.entries.get(event.taskId);
    if (entry?.endedUnsent) return;
    if (entry?.logged) return this.#state.fanOuts.plan(entry, seen);
    const root = event.rootTaskId ?? '';
    // The log may hold two plans for the same attempt when a leader fell in between: the first one counts.
    if (event.attempt > 1 && this.#state.chains.isFollowed(root, event.attempt, this.#state.past.isClosed(root))) return this.#listener.oddity('attempt-twice');
    const record = entry?.record ?? emptyRecord(event.taskId, { jobNumber: event.jobNumber, namespace: seen.namespace, app: seen.app, job: seen.job });
    // What this node was about to do knows more than the job, which may be gone by now.
    const { category, model, retryOn, args } = entry?.record ?? defaults;
    Object.assign(record, {
      category, model, retryOn, args: event.args ?? args,
      state: event.state, trigger: event.trigger, attempt: event.attempt, attempts: event.attempts, rootId: root,
      priority: event.priority ?? 5, ownOptions: encodeRunOptions(event.options ?? {}), scheduledAt: event.scheduledAt, dueAt: event.dueAt, workerId: event.workerId ?? '',
    } satisfies Partial<RunRecord>);
    if (entry === undefined) {
      entry = newEntry(record);
      this.#state.entries.set(event.taskId, entry);
      this.sees(event.taskId);
    }
    entry.logged = true;
    this.#follow(entry);
    this.#state.fanOuts.plan(entry, seen);
    this.#state.unsaved.touch(entry);
    this.#state.place(entry);
    // Cancelled before it was sent, and the other feed was read first: who leads next must not send it.
    this.#ends.applyHeld(entry);
    if (!isFinal(record.state)) this.#listener.accepted(entry, false);
  }

  /** A run that exists because somebody asked for it by message. */
  applyAsked(record: RunRecord): void {
    const { id } = record;
    if (this.knows(id)) return;
    const entry = newEntry(record);
    entry.logged = true;
    this.#state.entries.set(id, entry);
    this.#state.unsaved.touch(entry);
    this.#state.place(entry);
    this.#ends.applyHeld(entry);
    if (!isFinal(record.state)) this.#listener.accepted(entry, true);
  }

  applyWaiting(taskId: string): void {
    const entry = this.#state.entries.get(taskId);
    if (entry === undefined || entry.record.state !== 'delayed') return;
    moveTo(entry.record, 'waiting');
    this.#state.unsaved.touch(entry);
    this.#state.place(entry);
    this.#listener.accepted(entry, false);
  }

  /** The end that asks for it may be read later. */
  applyNoRetry(taskId: string): void {
    const entry = this.#state.entries.get(taskId);
    if (entry === undefined) return;
    entry.record.retryOn = 0;
    entry.record.retryPending = false;
    this.#state.unsaved.touch(entry);
  }

  applyEnd(seen: EndSeen): void {
    this.#ends.apply(seen);
  }

  /** An end that was held, and the whole runs stream shows no dispatch that it could answer: only ours count, and late answers of a broadcast. */
  applyUnexplained(seen: EndSeen, category?: Category, model?: Model): void {
    this.#ends.applyUnexplained(seen, category, model);
  }

  applyFlow(report: FlowReport, sequence: number, storedAt: number): void {
    this.#state.unsaved.putSubRun(flowOf(report, sequence, storedAt));
  }

  /** No attempt will follow after all (job gone or disabled). */
  dropRetry(entry: BookEntry): void {
    if (!entry.record.retryPending) return;
    entry.record.retryPending = false;
    this.#state.unsaved.touch(entry);
  }

  /** Changed runs and sub-runs, at most `limit` runs; they count as clean from now on. */
  takeUnsaved(limit: number): { entries: BookEntry[]; subRuns: SubRunRecord[] } {
    return this.#state.unsaved.take(limit);
  }

  /** The view has them: ended ones are forgotten. */
  saved(entries: readonly BookEntry[]): void {
    this.#forget(entries, 'yes');
  }

  /** The view is to get them from the log, at another time or by another node: ended ones are forgotten all the same. */
  released(entries: readonly BookEntry[]): void {
    this.#forget(entries, 'perhaps');
  }

  /**
   * The view did not take them, as far as is known: they are changed again. What would tell (its checkpoints) may be gone with a lost
   * log, so their rows may be there.
   */
  unsavedAgain(entries: readonly BookEntry[], subRuns: readonly SubRunRecord[]): void {
    for (const entry of entries) if (entry.persisted === 'no') entry.persisted = 'perhaps';
    this.#state.unsaved.putBack(entries, subRuns);
  }

  #forget(entries: readonly BookEntry[], persisted: BookEntry['persisted']): void {
    for (const entry of entries) {
      entry.persisted = persisted;
      if (entry.dirty || !isFinal(entry.record.state) || entry.record.retryPending) continue;
      this.#state.entries.delete(entry.record.id);
      this.#state.chains.remove(entry);
      this.#state.keys.remove(entry);
      this.#state.past.close(entry.record);
    }
  }

  /** The attempt before it is answered for. */
  #follow(entry: BookEntry): void {
    const previous = this.#state.chains.follow(entry);
    if (previous !== undefined) this.#state.unsaved.touch(previous);
  }
}
