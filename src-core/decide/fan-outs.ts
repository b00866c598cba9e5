import type { SubRunRecord } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import type { End } from '../wire/index.ts';
import type { BookEntry } from './book-entry.ts';
import type { AcceptedSeen } from './seen.ts';
import { blankSubRun } from './sub-runs.ts';
import { endTarget, isRunning } from './targets.ts';
import type { UnsavedRuns } from './unsaved-runs.ts';
import type { WorkerLoad } from './worker-load.ts';

/** Keeps the targets of the book's fan-outs, the load they are to their workers, and what of them the view lacks. */
export class FanOuts {
  readonly #workerLoad: WorkerLoad;
  readonly #unsaved: UnsavedRuns;

  constructor(workerLoad: WorkerLoad, unsaved: UnsavedRuns) {
    this.#workerLoad = workerLoad;
    this.#unsaved = unsaved;
  }

  /** Those that the view has. */
  load(entry: BookEntry, targets: readonly SubRunRecord[]): void {
    if (targets.length === 0) return;
    entry.targets = new Map(targets.map((target) => [String(target.number), target]));
    if (!isFinal(entry.record.state)) for (const target of targets) if (isRunning(target)) this.#workerLoad.startTarget(entry.record, target);
  }

  /** What an acceptance plans, unless they are known. */
  plan(entry: BookEntry, { event, storedAt }: AcceptedSeen): void {
    if (event.targets === undefined || entry.targets !== undefined) return;
    entry.record.targets = event.targets.length;
    for (const { subId, workerId, group } of event.targets) this.#add(entry, subId, workerId ?? group ?? '', storedAt);
    this.#unsaved.touch(entry);
  }

  /** Its message is in the log; the run may have ended by what the other feed said. */
  start(entry: BookEntry, subId: string, workerId: string, targets: number, at: number): void {
    entry.record.targets = targets;
    const target = this.#add(entry, subId, workerId, at);
    if (target.startedAt === 0) {
      target.startedAt = at;
      if (isRunning(target) && !isFinal(entry.record.state)) this.#workerLoad.startTarget(entry.record, target);
    }
    this.#unsaved.putSubRun(target);
  }

  end(entry: BookEntry, target: SubRunRecord, end: End, at: number): void {
    if (isRunning(target)) this.#workerLoad.endTarget(entry.record, target);
    endTarget(entry.record, target, end, at);
    this.#unsaved.putSubRun(target);
    this.#unsaved.touch(entry);
  }

  /** The run has ended: those still running load nobody any more. */
  release({ record, targets }: BookEntry): void {
    if (targets === undefined) return;
    for (const target of targets.values()) if (isRunning(target)) this.#workerLoad.endTarget(record, target);
  }

  #add(entry: BookEntry, subId: string, workerId: string, createdAt: number): SubRunRecord {
    entry.targets ??= new Map();
    let target = entry.targets.get(subId);
    if (target === undefined) {
      target = { ...blankSubRun(entry.record.id, 'target', Number(subId), createdAt), workerId, status: 'open' };
      entry.targets.set(subId, target);
      this.#unsaved.putSubRun(target);
    }
    return target;
  }
}
