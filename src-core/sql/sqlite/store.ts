import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnavailableError, type StoredJob } from '../../domain/index.ts';
import type { EndTotals, RunBrief, RunQuery, Store, ViewBatch } from '../../ports/index.ts';
import { parseRunId } from '../../wire/index.ts';
import type { ById } from './by-id.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { Connection } from './connection.ts';
import { explain } from './errors.ts';
import type { EndTotalsQuery } from './read/end-totals.ts';
import type { Reader } from './reader.ts';
import { readRun } from './run-row.ts';
import type { Retention } from './retention.ts';
import type { Writer } from './writer.ts';

export interface SqliteParts {
  readonly connection: Connection;
  readonly writer: Writer;
  readonly byId: ById;
  readonly retention: Retention;
  readonly reader: Reader;
  readonly checkpointer: Checkpointer;
  /** Copies the file as it is now. */
  readonly copy: (to: string) => Promise<void>;
}

/** A Store with what a person wants to know of its file. */
export interface SqliteStore extends Store {
  /** Absolute, or as it was given. */
  readonly file: string;
  facts(): Promise<{ readonly schemaVersion: number; /** Epoch ms. */ readonly oldestRunAt: number | undefined }>;
  /** Copies the database into the empty file while it is in use. Rejects with UnavailableError. */
  copyTo(file: string): Promise<void>;
}

/** More than a page of the API, less than what would hold a thread up. */
const MAX_PAGE = 1_000;
const JOBS_SLICE = 1_000;
/** Under load a part of the roll-ups becomes rows about every half a second; a reading takes some milliseconds. */
const MOST_TRIES = 5;

/** The Store over the parts: which thread does what, and errors in words. */
export function sqliteStore(parts: SqliteParts): SqliteStore {
  const { connection, writer, byId, retention, reader, checkpointer } = parts;
  const file = connection.name;
  const probe = connection.prepare('insert into meta (key, value) values (\'probe\', ?) on conflict (key) do update set value = excluded.value');
  let closed: Promise<void> | undefined;

  function here<Result>(action: () => Result): Result {
    if (closed !== undefined) throw new UnavailableError('The database is closed.');
    try {
      return action();
    } catch (error) {
      throw explain(error, file);
    }
  }

  /** Writes at once unless the log's last pages are just being moved. */
  async function write<Result>(rows: number, action: () => Result): Promise<Result> {
    while (checkpointer.gate !== undefined) await checkpointer.gate;
    const result = here(action);
    checkpointer.wrote(rows);
    return result;
  }

  /** What is pending becomes rows now and then; should that fall into the reading, it is read again. */
  async function endTotals(query: EndTotalsQuery): Promise<readonly EndTotals[]> {
    const { endCounts } = writer;
    for (let tries = 1; ; tries++) {
      const { entered } = endCounts;
      const found = await reader.ask('endTotals', query);
      if (entered === endCounts.entered || tries === MOST_TRIES) return endCounts.addPending(found, query);
    }
  }

  async function close(): Promise<void> {
    await checkpointer.settle();
    await reader.close();
    connection.close();
  }

  return {
    isShared: false,
    apply: (batch) => write(rowsOf(batch), () => writer.apply(batch)),
    checkpoints: async () => here(() => byId.checkpoints()),
    resetCheckpoints: () => write(1, () => writer.resetCheckpoints()),
    openRuns: async () => here(() => byId.openRuns()),
    highestRunId: async () => here(() => byId.highestRunId()),
    async definitions() {
      const namespaces = here(() => byId.namespaces());
      const apps = here(() => byId.apps());
      const jobs: StoredJob[] = [];
      for (;;) {
        const slice = here(() => byId.jobsAfter(jobs.at(-1), JOBS_SLICE));
        jobs.push(...slice);
        if (slice.length < JOBS_SLICE) return { namespaces, apps, jobs };
        await nextTurn();
      }
    },
    workers: async () => here(() => byId.workers()),
    run: async (id) => here(() => byId.run(id)),
    async runs(query: RunQuery) {
      const page = await reader.ask('runs', { ...query, limit: bounded(query.limit) });
      return { items: page.rows.map(readRun), nextBefore: page.nextBefore };
    },
    countRuns: (query) => reader.ask('countRuns', query),
    briefs: (query) => reader.ask('briefs', query),
    async recentRuns(jobNumbers, limit) {
      const rows = await reader.ask('recentRuns', { jobNumbers, limit: bounded(limit) });
      const byJob = new Map<number, RunBrief[]>();
      for (const run of rows) {
        const runs = byJob.get(run.jobNumber);
        if (runs === undefined) byJob.set(run.jobNumber, [run]);
        else runs.push(run);
      }
      return byJob;
    },
    async subRuns(runId, query) {
      const asked = { ...query, limit: bounded(query.limit) };
      // Without a filter a page is a page of rows; with one, many may have to be looked at.
      return query.status || query.reason || query.monitorStatus || query.monitorPayload ? reader.ask('subRuns', { runId, query: asked }) : here(() => byId.subRuns(runId, asked));
    },
    async lastRuns(jobNumbers) {
      const rows = await reader.ask('lastRuns', jobNumbers);
      return new Map(rows.map(readRun).map((run) => [run.jobNumber, run]));
    },
    skips: (query) => reader.ask('skips', query),
    endTotals,
    workerEnds: (query) => reader.ask('workerEnds', query),
    lateJobs: (query) => reader.ask('lateJobs', query),
    hasRunsOf: async (jobNumber) => here(() => byId.hasRunsOf(jobNumber)),
    deleteRunsBefore: (id, limit) => write(limit, () => retention.deleteRuns(id, limit)),
    async deleteCountersBefore(at) {
      while (await write(500, () => retention.deleteCounters(at))) await nextTurn();
    },
    size: async () => ({ databaseBytes: bytes(file), walBytes: bytes(`${file}-wal`) }),
    file,
    async facts() {
      const oldest = here(() => byId.lowestRunId());
      return { schemaVersion: here(() => byId.schemaVersion()), oldestRunAt: oldest === undefined ? undefined : parseRunId(oldest)?.atMs };
    },
    async copyTo(to) {
      here(() => undefined);
      await parts.copy(to);
    },
    probe: () => write(1, () => writer.transaction(() => void probe.run(Date.now()))),
    close: () => (closed ??= close()),
  };
}

function rowsOf(batch: ViewBatch): number {
  return batch.insertRuns.length + batch.updateRuns.length + batch.putSubRuns.length + batch.addSkips.length
    + batch.putWorkers.length + batch.definitions.length;
}

function bounded(limit: number): number {
  return Math.max(1, Math.min(MAX_PAGE, Math.floor(limit)));
}

function bytes(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
