import type { JobResource, LiveChanges, Page, RunSummary, ServerResource, StartedRun, WorkerResource } from '../../../src-core/http/contract.ts';
import { ApiError, api, part } from '../../api/client.ts';
import { Loaded } from '../../state/list.svelte.ts';
import { live } from '../../state/live.svelte.ts';
import { Rereads } from '../../state/rereads.svelte.ts';
import { route } from '../../state/route.svelte.ts';
import { keepsRuns } from './words.ts';

const OFTEN_MS = 2_000;

/** From the job that is there to its first green run: waits for a worker, runs the job, watches the run. */
export class FirstRun {
  readonly key: string;
  readonly job: Loaded<JobResource>;
  readonly servers = new Loaded<readonly ServerResource[]>(async (signal) => (await api.get<Page<ServerResource>>('servers', undefined, signal)).items);
  readonly workers: Loaded<readonly WorkerResource[]>;
  /** The one that was asked for here, else the newest of the job. */
  readonly run: Loaded<RunSummary | null>;
  error = $state.raw<ApiError | undefined>();
  isBusy = $state(false);
  readonly #rereads = new Rereads();
  readonly #wishWorkers: () => void;
  readonly #wishRun: () => void;
  /** How many lived when this page first looked: only a worker that comes later is the one that was waited for. */
  #atFirst: number | undefined;

  constructor(key: string) {
    this.key = key;
    this.job = new Loaded((signal) => api.get(`jobs/${part(key)}`, undefined, signal));
    this.workers = new Loaded(async (signal) => this.#look(await this.#readWorkers(signal)));
    this.run = new Loaded((signal) => this.#readRun(signal));
    this.#wishWorkers = this.#rereads.add(OFTEN_MS, () => { if (!this.isWorkerThere) void this.workers.reload(); });
    this.#wishRun = this.#rereads.add(OFTEN_MS, () => { if (!this.isGreen && this.keepsRuns) void this.run.reload(); });
  }

  get natsUrl(): string { return this.servers.value?.[0]?.natsUrl ?? ''; }
  get keepsRuns(): boolean { return keepsRuns(this.job.value?.model ?? 'max'); }
  get liveWorkers(): readonly WorkerResource[] { return (this.workers.value ?? []).filter((worker) => worker.live); }
  get isGreen(): boolean { return this.run.value?.state === 'completed'; }
  /** Kept in the address: whoever comes back sees the same run. */
  get askedRun(): string | null { return route.query.get('run'); }
  /** A heartbeat, or an answer of one that sends none. */
  get isWorkerThere(): boolean { return this.liveWorkers.length > 0 || this.isGreen; }
  get isDone(): boolean { return this.keepsRuns ? this.isGreen : this.askedRun !== null; }

  /** For `$effect`. */
  start(): () => void {
    void this.job.reload();
    void this.servers.reload();
    const stop = this.#rereads.start();
    const stopListening = live.listen({ changes: (changes) => this.#take(changes) });
    return () => {
      stop();
      stopListening();
      for (const part of [this.job, this.servers, this.workers, this.run]) part.stop();
    };
  }

  async runNow(): Promise<void> {
    this.isBusy = true;
    this.error = undefined;
    try {
      const { taskId } = await api.post<StartedRun>(`jobs/${part(this.key)}/run`);
      route.setQuery({ run: taskId });
      if (this.keepsRuns) await this.run.reload();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    } finally {
      this.isBusy = false;
    }
  }

  async #readWorkers(signal: AbortSignal): Promise<readonly WorkerResource[]> {
    const [namespace, app] = this.key.split('.');
    return (await api.get<Page<WorkerResource>>('workers', { namespace, app }, signal)).items;
  }

  async #readRun(signal: AbortSignal): Promise<RunSummary | null> {
    const { askedRun } = this;
    if (askedRun !== null) return api.get<RunSummary>(`runs/${askedRun}`, undefined, signal);
    return (await api.get<Page<RunSummary>>('runs', { job: this.key, limit: 1 }, signal)).items[0] ?? null;
  }

  /** The worker that was waited for has come: that is what it was started for. */
  #look(workers: readonly WorkerResource[]): readonly WorkerResource[] {
    const count = workers.filter((worker) => worker.live).length;
    this.#atFirst ??= count;
    if (this.#atFirst === 0 && count > 0 && this.askedRun === null && !this.isBusy) void this.runNow();
    return workers;
  }

  #take({ runs = [], workers = [] }: LiveChanges): void {
    if (workers.length > 0 && !this.isWorkerThere) this.#wishWorkers();
    const mine = runs.find(({ taskId, namespace, app, job }) => (this.askedRun === null ? `${namespace}.${app}.${job}` === this.key : taskId === this.askedRun));
    if (!mine || this.isGreen) return;
    if (this.askedRun === null) this.#wishRun();
    else this.run.set(mine);
  }
}
