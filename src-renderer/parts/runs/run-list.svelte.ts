import type { CountResource, LiveChanges, Page, RunResource, RunSummary } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { Loaded, PagedList } from '../../state/list.svelte.ts';
import { prefs } from '../../state/prefs.svelte.ts';
import { Selection } from '../../state/selection.svelte.ts';
import { isOpen } from './run-actions.ts';
import { compareIds, mayMatch, type RunFilter } from './run-filter.ts';

/** More new runs than these are not counted one by one. */
const MOST_FRESH = 999;

/** The list of runs: rows change where they stand, new runs wait behind a button. */
export class RunList {
  #filter: RunFilter = {};
  #newest = '';
  #fresh = $state.raw<ReadonlySet<string>>(new Set());
  /** What the live feed told while a page was being read: the answer may be older. */
  #meanwhile: readonly RunSummary[] = [];
  /** Rows of a page; as the person likes when not given. */
  readonly #limit: number | undefined;
  readonly selection = new Selection();
  readonly list = new PagedList<RunResource>({
    key: ({ taskId }) => taskId,
    load: (cursor, signal) => this.#load(cursor, signal),
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

  /** The same page again: changes were missed. */
  reload(): Promise<void> {
    return this.list.page === 1 ? this.#first(() => this.list.reload()) : this.list.reload();
  }

  /** What the live feed brings. */
  take({ runs }: LiveChanges): void {
    if (!runs) return;
    if (this.list.isBusy) this.#meanwhile = [...this.#meanwhile, ...runs].slice(-MOST_FRESH);
    const known = new Map(this.list.items.map((item) => [item.taskId, item]));
    this.list.merge(runs.flatMap((run) => {
      const item = known.get(run.taskId);
      return item ? [{ ...item, ...run }] : [];
    }));
    if (this.list.state === 'ready') this.#countFresh(runs, new Set(known.keys()));
  }

  stop(): void {
    this.list.stop();
    this.count.stop();
  }

  #countFresh(runs: readonly RunSummary[], known: ReadonlySet<string>): void {
    if (this.#fresh.size >= MOST_FRESH) return;
    const fresh = runs.filter((run) => !known.has(run.taskId) && compareIds(run.taskId, this.#newest) > 0 && mayMatch(run, this.#filter));
    if (fresh.some(({ taskId }) => !this.#fresh.has(taskId))) this.#fresh = new Set([...this.#fresh, ...fresh.map(({ taskId }) => taskId)].slice(0, MOST_FRESH));
  }

  async #load(cursor: string | undefined, signal: AbortSignal): Promise<Page<RunResource>> {
    this.#meanwhile = [];
    const page = await api.get<Page<RunResource>>('runs', { ...this.#filter, limit: this.#limit ?? prefs.pageSize, cursor }, signal);
    const told = new Map(this.#meanwhile.map((run) => [run.taskId, run]));
    return { ...page, items: page.items.map((item) => newerOf(item, told.get(item.taskId))) };
  }

  async #first(read: () => Promise<void>): Promise<void> {
    this.#fresh = new Set();
    this.#newest = '';
    await read();
    this.#newest = this.list.items[0]?.taskId ?? '';
    const { items } = this.list;
    const shown = new Set(items.map(({ taskId }) => taskId));
    this.#fresh = new Set([...this.#fresh].filter((id) => !shown.has(id) && compareIds(id, this.#newest) > 0));
    if (this.list.state === 'ready') this.#countFresh(this.#meanwhile, shown);
  }
}

/** A run that has ended stays ended. */
function newerOf(item: RunResource, told: RunSummary | undefined): RunResource {
  return told === undefined || (!isOpen(item) && isOpen(told)) ? item : { ...item, ...told };
}
