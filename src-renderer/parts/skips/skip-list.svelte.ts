import type { LiveChanges, Page, SkipResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { PagedList } from '../../state/list.svelte.ts';
import { prefs } from '../../state/prefs.svelte.ts';

export interface SkipFilter {
  readonly namespace?: string | undefined;
  readonly app?: string | undefined;
  readonly job?: string | undefined;
  readonly reason?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Skipped fires; what happens meanwhile waits behind a button. */
export class SkipList {
  #filter: SkipFilter = {};
  #fresh = $state.raw<ReadonlySet<string>>(new Set());
  readonly list = new PagedList<SkipResource>({
    key: ({ jobId, reason, hour }) => `${jobId} ${reason} ${hour}`,
    load: (cursor, signal) => api.get<Page<SkipResource>>('skips', { ...this.#filter, limit: prefs.pageSize, cursor }, signal),
  });

  /** Jobs with skips that are not counted in what is shown. */
  get fresh(): number { return this.#fresh.size; }

  ask(filter: SkipFilter): void {
    this.#filter = filter;
    this.#fresh = new Set();
    void this.list.restart();
  }

  showNewest(): void {
    this.#fresh = new Set();
    void this.list.first();
  }

  take({ skips }: LiveChanges): void {
    const { namespace, app, job, reason, to } = this.#filter;
    const fresh = (skips ?? []).filter((skip) => (!namespace || skip.namespace === namespace) && (!app || skip.app === app)
      && (!job || job === skip.job || job === `${skip.namespace}.${skip.app}.${skip.job}`) && (!reason || reason.split(',').includes(skip.reason)) && (!to || Date.parse(to) > Date.now()));
    if (fresh.some(({ jobId }) => !this.#fresh.has(jobId))) this.#fresh = new Set([...this.#fresh, ...fresh.map(({ jobId }) => jobId)]);
  }
}
