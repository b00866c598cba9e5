import type { BookEntry } from './book-entry.ts';
import { JobRuns } from './job-runs.ts';

const NO_RUNS = new JobRuns();

/** Where each open run counts: in which of its job's lists, and in the sums over all jobs. */
export class RunPlaces {
  readonly #jobs = new Map<number, JobRuns>();
  active = 0;
  queued = 0;

  /** The job's open runs, to look at. */
  look(jobNumber: number): Pick<JobRuns, 'active' | 'waiting' | 'delayed'> {
    return this.#jobs.get(jobNumber) ?? NO_RUNS;
  }

  /** Moves the entry to where its job counts it; `isOpen` false: it counts nowhere. */
  place(entry: BookEntry, isOpen: boolean): void {
    const { record } = entry;
    const place = !isOpen ? 'none' : entry.dispatching || record.state === 'active' ? 'active' : record.state === 'waiting' ? 'waiting' : 'delayed';
    if (place === entry.place) {
      if (place === 'waiting') this.#jobs.get(record.jobNumber)?.waiting.changed(entry);
      return;
    }
    const runs = this.#runsOf(record.jobNumber);
    if (entry.place === 'active') { runs.active.delete(entry); this.active--; }
    else if (entry.place === 'waiting') { runs.waiting.remove(entry); this.queued--; }
    else if (entry.place === 'delayed') { runs.delayed--; this.queued--; }
    if (place === 'active') { runs.active.add(entry); this.active++; }
    else if (place === 'waiting') { runs.waiting.add(entry); this.queued++; }
    else if (place === 'delayed') { runs.delayed++; this.queued++; }
    entry.place = place;
    if (runs.isEmpty) this.#jobs.delete(record.jobNumber);
  }

  #runsOf(jobNumber: number): JobRuns {
    let runs = this.#jobs.get(jobNumber);
    if (runs === undefined) this.#jobs.set(jobNumber, (runs = new JobRuns()));
    return runs;
  }
}
