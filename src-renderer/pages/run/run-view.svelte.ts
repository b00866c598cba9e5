import type { JobResource, LiveChanges, Page, RecentRunsResource, RunEventResource, RunReportResource, RunResource, SentMessageResource, SubRunResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { isOpen } from '../../parts/runs/run-actions.ts';
import { throttled } from '../../state/every.ts';
import { Loaded } from '../../state/list.svelte.ts';

/** A chain of retries is not followed further than this. */
const MOST_ATTEMPTS = 20;
/** Bars of sub-runs in the timeline. */
const MOST_BARS = 40;
const MOST_REPORTS = 1_000;

/** One run with all that is shown of it, kept up to date. */
export class RunView {
  readonly taskId: string;
  readonly run: Loaded<RunResource>;
  readonly job: Loaded<JobResource>;
  readonly recent: Loaded<RecentRunsResource | undefined>;
  readonly messages: Loaded<readonly SentMessageResource[]>;
  readonly events: Loaded<readonly RunEventResource[]>;
  /** The first of them, for the timeline. */
  readonly subRuns: Loaded<Page<SubRunResource>>;
  /** This one among them, first attempt first; it alone when there is no other. */
  readonly attempts: Loaded<readonly RunResource[]>;
  /** What the worker told of it, oldest first. */
  readonly reports: Loaded<readonly RunReportResource[]>;
  readonly reported = throttled(500, () => void this.reports.reload());
  /** Grows whenever the run was read again. */
  #readings = $state(0);
  readonly #again = throttled(1000, () => void this.reload());

  constructor(taskId: string) {
    const path = `runs/${taskId}`;
    this.taskId = taskId;
    this.run = new Loaded((signal) => api.get(path, undefined, signal));
    this.messages = new Loaded(async (signal) => (await api.get<{ items: readonly SentMessageResource[] }>(`${path}/messages`, undefined, signal)).items);
    this.events = new Loaded(async (signal) => (await api.get<{ items: readonly RunEventResource[] }>(`${path}/events`, undefined, signal)).items);
    this.subRuns = new Loaded((signal) => api.get(`${path}/sub-runs`, { limit: MOST_BARS }, signal));
    this.job = new Loaded((signal) => api.get(`jobs/${this.run.value?.jobId}`, undefined, signal));
    this.recent = new Loaded(async (signal) => (await api.get<{ items: readonly RecentRunsResource[] }>('jobs/recent-runs', { ids: this.run.value?.jobId, limit: 100 }, signal)).items[0]);
    this.reports = new Loaded((signal) => this.#readReports(signal));
    this.attempts = new Loaded((signal) => readAttempts(this.run.value, signal));
  }

  get readings(): number { return this.#readings; }

  /** All of it for the first time. */
  async start(): Promise<void> {
    await this.reload();
    if (this.run.value) await Promise.all([this.job.reload(), this.recent.reload()]);
  }

  async reload(): Promise<void> {
    await this.run.reload();
    if (!this.run.value) return;
    this.#readings++;
    await Promise.all([this.messages.reload(), this.events.reload(), this.subRuns.reload(), this.attempts.reload(), this.reports.reload()]);
  }

  /** What goes on without the live feed telling: reports of workers. */
  poll(): void {
    if (this.run.value && isOpen(this.run.value)) this.#again();
  }

  take({ runs }: LiveChanges): void {
    const run = this.run.value;
    const own = runs?.find(({ taskId }) => taskId === this.taskId);
    // The answer on its way may be older than the change.
    if (!run && own) this.#again();
    if (!run || !runs) return;
    if (own) this.run.set({ ...run, ...own });
    if (runs.some(({ rootTaskId }) => rootTaskId === run.rootTaskId)) this.#again();
  }

  stop(): void {
    this.#again.cancel();
    this.reported.cancel();
    for (const part of [this.run, this.job, this.recent, this.messages, this.events, this.subRuns, this.attempts, this.reports]) part.stop();
  }

  /** What came since, behind what is there. */
  async #readReports(signal: AbortSignal): Promise<readonly RunReportResource[]> {
    const all = [...(this.reports.value ?? [])];
    for (let isMore = true; isMore;) {
      const page = await api.get<Page<RunReportResource>>(`runs/${this.taskId}/reports`, { after: all.at(-1)?.seq ?? 0, limit: MOST_REPORTS }, signal);
      all.push(...page.items);
      isMore = page.nextCursor !== null;
    }
    return all.slice(-MOST_REPORTS);
  }
}

async function readAttempts(run: RunResource | undefined, signal: AbortSignal): Promise<readonly RunResource[]> {
  if (!run) return [];
  const found: RunResource[] = [];
  for (let next: string | null = run.rootTaskId; next !== null && found.length < MOST_ATTEMPTS;) {
    const one: RunResource = next === run.taskId ? run : await api.get<RunResource>(`runs/${next}`, undefined, signal).catch((): RunResource => run);
    if (found.some(({ taskId }) => taskId === one.taskId)) break;
    found.push(one);
    next = one.retryTaskId;
  }
  return found;
}
