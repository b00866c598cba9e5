import type { RunBulkFilter, RunSummary } from '../../../src-core/http/contract.ts';

/** Names in the address; they are the API's own. */
export const RUN_FILTER_NAMES = ['state', 'job', 'app', 'worker', 'trigger', 'from', 'to', 'minDurationMs', 'reason', 'args', 'monitorStatus', 'monitorPayload'] as const;

export type RunFilterName = (typeof RUN_FILTER_NAMES)[number];
export type RunFilter = Partial<Record<RunFilterName | 'namespace', string>>;

/** Those shown only when asked for. */
export const RARE_FILTERS: readonly RunFilterName[] = ['worker', 'minDurationMs', 'reason', 'args', 'monitorStatus', 'monitorPayload'];

export function readRunFilter(query: URLSearchParams, namespace: string | undefined): RunFilter {
  const filter: RunFilter = namespace === undefined ? {} : { namespace };
  for (const name of RUN_FILTER_NAMES) {
    const value = query.get(name);
    if (value) filter[name] = value;
  }
  return filter;
}

export function isFiltered(filter: RunFilter, names: readonly RunFilterName[] = RUN_FILTER_NAMES): boolean {
  return names.some((name) => filter[name] !== undefined);
}

export function listOf<T extends string>(text: string | undefined, allowed: readonly T[]): readonly T[] {
  const words = (text ?? '').split(',');
  return allowed.filter((word) => words.includes(word));
}

/** As POST /runs/bulk takes it. */
export function toBulkFilter({ state, trigger, minDurationMs, ...rest }: RunFilter): RunBulkFilter {
  return {
    ...rest,
    ...(state && { state: state.split(',') as RunSummary['state'][] }),
    ...(trigger && { trigger: trigger.split(',') as RunSummary['trigger'][] }),
    ...(minDurationMs && { minDurationMs: Number(minDurationMs) }),
  };
}

/** Whether a run belongs into the list, as far as the live feed tells of it: args and payload it does not. */
export function mayMatch(run: RunSummary, filter: RunFilter): boolean {
  const at = run.scheduledAt === null ? 0 : Date.parse(run.scheduledAt);
  const { state, trigger, job, namespace, app, worker, from, to, reason, monitorStatus, minDurationMs } = filter;
  return (state === undefined || state.split(',').includes(run.state))
    && (trigger === undefined || trigger.split(',').includes(run.trigger))
    && (job === undefined || job === run.job || job === `${run.namespace}.${run.app}.${run.job}`)
    && (namespace === undefined || namespace === run.namespace)
    && (app === undefined || app === run.app)
    && (worker === undefined || worker === run.workerId)
    && (from === undefined || at >= Date.parse(from))
    && (to === undefined || at < Date.parse(to))
    && (reason === undefined || run.reason.toLowerCase().includes(reason.toLowerCase()))
    && (monitorStatus === undefined || run.monitorStatus === monitorStatus)
    && (minDurationMs === undefined || (run.durationMs ?? -1) >= Number(minDurationMs));
}

/** taskIds grow with time: > 0 when `a` is newer. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
