import { desc, eq, sql } from 'drizzle-orm';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { AppDefinition, JobDefinition, NamespaceDefinition, RunRecord, StoredJob, WorkerRecord } from '../../domain/index.ts';
import type { Checkpoint, SubRunPage, SubRunQuery } from '../../ports/index.ts';
import { compareIds, idToInteger, isStorableId } from '../run-id.ts';
import type { Connection } from './connection.ts';
import { STATE } from './codes.ts';
import { idText, readRun, runFields, type RawRun } from './run-row.ts';
import { app, checkpoint, job, jobRef, meta, namespace, run, subRun, worker } from './schema.ts';
import { readSubRunPlace, subRunFields, subRunPage } from './sub-run-row.ts';

/** Reads that go straight to their rows by a key, quick enough for the thread of the ticks, and those of the start. */
export class ById {
  private readonly db: BetterSQLite3Database;
  private readonly oneRun;

  constructor(connection: Connection) {
    this.db = drizzle(connection);
    this.oneRun = this.db.select(runFields).from(run).leftJoin(jobRef, eq(jobRef.number, run.jobNumber))
      .where(sql`${run.id} = ${sql.placeholder('id')}`).prepare();
  }

  checkpoints(): Checkpoint[] {
    return this.db.select().from(checkpoint).orderBy(checkpoint.stream).all();
  }

  highestRunId(): string {
    return this.db.select({ id: idText(run.id) }).from(run).orderBy(desc(run.id)).limit(1).get()?.id ?? '0';
  }

  schemaVersion(): number {
    return this.db.select({ value: meta.value }).from(meta).where(eq(meta.key, 'schema')).get()?.value ?? 0;
  }

  /** Undefined while there is no run. */
  lowestRunId(): string | undefined {
    return this.db.select({ id: idText(run.id) }).from(run).orderBy(run.id).limit(1).get()?.id;
  }

  run(id: string): RunRecord | undefined {
    if (!isStorableId(id)) return undefined;
    const [raw] = this.oneRun.values({ id: idToInteger(id) }) as RawRun[];
    return raw === undefined ? undefined : readRun(raw);
  }

  /** By the two partial indexes over what is open; the literals are what makes SQLite see that they apply. */
  openRuns(): RunRecord[] {
    const notEnded = this.select(sql`state <> 3 and state < ${STATE.toCode.completed}`);
    const flagged = this.select(sql`flags <> 0 and +state >= ${STATE.toCode.completed}`);
    return [...notEnded, ...flagged].map(readRun).sort((a, b) => compareIds(a.id, b.id));
  }

  hasRunsOf(jobNumber: number): boolean {
    return this.db.select({ id: idText(run.id) }).from(run).where(eq(run.jobNumber, jobNumber)).limit(1).get() !== undefined;
  }

  workers(): WorkerRecord[] {
    return this.db.select().from(worker).orderBy(worker.namespace, worker.app, worker.id).all();
  }

  subRuns(runId: string, { before, limit }: SubRunQuery): SubRunPage {
    if (!isStorableId(runId)) return { items: [], nextBefore: undefined };
    const [kind, number] = readSubRunPlace(before);
    const rows = this.db.select(subRunFields).from(subRun)
      .where(sql`${subRun.runId} = ${idToInteger(runId)} and (${subRun.kind}, ${subRun.number}) < (${kind}, ${number})`)
      .orderBy(desc(subRun.kind), desc(subRun.number)).limit(limit + 1).all();
    return subRunPage(rows, limit);
  }

  namespaces(): (NamespaceDefinition & { version: number })[] {
    return this.db.select().from(namespace).orderBy(namespace.name).all()
      .map((row) => ({ ...JSON.parse(row.definition) as NamespaceDefinition, version: row.version }));
  }

  apps(): (AppDefinition & { version: number })[] {
    return this.db.select().from(app).orderBy(app.namespace, app.name).all()
      .map((row) => ({ ...JSON.parse(row.definition) as AppDefinition, version: row.version }));
  }

  /** A slice of the jobs in key order, so that 100,000 of them need not be read in one go. */
  jobsAfter(last: StoredJob | undefined, limit: number): StoredJob[] {
    const key = last?.definition ?? { namespace: '', app: '', name: '' };
    return this.db.select({ definition: job.definition, version: job.version }).from(job)
      .where(sql`(${job.namespace}, ${job.app}, ${job.name}) > (${key.namespace}, ${key.app}, ${key.name})`)
      .orderBy(job.namespace, job.app, job.name).limit(limit).all()
      .map((row) => ({ definition: JSON.parse(row.definition) as JobDefinition, version: row.version }));
  }

  private select(where: ReturnType<typeof sql>): RawRun[] {
    return this.db.select(runFields).from(run).leftJoin(jobRef, eq(jobRef.number, run.jobNumber)).where(where).values() as RawRun[];
  }
}
