import type { RunRecord } from '../../domain/run.ts';
import type { AttemptView } from '../../ports/index.ts';
import { isLongResult } from '../../wire/index.ts';
import type { JobApiParts } from './api-parts.ts';
import { findRun, getRun } from './find-run.ts';
import { reportedResult } from './run-reports.ts';

/** More than any job may be tried. */
const MOST_ATTEMPTS = 1_000;

/** From the view, and of what it does not have yet from the book. */
export async function attemptsOf(parts: JobApiParts, taskId: string): Promise<readonly AttemptView[]> {
  const { context: { store, clock }, jobs, situations } = parts;
  const run = await getRun(parts, taskId);
  const rootId = run.rootId || run.id;
  const { items } = await store.runs({ rootId, limit: MOST_ATTEMPTS });
  const found = new Map<string, RunRecord>([[run.id, run]]);
  for (const item of items) found.set(item.id, newest(item.id) ?? item);
  // A retry names its predecessor's successor: what is too young for the view is found along the chain.
  for (let last: RunRecord | undefined = lastOf(found); last !== undefined && last.retryId !== '' && last.retryId !== '0' && !found.has(last.retryId);) {
    last = await findRun(parts, last.retryId);
    if (last !== undefined) found.set(last.id, last);
  }
  const isPaused = jobs.byNumber(run.jobNumber)?.definition.state === 'paused' || situations.pause(clock.now()) !== undefined;
  return Promise.all([...found.values()].sort((a, b) => a.attempt - b.attempt).map(async (each) => {
    const result = each.state === 'completed' && isLongResult(each.reason) ? await reportedResult(parts, each) : undefined;
    return { run: each, isPaused: isPaused && each.state === 'waiting', ...(result === undefined ? {} : { result }) };
  }));

  function newest(id: string): RunRecord | undefined {
    const entry = parts.book.get(id);
    return entry?.logged ? { ...entry.record } : undefined;
  }
}

function lastOf(runs: ReadonlyMap<string, RunRecord>): RunRecord | undefined {
  let last: RunRecord | undefined;
  for (const run of runs.values()) if (last === undefined || run.attempt > last.attempt) last = run;
  return last;
}
