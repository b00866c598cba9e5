import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import { workerKey } from '../domain/worker.ts';
import type { BookEntry } from './book-entry.ts';

/** How many open runs name each worker: those sent or given to it, and targets of a fan-out that have not ended. */
export class WorkerLoad {
  readonly #open = new Map<string, number>();
  /** Open targets of all fan-outs. */
  targets = 0;

  /** By workerKey. */
  of(key: string): number {
    return this.#open.get(key) ?? 0;
  }

  /** Counts the run for the worker it names now, as long as it is open. */
  place(entry: BookEntry, isOpen: boolean): void {
    const { record } = entry;
    const key = isOpen && record.workerId !== '' ? workerKey({ ...record, id: record.workerId }) : '';
    if (key === entry.countedFor) return;
    this.#add(entry.countedFor, -1);
    this.#add(key, 1);
    entry.countedFor = key;
  }

  /** The targets of a group are groups, not workers. */
  startTarget(record: RunRecord, target: SubRunRecord): void {
    this.targets++;
    if (record.category !== 'group') this.#add(workerKey({ ...record, id: target.workerId }), 1);
  }

  endTarget(record: RunRecord, target: SubRunRecord): void {
    this.targets--;
    if (record.category !== 'group') this.#add(workerKey({ ...record, id: target.workerId }), -1);
  }

  #add(key: string, by: number): void {
    if (key === '') return;
    const count = this.of(key) + by;
    if (count > 0) this.#open.set(key, count);
    else this.#open.delete(key);
  }
}
