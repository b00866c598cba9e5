import type { Page, WorkerPatch, WorkerResource } from '../../../src-core/http/contract.ts';
import { api, part } from '../../api/client.ts';
import { Loaded } from '../../state/list.svelte.ts';
import { LocalPages } from '../../state/local-pages.svelte.ts';
import { route } from '../../state/route.svelte.ts';
import { scope } from '../../state/scope.svelte.ts';
import { WORKER_STATES, stateOf, workerKey, type WorkerState } from '../../state/worker-state.ts';
import { LoadHistories } from './load-history.ts';

/** As often as they beat: beats are not told one by one. */
export const REREAD_MS = 5_000;

/** All workers of the namespace in view, filtered here: the server lists them whole. */
export class Workers {
  readonly histories = new LoadHistories();
  readonly #list = new Loaded<readonly WorkerResource[]>(async (signal) => {
    const { items } = await api.get<Page<WorkerResource>>('workers', { namespace: scope.filter, app: this.app || undefined }, signal);
    this.histories.add(items);
    this.#readAt = Date.now();
    return items;
  });
  #readAt = $state(Date.now());
  readonly pages = new LocalPages<WorkerResource>(() => this.#shown);
  readonly #shown: readonly WorkerResource[] = $derived.by(() => this.#filtered());

  /** What the frame of a list wants. */
  get isBusy() { return this.#list.isBusy; }
  get state() { return this.#list.state; }
  get error() { return this.#list.error; }
  get items(): readonly WorkerResource[] { return this.pages.items; }
  get all(): readonly WorkerResource[] { return this.#list.value ?? []; }
  get count(): number { return this.#shown.length; }

  get app(): string { return route.query.get('app') ?? ''; }
  get text(): string { return route.query.get('q') ?? ''; }
  get wanted(): WorkerState | '' { return WORKER_STATES.find((state) => state === route.query.get('state')) ?? ''; }
  /** Whether a worker is late is judged by the moment it was asked for. */
  stateOf(worker: WorkerResource): WorkerState {
    return stateOf(worker, this.#readAt);
  }

  get isFiltered(): boolean { return this.app !== '' || this.text !== '' || this.wanted !== ''; }

  readonly counts: Readonly<Record<WorkerState, number>> = $derived.by(() => {
    const counts = { up: 0, late: 0, gone: 0, drained: 0 };
    for (const worker of this.all) counts[stateOf(worker, this.#readAt)]++;
    return counts;
  });

  filter(patch: { app?: string; q?: string; state?: string }): void {
    route.setQuery(patch);
    this.pages.first();
  }

  clear(): void {
    this.filter({ app: '', q: '', state: '' });
  }

  /** For another question: what was shown goes. */
  start(): void {
    this.#list.clear();
    this.pages.first();
  }

  reload(): Promise<void> {
    return this.#list.reload();
  }

  stop(): void {
    this.#list.stop();
  }

  /** Puts what the feed tells in its place; a worker that is new is for the next reading. */
  merge(workers: readonly WorkerResource[]): void {
    const newer = new Map(workers.map((worker) => [workerKey(worker), worker]));
    this.histories.add(workers);
    // Before they are there, too: without them there is no list to put anything into.
    if (this.#list.value) this.#list.set(this.all.map((worker) => newer.get(workerKey(worker)) ?? worker));
    if (workers.some((worker) => !this.find(workerKey(worker)))) void this.reload();
  }

  find(key: string): WorkerResource | undefined {
    return this.all.find((worker) => workerKey(worker) === key);
  }

  /** Rejects with ApiError. */
  async drain({ namespace, app, id }: WorkerResource, drained: boolean): Promise<void> {
    const body: WorkerPatch = { drained };
    const changed = await api.patch<WorkerResource>(`workers/${part(namespace)}/${part(app)}/${part(id)}`, body);
    this.#list.set(this.all.map((worker) => (workerKey(worker) === workerKey(changed) ? changed : worker)));
  }

  #filtered(): readonly WorkerResource[] {
    const text = this.text.trim().toLowerCase();
    const { wanted } = this;
    return this.all.filter((worker) => (wanted === '' || stateOf(worker, this.#readAt) === wanted)
      && (text === '' || [worker.id, worker.app, worker.ip, worker.comment, worker.group].some((value) => value.toLowerCase().includes(text))));
  }
}
