import type { SchedulerApi } from '../../ports/api.ts';
import type { LiveCounters } from '../contract.ts';

/** JSON of the counters of each of the namespaces ('' = all), asked for once. */
export async function readCounters(api: SchedulerApi, namespaces: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const gauges = await api.gauges();
  const texts = new Map<string, string>();
  for (const namespace of namespaces) {
    const overview = await api.overview(namespace === '' ? {} : { namespace });
    const { jobs, jobsEnabled, running, queued, workersLive, dueNextHour, ended, skipped } = overview;
    const counters: LiveCounters = {
      jobs, jobsEnabled, running, queued, workersLive, dueNextHour, ended, skipped,
      projectionLag: gauges.projectionLag,
      unackedPublishes: gauges.unackedPublishes,
      natsRoundTripMs: gauges.natsRoundTripMs ?? null,
    };
    texts.set(namespace, JSON.stringify(counters));
  }
  return texts;
}
