import { average, percentile } from '../../domain/percentile.ts';
import { isFinal } from '../../domain/run.ts';
import type { EndTotals, JobScope, LookingApi, RecentRuns, RunBrief, Store } from '../../ports/index.ts';
import { soonest } from '../../schedule/index.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { Jobs } from '../jobs.ts';
import { attention } from './attention.ts';
import { calendar } from './calendar.ts';
import { jobsIn, labelOf } from './job-scope.ts';
import type { JobApiParts } from './api-parts.ts';

/** `seen` answers once the database is read. */
export function lookingApi(seen: () => JobApiParts): LookingApi {
  return {
    async recentRuns(ids, limit) {
      const { jobs, context } = seen();
      const numbers = [...new Set(ids.flatMap((id) => jobs.find(id)?.number ?? []))];
      const runs = await context.store.recentRuns(numbers, limit);
      return numbers.map((number) => summary(number, runs.get(number) ?? []));
    },
    async fires({ limit, ...scope }) {
      const { jobs, situations, context } = seen();
      if (!situations.leading) jobs.follow(context.clock.now());
      const next = (job: JobRuntime): number | undefined => (job.definition.state === 'enabled' ? jobs.fires.nextFireOf(job) : undefined);
      return soonest(jobsIn(jobs, scope), next, limit).map(({ at, item }) => ({ ...labelOf(item), at }));
    },
    async calendar(query) {
      return calendar(seen(), query);
    },
    async attention({ namespace }) {
      return attention(seen(), namespace);
    },
    async stats(scope, query) {
      const { jobs, context } = seen();
      return endsIn(context.store, jobs, scope, query);
    },
  };
}

/** From roll-ups. When the scope holds every job there is, the sums over all of them are read: one row a minute. */
export async function endsIn(store: Store, jobs: Jobs, scope: JobScope, query: { from: number; to: number; bucketMs: number }): Promise<readonly EndTotals[]> {
  if (scope.namespace === undefined && scope.app === undefined) return store.endTotals(query);
  const jobNumbers = Array.from(jobsIn(jobs, scope), (job) => job.number);
  return store.endTotals(jobNumbers.length === jobs.size ? query : { ...query, jobNumbers });
}

/** The runs come newest first. */
function summary(number: number, runs: readonly RunBrief[]): RecentRuns {
  const ended = runs.filter(({ state }) => isFinal(state));
  const durations = durationsOf(ended);
  return {
    jobId: String(number), runs: runs.toReversed(), ended: ended.length, completed: ended.filter(({ state }) => state === 'completed').length,
    durationMsAvg: average(durations), durationMsP95: percentile(durations, 0.95),
  };
}

/** Milliseconds from dispatch to end, of the runs that have both. */
export function durationsOf(runs: readonly RunBrief[]): number[] {
  return runs.filter(({ dispatchedAt, endedAt }) => dispatchedAt > 0 && endedAt > 0).map(({ dispatchedAt, endedAt }) => Math.max(0, endedAt - dispatchedAt));
}

/** Milliseconds from due to dispatched, of the runs that were dispatched; counted as the roll-ups do. */
export function latenessesOf(runs: readonly RunBrief[]): number[] {
  return runs.filter(({ dispatchedAt }) => dispatchedAt > 0).map(({ dueAt, scheduledAt, dispatchedAt }) => Math.max(0, dispatchedAt - (dueAt || scheduledAt)));
}
