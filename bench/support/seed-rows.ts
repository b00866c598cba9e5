import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { emptyRecord } from '../../src-core/decide/index.ts';
import type { RunRecord } from '../../src-core/domain/run.ts';
import type { RemoteDatabase, Store } from '../../src-core/ports/index.ts';
import { openSqliteStore } from '../../src-core/sql/index.ts';
import { openRemoteStore } from '../../src-core/sql/servers.ts';
import { runIdToText } from '../../src-core/wire/index.ts';

/** What the rows are about: every filter has values that match often, rarely and never. */
export const ROWS = { jobs: 1_000, apps: 10, namespaces: 2, workers: 50, days: 7 } as const;
const BATCH = 5_000;
const OPEN = 200;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

/** Writes `count` runs over the last seven days into a new view, through the store that the program uses. */
export async function seedRows(file: string, count: number, now: number): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  const store = await openSqliteStore({ file, log: silent, readerEntry: new URL('../../src-core/sql/reader-thread.ts', import.meta.url) });
  await seedStore(store, count, now);
  await store.close();
}

/** The same in a database server. */
export async function seedServer(database: RemoteDatabase, count: number, now: number): Promise<void> {
  const store = openRemoteStore({ database, log: silent, maxConnections: 2 });
  await seedStore(store, count, now);
  await store.close();
}

async function seedStore(store: Store, count: number, now: number): Promise<void> {
  const stepMs = (ROWS.days * 86_400_000) / count;
  for (let from = 0; from < count; from += BATCH) {
    const insertRuns: RunRecord[] = [];
    for (let index = from; index < Math.min(count, from + BATCH); index++) insertRuns.push(row(index, count, Math.floor(now - (count - index) * stepMs)));
    await store.apply({ term: 0, checkpoints: [], insertRuns, updateRuns: [], putSubRuns: [], addSkips: [], putWorkers: [], definitions: [] });
  }
}

export function addressOf(jobNumber: number): { namespace: string; app: string; job: string } {
  const app = jobNumber % ROWS.apps;
  return { namespace: `ns${app % ROWS.namespaces}`, app: `app${app}`, job: `job${jobNumber}` };
}

/** The same rows each time; what they say follows from a scrambled index. */
function row(index: number, count: number, at: number): RunRecord {
  const chance = (Math.imul(index + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
  const jobNumber = 1 + Math.floor(chance * ROWS.jobs);
  const record = emptyRecord(runIdToText(at, 0, jobNumber), { jobNumber, ...addressOf(jobNumber) });
  Object.assign(record, { trigger: triggerOf(index), step: 1, scheduledAt: at, dueAt: at, dispatchedAt: at + 2, args: 'bench', state: 'active', expiresAt: at + 365 * 86_400_000 });
  if (index >= count - OPEN) return record;
  record.workerId = index % 100_000 === 7 ? 'worker-rare' : `worker-${index % ROWS.workers}`;
  record.endedAt = at + 40;
  const kind = index % 1_000;
  if (kind < 920) Object.assign(record, { state: 'completed', status: 'success', reason: index % 10 === 0 ? 'wrote 12 rows to the warehouse' : 'ok' });
  else if (kind < 980) Object.assign(record, { state: 'failed', status: 'fail', reason: index % 100_000 === 950 ? 'the needle in this haystack' : 'connection reset by peer' });
  else if (kind < 998) Object.assign(record, { state: 'expired', status: 'expired', reason: 'no end within 60000 ms' });
  else Object.assign(record, { state: 'cancelled', status: 'cancelled', reason: 'by hand' });
  if (index % 50 === 3) record.monitorStatus = index % 50_000 === 3 ? 'page-me' : 'slow';
  return record;
}

function triggerOf(index: number): RunRecord['trigger'] {
  const kind = index % 500;
  return kind < 480 ? 'schedule' : kind < 490 ? 'retry' : kind < 495 ? 'api' : kind < 498 ? 'manual' : 'catch-up';
}
