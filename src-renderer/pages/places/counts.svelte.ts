import type { CountResource, Page, WorkerResource } from '../../../src-core/http/contract.ts';
import { ApiError, api } from '../../api/client.ts';

const AT_ONCE = 4;

export interface PlaceCounts {
  readonly jobs: CountResource | undefined;
  readonly workers: number | undefined;
}

/** How many jobs and live workers a namespace, or an app (`namespace/app`), has. What cannot be read stays open. */
export class Counts {
  #jobs = $state.raw<ReadonlyMap<string, CountResource>>(new Map());
  #workers = $state.raw<ReadonlyMap<string, number> | undefined>();
  #round = 0;

  of(namespace: string, app?: string): PlaceCounts {
    const key = keyOf(namespace, app);
    return { jobs: this.#jobs.get(key), workers: this.#workers && (this.#workers.get(key) ?? 0) };
  }

  /** Reads those of the places in view, four at a time; a newer call ends an older one. */
  async read(places: readonly { namespace: string; app?: string }[]): Promise<void> {
    const round = ++this.#round;
    void this.#readWorkers(round);
    const queue = [...places];
    const found = new Map<string, CountResource>();
    const work = async (): Promise<void> => {
      for (let place = queue.shift(); place !== undefined && round === this.#round; place = queue.shift()) {
        const count = await quietly(api.get<CountResource>('jobs/count', { namespace: place.namespace, app: place.app }));
        if (count) found.set(keyOf(place.namespace, place.app), count);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (round === this.#round) this.#jobs = new Map([...this.#jobs, ...found]);
  }

  async #readWorkers(round: number): Promise<void> {
    const page = await quietly(api.get<Page<WorkerResource>>('workers'));
    if (page === undefined || round !== this.#round) return;
    const counts = new Map<string, number>();
    for (const { namespace, app, live } of page.items) {
      if (!live) continue;
      for (const key of [namespace, keyOf(namespace, app)]) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    this.#workers = counts;
  }
}

function keyOf(namespace: string, app?: string): string {
  return app === undefined ? namespace : `${namespace}/${app}`;
}

async function quietly<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
