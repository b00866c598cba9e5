import { UnavailableError } from '../../domain/index.ts';
import type { Store } from '../../ports/index.ts';
import { applyToMemory } from './apply.ts';
import { countRuns, queryEndTotals, queryLateJobs, queryRuns, querySkips, querySubRuns, queryWorkerEnds, recentRuns, toBrief } from './query.ts';
import { memorySnapshots } from './snapshots.ts';
import { isOpen, Tables } from './tables.ts';

/** A Store that forgets everything when dropped, for simulations and tests; it passes the same conformance suite as the databases. */
export function createMemoryStore({ isShared = false }: { isShared?: boolean } = {}): Store {
  let tables = new Tables();
  let closed = false;

  async function open<Result>(action: () => Result): Promise<Result> {
    if (closed) throw new UnavailableError('The database is closed.');
    return action();
  }

  const snapshots = memorySnapshots(
    () => {
      if (closed) throw new UnavailableError('The database is closed.');
      return tables;
    },
    (others) => {
      tables = others;
    },
  );

  return {
    isShared,
    ...(isShared ? {} : { snapshots }),
    apply: (batch) => open(() => applyToMemory(tables, batch)),
    checkpoints: () => open(() => [...tables.checkpoints.values()].sort(by((checkpoint) => checkpoint.stream))),
    resetCheckpoints: () => open(() => {
      tables.checkpoints.clear();
      tables.term = 0;
    }),
    openRuns: () => open(() => tables.openRuns()),
    highestRunId: () => open(() => tables.runIds().at(-1) ?? '0'),
    definitions: () => open(() => structuredClone({
      namespaces: [...tables.namespaces.values()].sort(by((namespace) => namespace.name)),
      apps: [...tables.apps.entries()].sort(by(([key]) => key)).map(([, app]) => app),
      jobs: [...tables.jobs.entries()].sort(by(([key]) => key)).map(([, job]) => job),
    })),
    workers: () => open(() => [...tables.workers.entries()].sort(by(([key]) => key)).map(([, worker]) => ({ ...worker }))),
    run: (id) => open(() => {
      const run = tables.runs.get(id);
      return run === undefined ? undefined : { ...run };
    }),
    runs: (query) => open(() => queryRuns(tables, query)),
    countRuns: (query) => open(() => countRuns(tables, query)),
    briefs: (query) => open(() => {
      const { items, nextBefore } = queryRuns(tables, query);
      return { items: items.map(toBrief), nextBefore };
    }),
    recentRuns: (jobNumbers, limit) => open(() => new Map([...new Set(jobNumbers)].map((jobNumber) => [jobNumber, recentRuns(tables, jobNumber, limit)] as const).filter(([, runs]) => runs.length > 0))),
    subRuns: (runId, options) => open(() => querySubRuns(tables, runId, options)),
    lastRuns: (jobNumbers) => open(() => {
      const wanted = new Set(jobNumbers);
      const found = new Map();
      for (const run of tables.newestFirst()) {
        if (wanted.delete(run.jobNumber)) found.set(run.jobNumber, { ...run });
        if (wanted.size === 0) break;
      }
      return found;
    }),
    skips: (query) => open(() => querySkips(tables, query)),
    endTotals: (query) => open(() => queryEndTotals(tables, query)),
    workerEnds: (query) => open(() => queryWorkerEnds(tables, query)),
    lateJobs: (query) => open(() => queryLateJobs(tables, query)),
    hasRunsOf: (jobNumber) => open(() => [...tables.runs.values()].some((run) => run.jobNumber === jobNumber)),
    deleteRunsBefore: (id, limit) => open(() => {
      const old = tables.runIds().filter((runId) => BigInt(runId) < BigInt(id) && isOld(runId)).slice(0, limit);
      for (const runId of old) tables.deleteRun(runId);
      if (old.length < limit) {
        for (const runId of [...tables.subRuns.keys()]) {
          if (BigInt(runId) < BigInt(id) && !tables.runs.has(runId)) tables.subRuns.delete(runId);
        }
      }
      return old.length;
    }),
    deleteCountersBefore: (at) => open(() => {
      for (const [key, skip] of tables.skips) if (skip.hour + 3_600_000 <= at) tables.skips.delete(key);
      for (const [key, row] of tables.ends) if ((row.minute + 1) * 60_000 <= at) tables.ends.delete(key);
      for (const [key, worker] of tables.workers) if (worker.lastSeenAt < at) tables.workers.delete(key);
    }),
    size: () => open(() => ({ databaseBytes: 0, walBytes: 0 })),
    probe: () => open(() => undefined),
    close: async () => {
      closed = true;
    },
  };

  function isOld(id: string): boolean {
    const run = tables.runs.get(id)!;
    return !isOpen(run);
  }
}

function by<Item>(key: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
