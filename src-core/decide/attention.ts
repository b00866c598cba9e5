import type { RunState, SkipReason } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';

export type AttentionKind = 'failing' | 'no-worker' | 'late' | 'skipped';

/** Why somebody should look at a job. `count`: ends in a row, fires skipped, or milliseconds late. */
export interface Worry {
  readonly kind: AttentionKind;
  readonly jobNumber: number;
  readonly count: number;
  readonly reason: string;
  /** Epoch ms. */
  readonly lastAt: number;
}

/** So many ends in a row that were not completed are no accident. */
const FAILING_ENDS = 3;
/** What an operator has asked for. */
const WANTED: ReadonlySet<SkipReason> = new Set(['disabled', 'paused']);
const WANT_OF_WORKER: ReadonlySet<SkipReason> = new Set(['no-worker', 'weight-zero']);
const ORDER: readonly AttentionKind[] = ['failing', 'no-worker', 'late', 'skipped'];

/** The ends in a row that were not completed, of a job's runs from the newest on; undefined when they are too few to worry. */
export function failingOf(jobNumber: number, newestFirst: readonly { readonly state: RunState; readonly reason: string; readonly endedAt: number }[]): Worry | undefined {
  const ended = newestFirst.filter(({ state }) => isFinal(state));
  const firstGood = ended.findIndex(({ state }) => state === 'completed');
  const count = firstGood < 0 ? ended.length : firstGood;
  if (count < FAILING_ENDS) return undefined;
  const { state, reason, endedAt } = ended[0]!;
  return { kind: 'failing', jobNumber, count, reason: reason || state, lastAt: endedAt };
}

/** Whether the newest few runs of a job leave it open, or make it sure, that it is failing. */
export function mayFail(newestFirst: readonly { readonly state: RunState }[]): boolean {
  const ended = newestFirst.filter(({ state }) => isFinal(state));
  return ended.slice(0, FAILING_ENDS).every(({ state }) => state !== 'completed');
}

export function lateOf({ jobNumber, runs, latenessMsSum, lastAt }: { jobNumber: number; runs: number; latenessMsSum: number; lastAt: number }): Worry {
  return { kind: 'late', jobNumber, count: Math.round(latenessMsSum / runs), reason: `on average of ${runs} runs`, lastAt };
}

/** One worry for each job and kind, with the most frequent reason; of the counters that were last raised at or after the moment. */
export function skippedOf(skips: Iterable<{ readonly jobNumber: number; readonly reason: SkipReason; readonly count: number; readonly lastAt: number }>, from: number): Worry[] {
  const found = new Map<string, Worry & { readonly most: number }>();
  for (const { jobNumber, reason, count, lastAt } of skips) {
    if (lastAt < from || WANTED.has(reason)) continue;
    const kind = WANT_OF_WORKER.has(reason) ? 'no-worker' : 'skipped';
    const key = `${kind}:${jobNumber}`;
    const known = found.get(key);
    const leads = known === undefined || count > known.most;
    found.set(key, {
      kind, jobNumber, count: count + (known?.count ?? 0), reason: leads ? reason : known.reason, most: leads ? count : known.most, lastAt: Math.max(lastAt, known?.lastAt ?? 0),
    });
  }
  return Array.from(found.values(), ({ most: _most, ...worry }) => worry);
}

/** Worst first: what fails before what waits before what is passed over, and of one kind the most. */
export function worstFirst(worries: readonly Worry[]): Worry[] {
  return worries.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.count - a.count || b.lastAt - a.lastAt);
}
