import type { RunBook } from '../decide/index.ts';
import type { RunRecord, SubRunRecord } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import type { Checkpoint, Store } from '../ports/index.ts';
import type { Jobs } from './jobs.ts';
import type { Workers } from './workers.ts';

/** Of the newest runs, so many are looked through for ended ones: a message that comes late names a run of some seconds ago. */
const RECALLED = 1000;

/**
 * Takes over what the view has, and tells up to where that is for certain. The checkpoints are asked first: another node
 * may be writing the view, and what is read from the log though the rows have it already changes nothing.
 * All is asked before anything is taken over, and what a try before took over is let go: what was asked after it (rates, places of
 * rotations) may have failed, and runs that were loaded twice would count twice for ever.
 */
export async function loadView(store: Store, into: { readonly jobs: Jobs; readonly workers: Workers; readonly book: RunBook }): Promise<readonly Checkpoint[]> {
  const checkpoints = await store.checkpoints();
  const highest = await store.highestRunId();
  const { jobs, namespaces, apps } = await store.definitions();
  const workers = await store.workers();
  const runs = await openRunsOf(store);
  const { items: newest } = await store.runs({ limit: RECALLED });
  for (const part of [into.jobs, into.workers, into.book]) part.forget();
  into.jobs.load(jobs);
  for (const value of namespaces) into.jobs.apply({ kind: 'namespace', name: value.name, value });
  for (const value of apps) into.jobs.apply({ kind: 'app', namespace: value.namespace, name: value.name, value });
  into.workers.load(workers);
  for (const [record, targets] of runs) into.book.load(record, targets);
  for (const { id, state, retryPending } of newest) if (isFinal(state) && !retryPending) into.book.recall(id);
  into.book.sees(highest);
  return checkpoints;
}

/** Runs not ended, each with its targets. */
export async function openRunsOf(store: Store): Promise<readonly [RunRecord, readonly SubRunRecord[]][]> {
  const runs: [RunRecord, readonly SubRunRecord[]][] = [];
  for (const record of await store.openRuns()) {
    const whole = await wholeOf(store, record);
    if (whole !== undefined) runs.push(whole);
  }
  return runs;
}

/**
 * A run and its targets as they were at one moment: another node may be writing them, in one batch. A target taken over as ended that
 * its run does not count yet would never be counted. Undefined = the run has ended meanwhile.
 */
async function wholeOf(store: Store, record: RunRecord): Promise<[RunRecord, readonly SubRunRecord[]] | undefined> {
  for (let last = record; ;) {
    const targets = await targetsOf(store, last);
    if (targets.filter(({ endedAt }) => endedAt !== 0).length === last.targetsEnded) return [last, targets];
    const newer = await store.run(record.id);
    if (newer === undefined || (isFinal(newer.state) && !newer.retryPending)) return undefined;
    // Nobody writes them: that is how they are.
    if (newer.targetsEnded === last.targetsEnded) return [newer, targets];
    last = newer;
  }
}

async function targetsOf(store: Store, record: RunRecord): Promise<readonly SubRunRecord[]> {
  if (record.targets === 0) return [];
  const { items } = await store.subRuns(record.id, { limit: Math.max(200, record.targets * 2) });
  return items.filter((sub) => sub.kind === 'target');
}
