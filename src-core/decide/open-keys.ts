import { isFinal } from '../domain/run.ts';
import { decodeRunOptions, isAskedRunId, RUN_KEY_START } from '../wire/index.ts';
import type { BookEntry } from './book-entry.ts';
import { isHigher } from './closed-runs.ts';

/** Runs that were asked for with a key, of which one at a time is to be done: those that wait, are delayed, run, or are to be tried again. */
export class OpenKeys {
  readonly #runs = new Map<string, Set<BookEntry>>();

  /** It came, or has changed. `isOpen`: as far as its state says. */
  place(entry: BookEntry, isOpen: boolean): void {
    const key = keyOf(entry);
    if (key === '') return;
    if (!isOpen) return this.remove(entry);
    const runs = this.#runs.get(key);
    if (runs === undefined) this.#runs.set(key, new Set([entry]));
    else runs.add(entry);
  }

  remove(entry: BookEntry): void {
    const key = keyOf(entry);
    const runs = key === '' ? undefined : this.#runs.get(key);
    if (runs?.delete(entry) === true && runs.size === 0) this.#runs.delete(key);
  }

  /**
   * The run because of which this one, which was asked for and waits, is not to be done; undefined when it may go, or has gone. Of two that
   * both wait the later one yields, so never both.
   */
  holderOf(entry: BookEntry): BookEntry | undefined {
    const { record: { state }, dispatching } = entry;
    const key = dispatching || (state !== 'waiting' && state !== 'delayed') ? '' : keyOf(entry);
    if (key === '' || entry.record.attempt > 1 || !isAskedRunId(entry.record.id)) return undefined;
    for (const other of this.#runs.get(key) ?? []) if (other !== entry && holdsAgainst(other, entry)) return other;
    return undefined;
  }
}

function holdsAgainst({ record, cancelling, dispatching }: BookEntry, entry: BookEntry): boolean {
  if (isFinal(record.state)) return record.retryPending;
  if (cancelling) return false;
  return dispatching || record.state === 'active' || record.attempt > 1 || isHigher(entry.record.id, record.id);
}

/** '' for none. */
function keyOf({ record: { jobNumber, ownOptions } }: BookEntry): string {
  const key = ownOptions.startsWith(RUN_KEY_START) ? decodeRunOptions(ownOptions).key : undefined;
  return key === undefined ? '' : `${jobNumber} ${key}`;
}
