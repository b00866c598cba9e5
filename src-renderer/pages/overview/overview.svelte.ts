import { untrack } from 'svelte';
import type { AttentionItem, LiveChanges, OverviewResource, Page, RunSummary, ServerResource, UpcomingFire } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { Loaded, PagedList } from '../../state/list.svelte.ts';
import { live } from '../../state/live.svelte.ts';
import { now } from '../../state/now.svelte.ts';
import { Rereads } from '../../state/rereads.svelte.ts';
import { scope } from '../../state/scope.svelte.ts';
import { toMs } from '../../state/times.svelte.ts';
import { findingsOf } from './verdict.ts';

const ROWS = 20;

interface Items<T> { readonly items: readonly T[] }

/** What the overview shows, of the namespace in view. */
export class OverviewState {
  readonly overview = new Loaded<OverviewResource>((signal) => api.get('overview', { namespace: scope.filter }, signal));
  readonly attention = new Loaded<readonly AttentionItem[]>(async (signal) => (await api.get<Items<AttentionItem>>('attention', { namespace: scope.filter }, signal)).items);
  readonly fires = new Loaded<readonly UpcomingFire[]>(async (signal) => (await api.get<Items<UpcomingFire>>('fires', { namespace: scope.filter, limit: ROWS }, signal)).items);
  readonly servers = new Loaded<readonly ServerResource[]>(async (signal) => (await api.get<Page<ServerResource>>('servers', undefined, signal)).items);
  readonly running = new PagedList<RunSummary>({ load: (_cursor, signal) => api.get('runs', { namespace: scope.filter, state: 'active', limit: ROWS }, signal), key: ({ taskId }) => taskId });
  /** The pointer or the focus is on the rows that run: none may move. */
  isHeld = $state(false);
  readonly #rereads = new Rereads();
  readonly #wishRunning: () => void;
  readonly #wishFires: () => void;
  readonly #wishAttention: () => void;

  constructor() {
    const keep = (load: () => unknown) => () => { if (!this.isHeld || this.running.state === 'loading') load(); };
    this.#wishRunning = this.#rereads.add(10_000, keep(() => this.running.reload()));
    this.#wishFires = this.#rereads.add(30_000, () => this.fires.reload());
    this.#rereads.add(15_000, () => this.overview.reload());
    this.#wishAttention = this.#rereads.add(20_000, () => this.attention.reload());
    this.#rereads.add(10_000, () => this.servers.reload());
  }

  /** The newest that is known: the live feed is ahead of what was read. */
  get counters(): Pick<OverviewResource, 'jobs' | 'jobsEnabled' | 'running' | 'queued' | 'workersLive' | 'dueNextHour' | 'ended' | 'skipped'> | undefined {
    return live.counters ?? this.overview.value;
  }

  get isUnused(): boolean {
    return this.counters?.jobs === 0;
  }

  get leader(): ServerResource | undefined {
    return this.servers.value?.find(({ role }) => role === 'leader');
  }

  /** What is not well; undefined while that is not known yet. */
  readonly findings = $derived.by(() => {
    const { counters } = this;
    if (!counters) return undefined;
    return findingsOf({
      isCutOff: live.staleSince !== undefined, natsConnected: live.natsConnected, servers: this.servers.value,
      // A panel that cannot read it must not call everything well.
      attention: this.attention.value, jobs: counters.jobs, jobsEnabled: counters.jobsEnabled,
    });
  });

  /** For `$effect`: reads everything, of another namespace anew, and keeps it up to date. */
  start(): () => void {
    void scope.namespace;
    return untrack(() => {
      for (const part of [this.overview, this.attention, this.fires]) part.clear();
      if (this.running.items.length > 0) void this.running.restart();
      const stop = this.#rereads.start();
      const stopListening = live.listen({ changes: (changes) => this.#take(changes) });
      return () => {
        stop();
        stopListening();
        for (const part of [this.overview, this.attention, this.fires, this.servers, this.running]) part.stop();
      };
    });
  }

  /** For `$effect`: what was next has fired. */
  followFires(): void {
    const [first] = this.fires.value ?? [];
    if (first && toMs(first.at) < now.ms) this.#wishFires();
  }

  async cancel({ taskId }: RunSummary): Promise<void> {
    const ended = await api.post<RunSummary>(`runs/${taskId}/cancel`);
    this.running.merge([ended]);
  }

  #take({ runs = [], skips = [], jobs = [] }: LiveChanges): void {
    if (runs.length > 0) {
      const known = this.running.merge(runs);
      if (known || runs.some(({ state }) => state === 'active')) this.#wishRunning();
    }
    if (skips.length > 0 || runs.some(({ state }) => state === 'failed' || state === 'expired')) this.#wishAttention();
    if (jobs.length > 0) this.#wishFires();
  }
}
