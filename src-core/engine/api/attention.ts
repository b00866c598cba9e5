import { failingOf, lateOf, mayFail, skippedOf, worstFirst } from '../../decide/index.ts';
import type { Worry } from '../../decide/index.ts';
import { pauseWords } from '../../domain/pause.ts';
import { isFinal, RUN_STATES } from '../../domain/run.ts';
import type { AttentionItem } from '../../ports/index.ts';
import type { JobApiParts } from './api-parts.ts';

const HOUR_MS = 3_600_000;
const MOST_ITEMS = 50;
/** Bad ends looked at to find the jobs that may be failing, and how many of those and of their runs are read. */
const BAD_ENDS = 1_000;
const SUSPECTS = 200;
const FIRST_LOOK = 10;
const ENDS_IN_A_ROW = 100;
const MOST_SKIPS = 20_000;
const LATE_MS = 2_000;
const BAD = RUN_STATES.filter((state) => isFinal(state) && state !== 'completed');

/** A pause of the whole scheduler, then jobs somebody should look at, worst first. Disabled ones are looked after already. */
export async function attention({ context: { store, clock }, jobs, situations }: JobApiParts, namespace: string | undefined): Promise<readonly AttentionItem[]> {
  const now = clock.now();
  const from = now - HOUR_MS;
  const scope = namespace === undefined ? {} : { namespace };
  const isOurs = (jobNumber: number): boolean => {
    const definition = jobs.byNumber(jobNumber)?.definition;
    return definition !== undefined && definition.state !== 'disabled' && (namespace === undefined || definition.namespace === namespace);
  };
  const [bad, late, skips] = await Promise.all([
    store.briefs({ ...scope, states: BAD, limit: BAD_ENDS }),
    store.lateJobs({ from, averageMs: LATE_MS, limit: MOST_SKIPS }),
    store.skips({ ...scope, from: Math.floor(from / HOUR_MS) * HOUR_MS, limit: MOST_SKIPS }),
  ]);
  const suspects = [...new Set(bad.items.map(({ jobNumber }) => jobNumber))].filter(isOurs).slice(0, SUSPECTS);
  // Most suspects have been fine since: the newest few runs tell, and few are left of which many are read.
  const newest = await store.recentRuns(suspects, FIRST_LOOK);
  const likely = suspects.filter((jobNumber) => mayFail(newest.get(jobNumber) ?? [])).slice(0, MOST_ITEMS);
  const runs = await store.recentRuns(likely, ENDS_IN_A_ROW);
  const worries = [
    ...[...runs].flatMap(([jobNumber, ofJob]) => failingOf(jobNumber, ofJob) ?? []),
    ...late.map(lateOf),
    ...skippedOf(skips.items, from),
  ].filter(({ jobNumber }) => isOurs(jobNumber));
  const pause = situations.pause(now);
  const paused: AttentionItem[] = pause === undefined ? [] : [{ kind: 'scheduler-paused', jobId: '', namespace: '', app: '', job: '', count: 0, reason: pauseWords(pause), lastAt: pause.since }];
  const ofJobs = worstFirst(worries).slice(0, MOST_ITEMS).map(({ jobNumber, ...worry }: Worry) => {
    const { namespace: ns, app, name } = jobs.byNumber(jobNumber)!.definition;
    return { ...worry, jobId: String(jobNumber), namespace: ns, app, job: name };
  });
  return [...paused, ...ofJobs].slice(0, MOST_ITEMS);
}
