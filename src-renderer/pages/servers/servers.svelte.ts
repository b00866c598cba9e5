import { untrack } from 'svelte';
import type { Page, ServerResource, WorkerResource } from '../../../src-core/http/contract.ts';
import { api, part } from '../../api/client.ts';
import { Countdown } from '../../state/countdown.svelte.ts';
import { Loaded, PagedList } from '../../state/list.svelte.ts';
import { scope } from '../../state/scope.svelte.ts';
import { type AppWorkers, workersByApp } from './workers-by-app.ts';

const REFRESH_MS = 10_000;

/** The schedulers of the cluster, and how many workers each app of the namespace in view has. */
export class ServersState {
  readonly servers = new PagedList<ServerResource>({ load: (_cursor, signal) => api.get('servers', undefined, signal), key: ({ id }) => id });
  readonly workers = new Loaded<readonly AppWorkers[]>(async (signal) => workersByApp((await api.get<Page<WorkerResource>>('workers', { namespace: scope.filter }, signal)).items));
  readonly refresh = new Countdown(REFRESH_MS, () => {
    void this.servers.reload();
    void this.workers.reload();
  });

  /** The one that answers this panel: the server names itself first. */
  get own(): ServerResource | undefined { return this.servers.items[0]; }

  /** For `$effect`. */
  start(): () => void {
    return untrack(() => this.refresh.start());
  }

  async stepDown({ id }: ServerResource): Promise<void> {
    await api.post(`servers/${part(id)}/step-down`);
    this.refresh.again();
  }
}
