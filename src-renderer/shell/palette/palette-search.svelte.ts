import type { JobResource, Page, RunResource } from '../../../src-core/http/contract.ts';
import { ApiError, api } from '../../api/client.ts';
import { i18n } from '../../i18n/index.svelte.ts';
import { route } from '../../state/route.svelte.ts';
import { fixedItems } from './fixed-items.ts';
import { matches, type PaletteGroup, type PaletteItem } from './palette-item.ts';

const WAIT_MS = 180;
const MOST_JOBS = 8;
/** Of a group, while nothing is asked and when something is. */
const MOST_FIXED = 12;
const ORDER: readonly PaletteGroup[] = ['screens', 'runs', 'jobs', 'actions', 'namespaces'];

/** What fits what is typed: screens and actions at once, jobs and runs when the server has answered. */
export class PaletteSearch {
  #text = $state('');
  #found = $state.raw<readonly PaletteItem[]>([]);
  #isBusy = $state(false);
  #active = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;

  readonly items: readonly PaletteItem[] = $derived.by(() => {
    const asked = this.#text.trim();
    const fixed = fixedItems(i18n.t).filter((item) => (asked === '' ? item.group !== 'namespaces' : matches(item, asked)));
    return ORDER.flatMap((group) => [...fixed, ...this.#found].filter((item) => item.group === group).slice(0, asked === '' && group === 'actions' ? 2 : MOST_FIXED));
  });

  get isBusy(): boolean { return this.#isBusy; }
  get text(): string { return this.#text; }
  set text(value: string) {
    this.#text = value;
    this.#active = 0;
    this.#found = [];
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#isBusy = value.trim() !== '';
    if (this.#isBusy) this.#timer = setTimeout(() => void this.#ask(value.trim()), WAIT_MS);
  }

  /** Index of the line that Enter chooses. */
  get active(): number { return Math.min(this.#active, Math.max(0, this.items.length - 1)); }
  set active(value: number) { this.#active = value; }

  move(step: number): void {
    const { length } = this.items;
    if (length > 0) this.#active = (this.active + step + length) % length;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  /** What Enter would choose stays what it was: the person may be about to press it. */
  #show(found: readonly PaletteItem[]): void {
    const chosen = this.items[this.active]?.id;
    this.#found = found;
    if (chosen !== undefined) this.#active = Math.max(0, this.items.findIndex(({ id }) => id === chosen));
  }

  async #ask(text: string): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const [jobs, run] = await Promise.all([findJobs(text, asking.signal), findRun(text, asking.signal)]);
      if (!asking.signal.aborted) this.#show([...run, ...jobs]);
    } catch (error) {
      if (!asking.signal.aborted && !(error instanceof ApiError)) throw error;
    } finally {
      if (this.#asking === asking) this.#isBusy = false;
    }
  }
}

async function findJobs(q: string, signal: AbortSignal): Promise<readonly PaletteItem[]> {
  const page = await api.get<Page<JobResource>>('jobs', { q, limit: MOST_JOBS }, signal);
  return page.items.map(({ id, name, namespace, app, state }) => ({ id: `job-${id}`, group: 'jobs', label: name, detail: `${namespace}.${app} · ${i18n.t.states.job[state]}`, run: () => route.go(`/jobs/${id}`) }));
}

/** By its whole id. */
async function findRun(text: string, signal: AbortSignal): Promise<readonly PaletteItem[]> {
  if (!/^\d{10,19}$/.test(text)) return [];
  try {
    const { taskId, job, state } = await api.get<RunResource>(`runs/${text}`, {}, signal);
    return [{ id: `run-${taskId}`, group: 'runs', label: taskId, detail: `${job} · ${i18n.t.states.run[state]}`, run: () => route.go(`/runs/${taskId}`) }];
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}
