import type { SchedulerApi } from '../../ports/api.ts';
import type { LiveCounters } from '../contract.ts';

/** JSON of the counters of each of the namespaces ('' = all), asked for once. One that cannot be had is left out. Rejects when none can. */
export async function readCounters(api: SchedulerApi, namespaces: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const gauges = await api.gauges();
  const texts = new Map<string, string>();
  for (const namespace of namespaces) {
    const overview = await api.overview(namespace === '' ? {} : { namespace }).catch(() => undefined);
    // A client may name a namespace that does not exist; the others shall not go without.
    if (overview === undefined) continue;
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
