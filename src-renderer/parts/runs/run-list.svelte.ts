import type { CountResource, LiveChanges, Page, RunResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { Loaded, PagedList } from '../../state/list.svelte.ts';
import { prefs } from '../../state/prefs.svelte.ts';
import { Selection } from '../../state/selection.svelte.ts';
import { compareIds, mayMatch, type RunFilter } from './run-filter.ts';

/** More new runs than these are not counted one by one. */
const MOST_FRESH = 999;

/** The list of runs: rows change where they stand, new runs wait behind a button. */
export class RunList {
  #filter: RunFilter = {};
  #newest = '';
  #fresh = $state.raw<ReadonlySet<string>>(new Set());
  /** Rows of a page; as the person likes when not given. */
  readonly #limit: number | undefined;
  readonly selection = new Selection();
  readonly list = new PagedList<RunResource>({
    key: ({ taskId }) => taskId,
    load: (cursor, signal) => api.get<Page<RunResource>>('runs', { ...this.#filter, limit: this.#limit ?? prefs.pageSize, cursor }, signal),
  });
  readonly count = new Loaded<CountResource>((signal) => api.get('runs/count', { ...this.#filter }, signal));

  constructor(limit?: number) {
    this.#limit = limit;
  }

  /** New runs that match and are not shown. */
  get fresh(): number { return this.#fresh.size; }

  /** Another question. */
  ask(filter: RunFilter): void {
    this.#filter = filter;
    this.selection.clear();
    this.count.clear();
    void this.count.reload();
    void this.#first(() => this.list.restart());
  }

  /** The newest, with what is shown staying until they are there. */
  showNewest(): Promise<void> {
    void this.count.reload();
    return this.#first(() => this.list.first());
  }

  /** What the live feed brings. */
  take({ runs }: LiveChanges): void {
    if (!runs) return;
    const known = new Map(this.list.items.map((item) => [item.taskId, item]));
    this.list.merge(runs.flatMap((run) => {
      const item = known.get(run.taskId);
      return item ? [{ ...item, ...run }] : [];
    }));
    if (this.list.state !== 'ready' || this.#fresh.size >= MOST_FRESH) return;
    const fresh = runs.filter((run) => !known.has(run.taskId) && compareIds(run.taskId, this.#newest) > 0 && mayMatch(run, this.#filter));
    if (fresh.some(({ taskId }) => !this.#fresh.has(taskId))) this.#fresh = new Set([...this.#fresh, ...fresh.map(({ taskId }) => taskId)].slice(0, MOST_FRESH));
  }

  stop(): void {
    this.list.stop();
    this.count.stop();
  }

  async #first(read: () => Promise<void>): Promise<void> {
    this.#fresh = new Set();
    this.#newest = '';
    await read();
    this.#newest = this.list.items[0]?.taskId ?? '';
    const { items } = this.list;
    const shown = new Set(items.map(({ taskId }) => taskId));
    this.#fresh = new Set([...this.#fresh].filter((id) => !shown.has(id)));
  }
}
