import type { Calendar, CalendarJob, CalendarQuery } from '../../ports/index.ts';
import { emptyFold, FIRES_A_PAUSE, foldFires } from '../../schedule/index.ts';
import type { FoldedFires, FoldRange } from '../../schedule/index.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { JobApiParts } from './api-parts.ts';
import { isInScope, labelOf } from './job-scope.ts';

const MOST_JOBS = 500;
/** Fires told one by one; more are only counted. */
const MOST_LISTED = 60;
const MOST_FIRES_OF_ONE = 100_000;
const MOST_FIRES = 1_000_000;
/** The thread is given back after so much work, and the whole ends after so much of it. */
const SLICE_MS = 4;
/** No slice counts for more: one that took longer was kept waiting, by others who had the processor or because its process stood still. */
const MOST_OF_ONE_SLICE_MS = 100;
const WORK_MS = 1_500;

/** What enabled jobs will do, by address. Ticks go on meanwhile: the work is done in slices. */
export async function calendar({ jobs, context: { clock } }: JobApiParts, query: CalendarQuery): Promise<Calendar> {
  const planned: CalendarJob[] = [];
  /** By schedule: many jobs share one. */
  const folds = new Map<string, FoldedFires>();
  let sliceStart = clock.monotonic();
  let worked = 0;
  let fires = 0;
  let isTruncated = false;

  async function breathe(): Promise<void> {
    const took = clock.monotonic() - sliceStart;
    if (took < SLICE_MS) return;
    worked += Math.min(took, MOST_OF_ONE_SLICE_MS);
    await new Promise<void>((resolve) => clock.soon(resolve));
    sliceStart = clock.monotonic();
  }

  async function fold(job: JobRuntime): Promise<FoldedFires> {
    // What was before it was made or its schedule changed was not planned by it.
    const range: FoldRange = { ...query, after: job.definition.anchor, keep: MOST_LISTED };
    const key = `${job.schedule.key}\n${Math.max(range.after, query.from)}`;
    const known = folds.get(key);
    if (known !== undefined) return known;
    const folded = emptyFold(range);
    folds.set(key, folded);
    let ofOne = 0;
    const pauses = foldFires(job.schedule, range, folded);
    while (pauses.next().done !== true) {
      fires += FIRES_A_PAUSE;
      ofOne += FIRES_A_PAUSE;
      if (ofOne >= MOST_FIRES_OF_ONE || fires >= MOST_FIRES || worked > WORK_MS) {
        isTruncated = true;
        break;
      }
      await breathe();
    }
    return folded;
  }

  for (const key of [...jobs.keys.after(undefined)]) {
    const job = jobs.byKey(key);
    if (job === undefined || job.definition.state !== 'enabled' || !isInScope(job, query)) continue;
    if (worked > WORK_MS || fires >= MOST_FIRES) {
      isTruncated = true;
      break;
    }
    const { count, fires: listed, perBucket } = await fold(job);
    await breathe();
    if (count === 0) continue;
    if (planned.length === MOST_JOBS) {
      isTruncated = true;
      break;
    }
    planned.push({ ...labelOf(job), count, fires: count > MOST_LISTED ? undefined : listed, perBucket });
  }
  return { jobs: planned, truncated: isTruncated };
}
