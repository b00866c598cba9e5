import type { BriefPage, Count, EndTotals, LateJob, RunBrief, RunQuery, SkipPage, SkipQuery, SubRunPage, SubRunQuery, WorkerEnds, WorkerEndsQuery } from '../../../ports/index.ts';
import type { RawRun } from '../run-row.ts';
import type { EndTotalsQuery } from './end-totals.ts';
import type { RawRunPage } from './runs.ts';

/** What the reader thread can be asked, and what it answers. All of it survives a structured clone. */
export interface Requests {
  runs: { readonly ask: RunQuery; readonly answer: RawRunPage };
  countRuns: { readonly ask: RunQuery; readonly answer: Count };
  briefs: { readonly ask: RunQuery; readonly answer: BriefPage };
  recentRuns: { readonly ask: { readonly jobNumbers: readonly number[]; readonly limit: number }; readonly answer: readonly RunBrief[] };
  subRuns: { readonly ask: { readonly runId: string; readonly query: SubRunQuery }; readonly answer: SubRunPage };
  lateJobs: { readonly ask: { readonly from: number; readonly averageMs: number; readonly limit: number }; readonly answer: readonly LateJob[] };
  lastRuns: { readonly ask: readonly number[]; readonly answer: readonly RawRun[] };
  skips: { readonly ask: SkipQuery; readonly answer: SkipPage };
  endTotals: { readonly ask: EndTotalsQuery; readonly answer: readonly EndTotals[] };
  workerEnds: { readonly ask: WorkerEndsQuery; readonly answer: readonly WorkerEnds[] };
  /** See Checkpointer. `finish`: nobody writes meanwhile, so begin the log anew. */
  checkpoint: { readonly ask: { readonly finish: boolean }; readonly answer: CheckpointResult };
}

export interface CheckpointResult {
  /** Pages in the log, and how many of them are in the database file now. */
  readonly logged: number;
  readonly moved: number;
}

export type RequestKind = keyof Requests;

export interface RequestMessage {
  readonly number: number;
  readonly kind: RequestKind;
  readonly ask: Requests[RequestKind]['ask'];
}

/** Number of the message by which the thread says that it takes requests; those of requests begin behind it. */
export const READY = 0;

/** `failure` has what is left of an error after a clone: enough to make the same kind again. */
export interface AnswerMessage {
  readonly number: number;
  readonly answer?: unknown;
  readonly failure?: { readonly name: string; readonly message: string; readonly field?: string };
}
