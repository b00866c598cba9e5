import type { Log, RemoteDatabase, Store } from '../../ports/index.ts';
import { parseRunId } from '../../wire/index.ts';
import { Connections } from './connections.ts';
import type { Dialect, ServerFacts } from './dialect.ts';
import { refuseHalfCopied } from './half-copied.ts';
import { look } from './look.ts';
import { migrateRemote } from './migrate.ts';
import { Ask } from './read/ask.ts';
import { hasRunsOf, readCheckpoints, readDefinitions, readEdgeId, readOpenRuns, readRun, readSubRuns, readWorkers } from './read/by-id.ts';
import { readEndTotals, readLastRuns, readLateJobs, readRecentRuns, readSkips, readWorkerEnds } from './read/by-job.ts';
import { countRuns, readBriefs, readRuns } from './read/runs.ts';
import { RemoteRetention } from './retention.ts';
import { RemoteWriter } from './writer.ts';

export interface RemoteOptions {
  readonly database: RemoteDatabase;
  readonly log: Log;
  /** Most sessions open at once; two at least: one writes, the others read. */
  readonly maxConnections: number;
  /** A session that gives no answer for so long is given up. Longer than what the server is told to allow a statement. */
  readonly answerMs?: number;
}

/** A Store on a database server that several nodes share. */
export interface RemoteStore extends Store {
  readonly isShared: true;
  facts(): Promise<{ readonly schemaVersion: number; /** Epoch ms. */ readonly oldestRunAt: number | undefined; /** Product and version. */ readonly server: string }>;
  /** Makes the tables or brings them to this program's schema; 0 = there were none. Rejects with NewerSchemaError or UnavailableError. */
  migrate(): Promise<{ readonly from: number; readonly to: number }>;
}

/** More than a page of the API, less than what would hold a thread up. */
const MAX_PAGE = 1_000;
const ANSWER_MS = 25_000;

export function remoteStore(dialect: Dialect, { database, log, maxConnections, answerMs = ANSWER_MS }: RemoteOptions): RemoteStore {
  let migrated: { from: number; to: number } | undefined;
  let facts: ServerFacts | undefined;
  const connections = new Connections({
    dialect, database, log, maxConnections, answerMs,
    async prepare(open) {
      const known = facts;
      facts = await look(open, (connection) => dialect.facts(connection));
      migrated = await migrateRemote(dialect, open, log);
      await look(open, refuseHalfCopied);
      if (known === undefined) log.info({ server: facts.name, host: database.host, port: database.port, database: database.database }, 'The database server was reached.');
    },
  });
  const writer = new RemoteWriter(dialect, connections);
  const retention = new RemoteRetention(dialect, connections, writer.jobNames);
  const read = <Value>(work: (ask: Ask) => Promise<Value>): Promise<Value> => connections.read((connection) => work(new Ask(dialect, connection)));

  return {
    isShared: true,
    apply: (batch) => writer.apply(batch),
    checkpoints: () => read(readCheckpoints),
    resetCheckpoints: () => writer.resetCheckpoints(),
    openRuns: () => read(readOpenRuns),
    highestRunId: () => read(async (ask) => await readEdgeId(ask, 'highest') ?? '0'),
    definitions: () => read(readDefinitions),
    workers: () => read(readWorkers),
    run: (id) => read((ask) => readRun(ask, id)),
    runs: (query) => read((ask) => readRuns(ask, { ...query, limit: bounded(query.limit) })),
    countRuns: (query) => read((ask) => countRuns(ask, query)),
    briefs: (query) => read((ask) => readBriefs(ask, query)),
    recentRuns: (jobNumbers, limit) => read((ask) => readRecentRuns(ask, jobNumbers, bounded(limit))),
    subRuns: (runId, query) => read((ask) => readSubRuns(ask, runId, { ...query, limit: bounded(query.limit) })),
    lastRuns: (jobNumbers) => read((ask) => readLastRuns(ask, jobNumbers)),
    skips: (query) => read((ask) => readSkips(ask, query)),
    endTotals: (query) => read((ask) => readEndTotals(ask, query)),
    workerEnds: (query) => read((ask) => readWorkerEnds(ask, query)),
    lateJobs: (query) => read((ask) => readLateJobs(ask, query)),
    hasRunsOf: (jobNumber) => read((ask) => hasRunsOf(ask, jobNumber)),
    deleteRunsBefore: (id, limit) => retention.deleteRuns(id, limit),
    async deleteCountersBefore(at) {
      while (await retention.deleteCounters(at));
    },
    size: () => connections.read(async (connection) => {
      const [found] = await connection.run([dialect.size]);
      return { databaseBytes: Number(found?.rows[0]?.[0] ?? 0), walBytes: 0 };
    }),
    probe: () => writer.probe(),
    async facts() {
      const oldest = await read((ask) => readEdgeId(ask, 'lowest'));
      return { schemaVersion: dialect.migrations.length, oldestRunAt: oldest === undefined ? undefined : parseRunId(oldest)?.atMs, server: facts?.name ?? dialect.product };
    },
    async migrate() {
      // Any use brings the schema up to date first.
      connections.schemaDoubted();
      await connections.read(() => Promise.resolve());
      return migrated ?? { from: dialect.migrations.length, to: dialect.migrations.length };
    },
    close: () => connections.close(),
  };
}

function bounded(limit: number): number {
  return Math.max(1, Math.min(MAX_PAGE, Math.floor(limit)));
}
