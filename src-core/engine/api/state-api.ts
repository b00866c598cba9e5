import { InvalidInputError, NotFoundError, UnavailableError } from '../../domain/errors.ts';
import { isLive, workerKey } from '../../domain/worker.ts';
import type { EndTotals, Gauges, HealthView, Overview, PauseView, SchedulerApi, WorkerView } from '../../ports/index.ts';
import { isFinal, RUN_STATES } from '../../domain/run.ts';
import { percentile } from '../../domain/percentile.ts';
import { previewSchedule, ScheduleError } from '../../schedule/index.ts';
import type { Core } from '../core.ts';
import { pauseView } from '../pauses.ts';
import { roundTrip } from '../server-view.ts';
import { serveStepDown, serversOf, stepDown } from './servers.ts';
import { durationsOf, endsIn, latenessesOf } from './looking-api.ts';

const HOUR_MS = 3_600_000;
const MOST_COUNTED = 100_000;
const MOST_TIMED = 1_000;
const ENDED = RUN_STATES.filter(isFinal);

/** What is going on: workers, servers, counters, health, previews. */
export function stateApi(core: Core, oddities: Readonly<Record<string, number>>): Pick<SchedulerApi, 'schedule' | 'skips' | 'workers' | 'drainWorker' | 'servers' | 'stepDown' | 'pause' | 'pauseScheduling' | 'resumeScheduling' | 'overview' | 'health' | 'gauges' | 'onChange'> {
  const { context, workers, jobs, book } = core;
  const { clock, bus, store, config } = context;
  const throwIfClosed = (): void => {
    if (!core.isOpen) throw new UnavailableError('The scheduler is starting: it has not read the log yet.');
  };
  serveStepDown(core);
  return {
    schedule: {
      async preview({ expression, timezone, dst, count, from, anchor }) {
        try {
          const now = clock.now();
          const zone = timezone || config.timezone;
          const { fires, notes } = previewSchedule({ expression, timezone: zone, dst, anchor: anchor ?? now, ownTimezone: timezone !== '' }, { from: from ?? now, count });
          return { timezone: zone, fires: fires.map(({ at, local, note }) => ({ at, local, note })), notes };
        } catch (error) {
          if (!(error instanceof ScheduleError)) throw error;
          throw new InvalidInputError([{ field: (error.field === 'timezone' && timezone !== '') || error.field === 'dst' ? error.field : 'expression', message: error.message }]);
        }
      },
    },
    async skips(filter, { limit, before }) {
      const page = await store.skips({ ...filter, limit, ...(before === undefined ? {} : { before }) });
      return { items: page.items, next: page.nextBefore };
    },
    async workers({ namespace, app }) {
      return core.workerFigures.views([...workers.all()]
        .filter((worker) => (namespace === undefined || worker.namespace === namespace) && (app === undefined || worker.app === app)));
    },
    async drainWorker(worker, drained) {
      throwIfClosed();
      await core.drains.set(worker, drained);
      const key = workerKey(worker);
      const record = workers.get(key);
      if (record === undefined) throw new NotFoundError('worker', key);
      return (await core.workerFigures.views([record]))[0] as WorkerView;
    },
    async servers() {
      return serversOf(core);
    },
    async stepDown(id) {
      await stepDown(core, id);
    },
    async pause() {
      return pauseView(core.pauses.inForce);
    },
    async pauseScheduling(until) {
      throwIfClosed();
      return pauseView(await core.pauses.begin(until)) as PauseView;
    },
    async resumeScheduling() {
      throwIfClosed();
      await core.pauses.end();
    },
    async overview({ namespace }) {
      return { ...(await overview(core, namespace)), oddities: { ...oddities } };
    },
    health: () => health(core),
    async gauges(): Promise<Gauges> {
      const size = await core.context.viewSize();
      return {
        projectionLag: core.projectionLag, unackedPublishes: core.leadership?.log.unsettled ?? 0, activeRuns: book.activeRuns,
        queuedRuns: book.queuedRuns, workersLive: workers.countLive(clock.now()), jobs: jobs.size, natsConnected: bus.state === 'connected',
        natsRoundTripMs: await roundTrip(core), ...size, leader: core.leadership !== undefined, term: core.elector.term,
      };
    },
    onChange: (listener) => core.onChange(listener),
  };
}

