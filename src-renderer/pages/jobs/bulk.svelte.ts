import type { BulkFilter, BulkRequest, BulkResource, JobResource, Page } from '../../../src-core/http/contract.ts';
import { api, ApiError } from '../../api/client.ts';
import { definitionOf } from '../../parts/definition.ts';

/** At once, so that progress can be told. */
const CHUNK = 25;
const PAGE = 200;

export type BulkTarget = { readonly ids: readonly string[] } | { readonly filter: BulkFilter };
export type BulkDeed = Pick<BulkRequest, 'action' | 'tag' | 'move'>;
type Failure = BulkResource['failures'][number];

/** One action on many jobs: counted first, done in chunks, undone where that is possible. */
export class Bulk {
  readonly deed: BulkDeed;
  #before: readonly JobResource[] = [];
  #matched = $state(0);
  #tried = $state(0);
  #done = $state(0);
  #failures = $state.raw<readonly Failure[]>([]);
  #startedAt = 0;

  constructor(deed: BulkDeed) {
    this.deed = deed;
  }

  get matched(): number { return this.#matched; }
  /** How far it is, the failed ones included. */
  get tried(): number { return this.#tried; }
  get done(): number { return this.#done; }
  get failures(): readonly Failure[] { return this.#failures; }
  /** ISO time from which the runs it started are. */
  get startedAt(): string { return new Date(this.#startedAt).toISOString(); }
  get canUndo(): boolean { return this.#done > 0 && this.deed.action !== 'run'; }

  /** How many it would be. Throws ApiError. */
  static async count(deed: BulkDeed, target: BulkTarget): Promise<number> {
    return (await api.post<BulkResource>('jobs/bulk', { ...deed, ...target, dryRun: true })).matched;
  }

  /** Throws ApiError when the jobs cannot be read; what goes wrong with one of them is a failure. */
  async run(target: BulkTarget, known: readonly JobResource[]): Promise<void> {
    this.#before = 'ids' in target ? known.filter(({ id }) => target.ids.includes(id)) : await readAll(target.filter);
    this.#matched = this.#before.length;
    this.#startedAt = Date.now();
    await this.#inChunks(this.#before, this.deed);
  }

  /** Puts back what was: only of those that it changed. */
  async undo(): Promise<void> {
    const failed = new Set(this.#failures.map(({ id }) => id));
    const changed = this.#before.filter(({ id, namespace, app, name }) => !failed.has(id) && !failed.has(`${namespace}.${app}.${name}`));
    this.#matched = changed.length;
    this.#tried = 0;
    this.#done = 0;
    this.#failures = [];
    if (this.deed.action === 'delete') await this.#recreate(changed);
    else for (const [back, jobs] of wayBack(this.deed, changed)) await this.#inChunks(jobs, back);
  }

  async #inChunks(jobs: readonly JobResource[], deed: BulkDeed): Promise<void> {
    for (let from = 0; from < jobs.length; from += CHUNK) {
      const chunk = jobs.slice(from, from + CHUNK);
      try {
        const { done, failures } = await api.post<BulkResource>('jobs/bulk', { ...deed, ids: chunk.map(({ id }) => id) });
        this.#done += done;
        this.#failures = [...this.#failures, ...failures];
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.#failures = [...this.#failures, ...chunk.map(({ id }) => ({ id, message: error.message }))];
      }
      this.#tried += chunk.length;
    }
  }

  async #recreate(jobs: readonly JobResource[]): Promise<void> {
    for (const job of jobs) {
      try {
        await api.post('jobs', definitionOf(job));
        this.#done++;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.#failures = [...this.#failures, { id: job.name, message: error.message }];
      }
      this.#tried++;
    }
  }
}

/** Which deeds, on which of the jobs, lead back to what they were. */
function wayBack(deed: BulkDeed, before: readonly JobResource[]): readonly (readonly [BulkDeed, readonly JobResource[]])[] {
  const actions = { enabled: 'enable', disabled: 'disable', paused: 'pause' } as const;
  switch (deed.action) {
    case 'tag': {
      const { add = [], remove = [] } = deed.tag ?? {};
      return [
        ...add.map((tag) => [{ action: 'tag', tag: { remove: [tag] } }, before.filter(({ tags }) => !tags.includes(tag))] as const),
        ...remove.map((tag) => [{ action: 'tag', tag: { add: [tag] } }, before.filter(({ tags }) => tags.includes(tag))] as const),
      ];
    }
    case 'move': {
      const places = new Map(before.map(({ namespace, app }) => [`${namespace}.${app}`, { namespace, app }]));
      return [...places.values()].map((move) => [{ action: 'move', move }, before.filter(({ namespace, app }) => namespace === move.namespace && app === move.app)] as const);
    }
    default:
      return (['enabled', 'disabled', 'paused'] as const).map((state) => [{ action: actions[state] }, before.filter((job) => job.state === state)] as const);
  }
}

async function readAll(filter: BulkFilter): Promise<readonly JobResource[]> {
  const jobs: JobResource[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await api.get<Page<JobResource>>('jobs', { ...filter, limit: PAGE, cursor });
    jobs.push(...page.items);
    if (page.nextCursor === null) return jobs;
    cursor = page.nextCursor;
  }
}
