import type { HttpOptions } from '../src-core/http/index.ts';

type Api = HttpOptions['api'];
type Change = Parameters<Parameters<Api['onChange']>[0]>[0];
type Group = 'namespaces' | 'apps' | 'jobs' | 'schedule' | 'runs' | 'looking';

export interface LateApi {
  readonly api: Api;
  /** From now on calls go there. */
  attach(api: Api): void;
  /** From now on calls are refused; `why` is a sentence for those who call. */
  detach(why: string): void;
}

/**
 * The scheduler's API before there is a scheduler: HTTP listens from the first moment, and says that the rest is on its way.
 * `refuse` makes the error that says "not now, try again".
 */
export function lateApi(why: string, refuse: (why: string) => Error): LateApi {
  let target: Api | undefined;
  let reason = why;
  let stopListening = (): void => {};
  const listeners = new Set<(change: Change) => void>();
  const present = (): Api => {
    if (!target) throw refuse(reason);
    return target;
  };
  const api: Api = {
    namespaces: lateGroup('namespaces'), apps: lateGroup('apps'), jobs: lateGroup('jobs'), schedule: lateGroup('schedule'), runs: lateGroup('runs'),
    looking: lateGroup('looking'),
    skips: async (...args) => present().skips(...args),
    workers: async (filter) => present().workers(filter),
    drainWorker: async (...args) => present().drainWorker(...args),
    servers: async () => present().servers(),
    stepDown: async (...args) => present().stepDown(...args),
    pause: async () => present().pause(),
    pauseScheduling: async (...args) => present().pauseScheduling(...args),
    resumeScheduling: async () => present().resumeScheduling(),
    overview: async (filter) => present().overview(filter),
    gauges: async () => present().gauges(),
    health: () => target?.health() ?? { role: 'starting', natsConnected: false, databaseWritable: false, tickAgeMs: undefined, ready: false, problems: [reason] },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { api, attach, detach };

  function attach(scheduler: Api): void {
    target = scheduler;
    stopListening = scheduler.onChange((change) => {
      for (const listener of listeners) listener(change);
    });
  }

  function detach(why: string): void {
    stopListening();
    target = undefined;
    reason = why;
  }

  /** Each method of the group looks for its target when it is called. */
  function lateGroup<G extends Group>(group: G): Api[G] {
    return new Proxy({} as Api[G], {
      get: (_nothing, name) => async (...args: unknown[]) => {
        const owner = present()[group];
        const method = owner[name as keyof Api[G]] as (...args: unknown[]) => unknown;
        return method.apply(owner, args);
      },
    });
  }
}
