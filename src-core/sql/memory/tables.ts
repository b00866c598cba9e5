import type { AppDefinition, NamespaceDefinition, RunRecord, SkipCount, StoredJob, SubRunRecord, WorkerRecord } from '../../domain/index.ts';
import { isFinal } from '../../domain/index.ts';
import type { Checkpoint } from '../../ports/index.ts';
import type { RollUpRow } from '../roll-up.ts';
import { compareIds } from '../run-id.ts';

/** The rows of the memory store. Records are copied on their way in and out: the engine changes its own in place. */
export class Tables {
  readonly runs = new Map<string, RunRecord>();
  readonly subRuns = new Map<string, Map<string, SubRunRecord>>();
  readonly skips = new Map<string, SkipCount>();
  readonly ends = new Map<string, RollUpRow>();
  readonly workers = new Map<string, WorkerRecord>();
  readonly namespaces = new Map<string, NamespaceDefinition & { version: number }>();
  readonly apps = new Map<string, AppDefinition & { version: number }>();
  readonly jobs = new Map<string, StoredJob>();
  readonly checkpoints = new Map<string, Checkpoint>();
  term = 0;
  private readonly openIds = new Set<string>();
  /** Ascending; undefined = to be made anew. */
  private ids: string[] | undefined = [];

  putRun(run: RunRecord): void {
    const isNew = !this.runs.has(run.id);
    this.runs.set(run.id, { ...run });
    if (isOpen(run)) this.openIds.add(run.id);
    else this.openIds.delete(run.id);
    if (!isNew || this.ids === undefined) return;
    const last = this.ids.at(-1);
    if (last === undefined || compareIds(last, run.id) < 0) this.ids.push(run.id);
    else this.ids = undefined;
  }

  deleteRun(id: string): void {
    this.runs.delete(id);
    this.subRuns.delete(id);
    this.openIds.delete(id);
    this.ids = undefined;
  }

  openRuns(): RunRecord[] {
    return [...this.openIds].sort(compareIds).map((id) => ({ ...this.runs.get(id)! }));
  }

  /** Ascending. */
  runIds(): readonly string[] {
    return this.ids ??= [...this.runs.keys()].sort(compareIds);
  }

  /** Every run, newest first; not to be changed. */
  *newestFirst(): Iterable<RunRecord> {
    const ids = this.runIds();
    for (let index = ids.length - 1; index >= 0; index--) yield this.runs.get(ids[index]!)!;
  }
}

export function isOpen(run: RunRecord): boolean {
  return !isFinal(run.state) || run.retryPending;
}
