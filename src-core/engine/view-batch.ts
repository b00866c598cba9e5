import type { BookEntry } from '../decide/index.ts';
import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import type { Checkpoint, DefinitionChange, ViewBatch } from '../ports/index.ts';

/** What is written together. */
export interface Changes {
  readonly entries: readonly BookEntry[];
  readonly subRuns: readonly SubRunRecord[];
  readonly skips: readonly SkipCount[];
  /** Ids of runs that go. */
  readonly removals: readonly string[];
  readonly definitions: readonly DefinitionChange[];
  readonly workers: readonly WorkerRecord[];
}

export const NO_CHANGES: Changes = { entries: [], subRuns: [], skips: [], removals: [], definitions: [], workers: [] };

/**
 * The rows as they are now: a store may read them later, and rows that are newer than the checkpoints would be gone on from
 * wrongly after a crash. A copy of a record is made in 0.06 µs.
 */
export function viewBatch(term: number, checkpoints: readonly Checkpoint[], changes: Changes): ViewBatch {
  const insertRuns: RunRecord[] = [];
  const updateRuns: RunRecord[] = [];
  for (const { persisted, record } of changes.entries) {
    const row = { ...record };
    // A row that is there is left alone by the first and gets its new value by the second, which counts an end once.
    if (persisted !== 'yes') insertRuns.push(row);
    if (persisted !== 'no') updateRuns.push(row);
  }
  return {
    term, checkpoints, insertRuns, updateRuns, putSubRuns: changes.subRuns.map((subRun) => ({ ...subRun })),
    addSkips: changes.skips, putWorkers: changes.workers, definitions: changes.definitions,
    ...(changes.removals.length === 0 ? {} : { removeRuns: changes.removals }),
  };
}

export function rowsOf({ entries, subRuns, skips, removals, definitions, workers }: Changes): number {
  return entries.length + subRuns.length + skips.length + removals.length + definitions.length + workers.length;
}

/** Nothing but the term: once it is in, no older term can write, and no earlier batch is still under way. */
export function fence(term: number): ViewBatch {
  return { term, checkpoints: [], insertRuns: [], updateRuns: [], putSubRuns: [], addSkips: [], putWorkers: [], definitions: [] };
}
