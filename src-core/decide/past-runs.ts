import type { RunRecord } from '../domain/run.ts';
import { ClosedRuns } from './closed-runs.ts';
import { keepsLateAnswers } from './end-rules.ts';

const REMEMBERED = 50_000;

/** What is remembered of runs that the book holds no longer, or never held. */
export class PastRuns {
  readonly #closed = new ClosedRuns(REMEMBERED);
  /** Those of them whose later answers are kept. */
  readonly #closedBroadcasts = new ClosedRuns(REMEMBERED);
  /** Had ended in the view when it was loaded. */
  readonly #recalled = new ClosedRuns(REMEMBERED);

  /** It has ended, and leaves the book. */
  close(record: RunRecord): void {
    this.#closed.add(record.id);
    if (keepsLateAnswers(record)) this.#closedBroadcasts.add(record.id);
  }

  recall(id: string): void {
    this.#recalled.add(id);
  }

  isClosed(id: string): boolean {
    return this.#closed.has(id);
  }

  isClosedBroadcast(id: string): boolean {
    return this.#closedBroadcasts.has(id);
  }

  isRecalled(id: string): boolean {
    return this.#recalled.has(id);
  }
}
