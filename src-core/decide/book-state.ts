import { isFinal } from '../domain/run.ts';
import type { BookEntry } from './book-entry.ts';
import { FanOuts } from './fan-outs.ts';
import { OpenKeys } from './open-keys.ts';
import { PastRuns } from './past-runs.ts';
import { PendingEnds } from './pending-ends.ts';
import { RetryChains } from './retry-chains.ts';
import { RunPlaces } from './run-places.ts';
import { UnsavedRuns } from './unsaved-runs.ts';
import { WorkerLoad } from './worker-load.ts';

/** All that the book has from view and log: when the view is to be read anew another one takes its place. */
export class BookState {
  readonly entries = new Map<string, BookEntry>();
  readonly pending = new PendingEnds();
  readonly past = new PastRuns();
  readonly places = new RunPlaces();
  readonly keys = new OpenKeys();
  readonly unsaved = new UnsavedRuns();
  readonly workerLoad = new WorkerLoad();
  readonly chains = new RetryChains((id) => this.entries.get(id));
  readonly fanOuts = new FanOuts(this.workerLoad, this.unsaved);

  /** Moves the entry to where its job and its worker count it. */
  place(entry: BookEntry): void {
    const isHere = this.entries.has(entry.record.id);
    const isOpen = isHere && !isFinal(entry.record.state);
    this.workerLoad.place(entry, isOpen);
    this.places.place(entry, isOpen);
    if (entry.record.ownOptions !== '') this.keys.place(entry, isOpen || (isHere && entry.record.retryPending));
  }
}
