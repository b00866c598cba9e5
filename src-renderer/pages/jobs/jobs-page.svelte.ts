import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { BulkFilter, CountResource, JobResource, LiveChanges, Page, RecentRunsResource, WorkerResource } from '../../../src-core/http/contract.ts';
import { api, ApiError } from '../../api/client.ts';
import { every, throttled } from '../../state/every.ts';
import { PagedList } from '../../state/list.svelte.ts';
import { live } from '../../state/live.svelte.ts';
import { prefs } from '../../state/prefs.svelte.ts';
import { jobColumns } from './columns.ts';

const RENEW_MS = 2_000;
const WORKERS_MS = 10_000;
/** More apps on one page than this are not asked for their workers. */
const MOST_APPS = 20;
const RUNS_SHOWN = 20;
/** Of one request. */
const IDS_AT_ONCE = 100;
/** Between these the browser may do other things. */
const DRAWN_AT_ONCE = 20;

/** The list of jobs: one page of it, and what is read beside. Rows change in place; others come only when asked for. */
export class JobsPage {
  readonly columns = jobColumns();
  readonly list = new PagedList<JobResource>({
    key: ({ id }) => id,
    load: (cursor, signal) => api.get<Page<JobResource>>('jobs', { ...this.#filter, limit: prefs.pageSize, cursor }, signal),
  });
  /** By id of the job. */
  readonly recent = new SvelteMap<string, RecentRunsResource>();
  /** Live ones, by `namespace.app`. */
  readonly workers = new SvelteMap<string, number>();
  readonly selected = new SvelteSet<string>();
  #count = $state.raw<CountResource | undefined>();
  #hasNews = $state(false);
  #filter: BulkFilter = {};
  readonly #renew = throttled(RENEW_MS, () => void this.#renewAll());

  get count(): CountResource | undefined { return this.#count; }
  get filter(): BulkFilter { return this.#filter; }
  /** The server has other jobs for this page than are shown. */
  get hasNews(): boolean { return this.#hasNews; }

  /** Another question: begins at its first page. */
  async ask(filter: BulkFilter): Promise<void> {
    this.#filter = filter;
    this.selected.clear();
    this.#count = undefined;
    void this.#readCount();
    await this.list.restart();
    this.#settled();
  }

  async turn(to: 'next' | 'previous' | 'first' | 'reload'): Promise<void> {
    if (to !== 'reload') this.selected.clear();
    await this.list[to]();
    this.#settled();
    if (to === 'reload') void this.#readCount();
  }

  /** The job as the server has it now. */
  put(job: JobResource): void {
    this.list.merge([job]);
  }

  /** Follows what happens until the returned function is called. */
  follow(): () => void {
    const stops = [
      live.listen({ changes: (changes) => this.#take(changes), reset: () => this.#renew() }),
      every(RENEW_MS, () => { if (this.#isAnyDue()) this.#renew(); }),
      every(WORKERS_MS, () => { if (live.state !== 'paused') void this.readWorkers(); }),
      () => this.#renew.cancel(),
      () => this.list.stop(),
    ];
    return () => { for (const stop of stops) stop(); };
  }

  async readWorkers(): Promise<void> {
    if (!this.columns.has('workers')) return;
    const apps = new Map(this.list.items.map(({ namespace, app }) => [`${namespace}.${app}`, { namespace, app }]));
    await quietly(Promise.all([...apps].slice(0, MOST_APPS).map(async ([key, query]) => {
      const { items } = await api.get<Page<WorkerResource>>('workers', query);
      this.workers.set(key, items.filter((worker) => worker.live).length);
    })));
  }

  async readRecent(ids: readonly string[] = this.list.items.map(({ id }) => id)): Promise<void> {
    if (!['recent', 'success', 'duration'].some((column) => this.columns.has(column as 'recent'))) return;
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const answer = await quietly(api.get<{ items: readonly RecentRunsResource[] }>('jobs/recent-runs', { ids: ids.slice(from, from + IDS_AT_ONCE), limit: RUNS_SHOWN }));
      for (const [index, item] of (answer?.items ?? []).entries()) {
        this.recent.set(item.jobId, item);
        if (index % DRAWN_AT_ONCE === DRAWN_AT_ONCE - 1) await new Promise((resolve) => { setTimeout(resolve); });
      }
    }
  }

  #settled(): void {
    this.#hasNews = false;
    const shown = new Set(this.list.items.map(({ id }) => id));
    for (const id of [...this.recent.keys()]) if (!shown.has(id)) this.recent.delete(id);
    for (const id of [...this.selected]) if (!shown.has(id)) this.selected.delete(id);
    void this.readRecent();
    void this.readWorkers();
  }

  #take({ runs = [], jobs = [] }: Pick<LiveChanges, 'runs' | 'jobs'>): void {
    if (this.list.isBusy) return void this.list.settled().then(() => this.#take({ runs, jobs }));
    if (jobs.length > 0 || runs.some(({ jobId }) => this.list.items.some(({ id }) => id === jobId))) this.#renew();
  }

  /** Models without records tell nothing of their runs: their next fire has just passed. */
  #isAnyDue(): boolean {
    const now = Date.now();
    return live.state !== 'paused' && this.list.items.some(({ nextFireAt }) => nextFireAt !== null && Date.parse(nextFireAt) < now);
  }

  async #renewAll(): Promise<void> {
    // The answer on its way may be older than the wish.
    await this.list.settled();
    const before = new Map(this.list.items.map(({ id, lastRun }) => [id, lastRun]));
    if (await this.list.renew()) this.#hasNews = true;
    const ran = this.list.items.filter(({ id, lastRun }) => lastRun?.taskId !== before.get(id)?.taskId || lastRun?.state !== before.get(id)?.state);
    if (ran.length > 0) await this.readRecent(ran.map(({ id }) => id));
  }

  async #readCount(): Promise<void> {
    const filter = this.#filter;
    const count = await quietly(api.get<CountResource>('jobs/count', { ...filter }));
    if (filter === this.#filter) this.#count = count;
  }
}

/** What stands beside the list may be missing; the list itself says what is wrong. */
async function quietly<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