function health(core: Core): HealthView {
  const problems: string[] = [];
  const natsConnected = core.context.bus.state === 'connected';
  if (!natsConnected) problems.push('NATS is not connected');
  if (core.identity.problem !== '') problems.push(core.identity.problem);
  else if (core.snapshots.progress !== '') problems.push(core.snapshots.progress);
  else if (!core.isOpen) problems.push(core.isLoaded ? 'the log is not read yet' : 'the database is not read yet');
  else if (natsConnected && core.role === 'starting') problems.push('who leads is not decided yet');
  if (core.viewProblem !== '') problems.push(`the database does not take writes: ${core.viewProblem}`);
  if (natsConnected && core.leadership !== undefined && !core.elector.isTrusted()) problems.push('the lease is not renewed, fires wait');
  const unstored = core.leadership?.log.problem ?? '';
  if (natsConnected && unstored !== '') problems.push(`the log does not take what is sent: ${unstored}`);
  const tickAgeMs = core.leadership?.ticker.age();
  if (tickAgeMs !== undefined && tickAgeMs > 5000) problems.push(`the last tick is ${Math.round(tickAgeMs)} ms ago`);
  return { role: core.role, natsConnected, databaseWritable: core.viewProblem === '', tickAgeMs, ready: problems.length === 0, problems };
}

async function overview(core: Core, namespace: string | undefined): Promise<Omit<Overview, 'oddities'>> {
  const { context: { clock, store }, jobs, book, workers } = core;
  const now = clock.now();
  const chosen = [...jobs.all()].filter(({ definition }) => namespace === undefined || definition.namespace === namespace);
  const from = Math.floor((now - 24 * HOUR_MS) / HOUR_MS) * HOUR_MS;
  const scope = namespace === undefined ? {} : { namespace };
  const perHour = await endsIn(store, jobs, scope, { from, to: now + 1, bucketMs: HOUR_MS });
  const { items: newest } = await store.briefs({ ...scope, states: ENDED, from: now - 24 * HOUR_MS, limit: MOST_TIMED });
  const { items: skips } = await store.skips({ from, to: now + 1, limit: MOST_COUNTED });
  const known = namespace === undefined ? undefined : new Set(chosen.map((job) => job.number));
  if (core.leadership === undefined) jobs.follow(now);
  let dueNextHour = 0;
  let running = 0;
  let queued = 0;
  for (const job of chosen) {
    const next = jobs.fires.nextFireOf(job);
    if (next !== undefined && next <= now + HOUR_MS) dueNextHour++;
    const open = book.look(job.number);
    running += open.active.size;
    queued += open.waiting.length + open.delayed;
  }
  return {
    jobs: chosen.length, jobsEnabled: chosen.filter(({ definition }) => definition.state === 'enabled').length, running, queued,
    workersLive: [...workers.all()].filter((worker) => (namespace === undefined || worker.namespace === namespace) && isLive(worker, now)).length,
    dueNextHour, ended: sumEnds(perHour), perHour,
    pause: pauseView(core.pauses.inForce) ?? null, lastGap: core.leadership === undefined ? (core.presence.lastGapOf(core.elector.leader?.nodeId) ?? null) : (core.leadership.lastGap ?? null),
    latenessMsP95: percentile(latenessesOf(newest), 0.95), durationMsP95: percentile(durationsOf(newest), 0.95),
    skipped: skips.reduce((sum, skip) => sum + (known === undefined || known.has(skip.jobNumber) ? skip.count : 0), 0),
  };
}

function sumEnds(totals: readonly EndTotals[]): Overview['ended'] {
  const sum = { completed: 0, failed: 0, expired: 0, cancelled: 0 };
  for (const total of totals) {
    sum.completed += total.completed;
    sum.failed += total.failed;
    sum.expired += total.expired;
    sum.cancelled += total.cancelled;
  }
  return sum;
}
