import type { JobResource, LiveChanges, RecentRunsResource } from '../../../src-core/http/contract.ts';
import { api, part } from '../../api/client.ts';
import { every, throttled } from '../../state/every.ts';
import { live } from '../../state/live.svelte.ts';
import { Loaded } from '../../state/list.svelte.ts';

/** One job, kept up to date; `id` is its id or `namespace.app.name`. */
export class JobView {
  readonly id: string;
  readonly job: Loaded<JobResource>;
  /** Its last 100 runs. */
  readonly recent: Loaded<RecentRunsResource | undefined>;
  readonly #again = throttled(1000, () => void this.reload());

  constructor(id: string) {
    this.id = id;
    this.job = new Loaded((signal) => api.get(`jobs/${part(id)}`, undefined, signal));
    this.recent = new Loaded(async (signal) => (await api.get<{ items: readonly RecentRunsResource[] }>('jobs/recent-runs', { ids: id, limit: 100 }, signal)).items[0]);
  }

  /** Reads it and follows it until the returned function is called. */
  follow(): () => void {
    void this.reload();
    const stops = [
      live.listen({ changes: (changes) => this.#take(changes), reset: () => this.#again() }),
      every(5000, () => { if (live.state !== 'paused' && this.#isDue()) this.#again(); }),
      () => this.#again.cancel(),
      () => this.job.stop(),
      () => this.recent.stop(),
    ];
    return () => { for (const stop of stops) stop(); };
  }

  async reload(): Promise<void> {
    await Promise.all([this.job.reload(), this.recent.reload()]);
  }

  #take({ runs = [], jobs = [] }: LiveChanges): void {
    // Before it is there, too: the answer on its way may be older than the change.
    const isOwn = (id: string, key: string): boolean => id === (this.job.value?.id ?? this.id) || key === this.id;
    if (jobs.some(({ id, key }) => isOwn(id, key)) || runs.some(({ jobId, namespace, app, job }) => isOwn(jobId, `${namespace}.${app}.${job}`))) this.#again();
  }

  /** A fire of a job without records is not told. */
  #isDue(): boolean {
    const next = this.job.value?.nextFireAt;
    return next !== null && next !== undefined && Date.parse(next) < Date.now();
  }
}

/** Whether its runs are recorded. */
export function keepsRuns({ model }: Pick<JobResource, 'model'>): boolean {
  return model !== 'lite' && model !== 'plus';
}
