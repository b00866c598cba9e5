import type { WorkerResource } from '../../../src-core/http/contract.ts';

export interface AppWorkers {
  readonly namespace: string;
  readonly app: string;
  readonly live: number;
  readonly known: number;
}

/** One line for each app, by namespace and name. */
export function workersByApp(workers: readonly WorkerResource[]): readonly AppWorkers[] {
  const apps = new Map<string, { namespace: string; app: string; live: number; known: number }>();
  for (const { namespace, app, live } of workers) {
    const key = `${namespace}.${app}`;
    const line = apps.get(key) ?? { namespace, app, live: 0, known: 0 };
    line.known++;
    if (live) line.live++;
    apps.set(key, line);
  }
  return [...apps.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}
