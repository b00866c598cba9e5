import { UnavailableError } from '../domain/errors.ts';
import type { HealthView, Metrics, SchedulerApi } from '../ports/index.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET } from '../wire/index.ts';
import { appApi, namespaceApi } from './api/definitions-api.ts';
import { byLeader } from './api/by-leader.ts';
import { JobWriter } from './api/definition-writer.ts';
import type { WriterParts } from './api/definition-writer.ts';
import { jobApi } from './api/job-api.ts';
import { lookingApi } from './api/looking-api.ts';
import type { RunApiParts } from './api/run-api.ts';
import { runApi } from './api/run-api.ts';
import { stateApi } from './api/state-api.ts';
import { bucketForPeople } from './bucket-for-people.ts';
import type { Adapters, EngineContext, SchedulerConfig } from './context.ts';
import { Core } from './core.ts';
import { JobNumbers } from './job-numbers.ts';
import { reasonOf } from './reason.ts';
import { viewSize } from './view-size.ts';

export interface Scheduler {
  /** Resolves once the log is read and this node takes part; waits for NATS as long as it takes. */
  start(): Promise<void>;
  /** Orderly: drains, gives the lease up, writes the view. Complete when it resolves; the adapters are the caller's to close. */
  stop(): Promise<void>;
  readonly api: SchedulerApi;
}

const TRY_AGAIN_MS = 1000;

export function openScheduler(config: SchedulerConfig, adapters: Adapters): Scheduler {
  const oddities: Record<string, number> = {};
  const context: EngineContext = { config, ...adapters, metrics: countOddities(adapters.metrics, oddities), viewSize: viewSize(adapters.store, adapters.clock) };
  const core = new Core(context);
  let isStopped = false;
  let starting: Promise<void> | undefined;
  /** Why it could not start when it last tried, '' once it has. */
  let startProblem = '';

  const writerParts: WriterParts = {
    bucket: bucketForPeople(adapters.bus, DEFINITIONS_BUCKET), jobs: core.jobs,
    numbers: new JobNumbers(bucketForPeople(adapters.bus, CONTROL_BUCKET), core.jobs, adapters.store),
    now: () => adapters.clock.now(), applied: (revision) => core.definitionsApplied(revision), caughtUp: () => core.definitionsCaughtUp(),
  };
  const runParts: RunApiParts = {
    context, jobs: core.jobs, book: core.book, situations: core.situations, writer: new JobWriter(writerParts),
    leadership: () => {
      if (core.leadership === undefined) throw new UnavailableError('No server leads right now; try again in a moment.');
      return core.leadership;
    },
    byLeader: byLeader(core, () => runParts),
    untilEnded: (taskId, limitMs) => core.ends.until(taskId, limitMs), untilLogged: async (taskId, limitMs) => void (await core.logged.until(taskId, limitMs)),
  };
  const loaded = <T>(parts: T) => (): T => {
    if (!core.isLoaded) throw new UnavailableError('The scheduler is starting: it has not read the database yet.');
    return parts;
  };
  const open = <T>(parts: T) => (): T => {
    if (!core.isOpen) throw new UnavailableError('The scheduler is starting: it has not read the log yet.');
    return parts;
  };

  async function start(): Promise<void> {
    while (!isStopped) {
      try {
        await core.load();
        await untilConnected(context, () => isStopped);
        if (isStopped) return;
        await core.open();
        if (startProblem !== '') context.log.info({}, 'what kept it from starting is over');
        startProblem = '';
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        // Once for each reason: a database that is away for a night is not worth a line a second.
        if (error.message !== startProblem) context.log.warn(reasonOf(error), 'cannot start yet; trying again');
        startProblem = error.message;
        await new Promise<void>((resolve) => context.clock.after(TRY_AGAIN_MS, () => resolve()));
      }
    }
  }

  const state = stateApi(core, oddities);
  function withStart(health: HealthView): HealthView {
    if (core.isOpen || startProblem === '') return health;
    return { ...health, databaseWritable: core.isLoaded && health.databaseWritable, ready: false, problems: [...health.problems, startProblem] };
  }

  return {
    start: () => (starting ??= start()),
    async stop() {
      isStopped = true;
      core.snapshots.stopTaking();
      await starting?.catch(() => undefined);
      await core.close();
    },
    api: {
      namespaces: namespaceApi(loaded(writerParts), open(writerParts)),
      apps: appApi(loaded(writerParts), open(writerParts)),
      jobs: jobApi(loaded(runParts), open(runParts)),
      runs: runApi(loaded(runParts), open(runParts)),
      looking: lookingApi(loaded(runParts)),
      ...state,
      health: () => withStart(state.health()),
    },
  };
}

/** The overview shows oddities by kind; the kinds are few and ours. */
function countOddities(metrics: Metrics, counts: Record<string, number>): Metrics {
  return {
    ...metrics,
    oddity(kind) {
      counts[kind] = (counts[kind] ?? 0) + 1;
      metrics.oddity(kind);
    },
  };
}

function untilConnected({ bus, clock }: EngineContext, isStopped: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (bus.state === 'connected' || isStopped()) return resolve();
      clock.after(50, look);
    };
    look();
  });
}
