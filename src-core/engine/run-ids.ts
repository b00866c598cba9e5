import { parseRunId, runIdToText } from '../wire/index.ts';
import type { JobRuntime } from './job-runtime.ts';

/** Gives out ids of runs that no schedule's fire stands for: each takes the next free millisecond of its job. */
export class RunIds {
  #floor = 0;

  /** No id at or before this one is given out: after the clock was set back they exist already. */
  startAfter(highestId: string): void {
    const parts = parseRunId(highestId);
    if (parts !== undefined) this.#floor = Math.max(this.#floor, parts.atMs + 1);
  }

  byHand(job: JobRuntime, now: number): string {
    const at = Math.max(now, this.#floor, job.lastByHandMs + 1);
    job.lastByHandMs = at;
    return runIdToText(at, 1, job.number);
  }

  scheduled(job: JobRuntime, at: number): string {
    return runIdToText(at, 0, job.number);
  }
}
