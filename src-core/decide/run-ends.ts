import type { Category, Model } from '../domain/job.ts';
import type { RunRecord, RunState } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import { canMove, moveTo } from '../domain/transitions.ts';
import type { End } from '../wire/index.ts';
import { isForeignKey } from './answer-keys.ts';
import type { BookEntry } from './book-entry.ts';
import type { BookListener } from './book-listener.ts';
import type { BookState } from './book-state.ts';
import { takeBackDispatch, takeBackNext } from './dispatch-record.ts';
import { isEarly, isOurs, keepsLateAnswers, stateOf } from './end-rules.ts';
import { wantsRetry } from './retry.ts';
import type { EndSeen } from './seen.ts';
import { answerOf } from './sub-runs.ts';
import { worstEnd } from './targets.ts';
import { UNANSWERABLE } from './unanswerable.ts';

/** Which of the ends in the log count, and what each does to its run. */
export class RunEnds {
  readonly #state: BookState;
  readonly #listener: BookListener;

  constructor(state: BookState, listener: BookListener) {
    this.#state = state;
    this.#listener = listener;
  }

  /** The next of the log; it is held if it has to wait for the dispatch it answers. */
  apply(seen: EndSeen): void {
    const { key } = seen;
    const { entries, pending, past } = this.#state;
    const entry = entries.get(key.taskId);
    if (entry === undefined || !entry.logged) {
      if (past.isClosed(key.taskId)) this.#late(seen, undefined, past.isClosedBroadcast(key.taskId) ? 'broadcast' : undefined);
      else pending.hold(key.taskId, seen);
      return;
    }
    if (!this.#try(entry, seen, pending.has(key.taskId))) pending.hold(key.taskId, seen);
  }

  /** The log shows more of the run: those that were held for it are tried again. */
  applyHeld(entry: BookEntry): void {
    this.#state.pending.sift(entry.record.id, (seen, behindOthers) => this.#try(entry, seen, behindOthers));
  }

  /** One that was held, and nothing came that it could answer: see RunBook. */
  applyUnexplained(seen: EndSeen, category?: Category, model?: Model): void {
    const entry = this.#state.entries.get(seen.key.taskId);
    if (entry === undefined || !entry.logged) return this.#late(seen, undefined, category, model);
    if (isFinal(entry.record.state)) return this.#late(seen, entry.record);
    if (seen.end === undefined) this.#bad(entry, seen.problem);
    else if (!isOurs(seen.end) && isEarly(entry, seen.key, seen.end, false)) this.#listener.oddity('end-before-dispatch');
    else this.#applyOpen(entry, seen, seen.end);
  }

  /** False if it has to wait for the dispatch it answers. */
  #try(entry: BookEntry, seen: EndSeen, behindOthers: boolean): boolean {
    const { key, end } = seen;
    const { record } = entry;
    if (key.job !== record.job || key.app !== record.app || key.ns !== record.namespace) this.#listener.oddity('end-of-another-job');
    else if (isFinal(record.state)) this.#late(seen, record);
    else if (isEarly(entry, key, end, behindOthers)) return false;
    else if (end === undefined) this.#bad(entry, seen.problem);
    else this.#applyOpen(entry, seen, end);
    return true;
  }

  #applyOpen(entry: BookEntry, seen: EndSeen, end: End): void {
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
  #late(seen: EndSeen, run: RunRecord | undefined, category?: Category, model?: Model): void {
    const { key, end } = seen;
    const isBroadcast = keepsLateAnswers({ category: run?.category ?? category, model: run?.model ?? model });
    if (end === undefined) return this.#listener.oddity('bad-answer');
    if (isOurs(end)) return;
    if (!isBroadcast) return this.#listener.oddity('end-late');
    this.#state.unsaved.putSubRun(answerOf(key.taskId, end, seen.sequence, seen.storedAt));
    this.#tellMonitor({ id: key.taskId, namespace: key.ns, app: key.app, job: key.job }, `a${seen.sequence}`, end, seen.sequence);
  }

  #next(entry: BookEntry, seen: EndSeen, end: End): void {
    entry.nextSeen = true;
    entry.record.reason = end.reason;
    if (end.clientId !== '') entry.record.workerId = end.clientId;
    this.#state.place(entry);
    this.#state.unsaved.touch(entry);
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
    this.#state.fanOuts.end(entry, target, end, seen.storedAt);
    this.#tellMonitor(record, seen.key.subId ?? '', end, seen.sequence);
    if (end.status === 'cancelled') entry.cancelling = true;
    if (record.targetsEnded < record.targets) return;
    const { state, status } = worstEnd(record);
    this.#finish(entry, state, { ...end, status }, seen.storedAt);
  }

  #finish(entry: BookEntry, state: RunState, end: End, at: number): void {
    const { record } = entry;
    if (!canMove(record.state, state)) return this.#listener.oddity('end-late');
    moveTo(record, state);
    this.#state.fanOuts.release(entry);
    record.status = end.status;
    record.reason = end.reason || (state === 'completed' ? record.reason : '');
    record.monitorStatus = end.monitorStatus;
    record.monitorPayload = end.monitorPayload;
    if (end.clientId !== '') record.workerId = end.clientId;
    record.endedAt = at;
    if (end.step === 0) takeBackDispatch(entry);
    if (end.step === 2) takeBackNext(entry);
    if (record.retryId === '' && end.noRetry !== true && end.reason !== UNANSWERABLE && wantsRetry(record, state)) record.retryPending = true;
    entry.dispatching = false;
    this.#state.unsaved.touch(entry);
    this.#state.place(entry);
    this.#listener.ended(entry);
  }

  #bad(entry: BookEntry, problem: string): void {
    entry.record.badAnswers++;
    entry.record.badAnswer = problem;
    this.#state.unsaved.touch(entry);
    this.#listener.oddity('bad-answer');
  }

  #tellMonitor(run: { id: string; namespace: string; app: string; job: string }, subId: string, end: End, sequence: number): void {
    if (end.monitorStatus !== '') this.#listener.monitored(run, subId, end, sequence);
  }
}
