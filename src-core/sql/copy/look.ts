import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { sql, type SQL } from 'drizzle-orm';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import type { Checkpoint } from '../../ports/index.ts';
import { dialectFor } from '../remote/open.ts';
import { plain, type Cell, type Statement } from '../remote/dialect.ts';
import { explain as explainRemote } from '../remote/errors.ts';
import { UNFINISHED } from '../remote/half-copied.ts';
import { remoteSchemaVersion } from '../remote/migrate.ts';
import { openReader } from '../sqlite/connection.ts';
import { explain as explainLocal } from '../sqlite/errors.ts';
import { schemaVersion } from '../sqlite/migrate.ts';
import { MIGRATIONS } from '../sqlite/migrations/index.ts';
import { COPY_TABLES, countOf } from './copy-tables.ts';
import type { LocalSideOptions } from './local-side.ts';
import type { ServerSideOptions } from './server-side.ts';

const QUICK_MS = 10_000;
/** Counting takes long with many rows. */
const DEEP_MS = 3_600_000;

/** What is in a database, looked at without changing it, while it is used or not. */
export interface ViewLook {
  /** Product and version. */
  readonly server: string;
  /** 0 = nothing of natsjob is there. */
  readonly schemaVersion: number;
  /** What this program makes of it. */
  readonly wantedVersion: number;
  /** A copy into it was begun and not finished. */
  readonly isUnfinished: boolean;
  /** Undefined unless the schema is this program's. */
  readonly contents: ViewContents | undefined;
}

export interface ViewContents {
  readonly rows: Readonly<Record<string, number>>;
  readonly term: number;
  readonly checkpoints: readonly Checkpoint[];
  readonly orphans: {
    /** Runs of jobs without a name: no list shows them. */
    readonly runsWithoutJob: number;
    /** Parts of runs that are not there. A few may be of runs that are just coming. */
    readonly subRunsWithoutRun: number;
  };
}

/** `deep` counts and compares, which takes long with many rows. Rejects with UnavailableError. */
export async function lookAtServer({ database, log }: Omit<ServerSideOptions, 'name'>, deep: boolean): Promise<ViewLook> {
  const dialect = dialectFor(database.kind);
  try {
    const connection = await dialect.connect({ database, log, answerMs: deep ? DEEP_MS : QUICK_MS }, deep ? 'migrate' : 'read');
    const rowsOf = async (statement: Statement): Promise<readonly (readonly Cell[])[]> => (await connection.run([statement]))[0]?.rows ?? [];
    try {
      const { name } = await dialect.facts(connection);
      const found = await remoteSchemaVersion(dialect, connection);
      const wantedVersion = dialect.migrations.length;
      const isUnfinished = found > 0 && (await rowsOf(plain(UNFINISHED.ask))).length > 0;
      const contents = deep && found === wantedVersion ? await contentsOf(SERVER, (query) => rowsOf(dialect.render(query))) : undefined;
      return { server: name, schemaVersion: found, wantedVersion, isUnfinished, contents };
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw explainRemote(dialect, database, error, () => {});
  }
}

/** Undefined when there is no file. Rejects with UnavailableError, also for a file that is damaged or somebody else's. */
export async function lookAtFile({ file, nativeBinding }: Omit<LocalSideOptions, 'log'>, deep: boolean): Promise<ViewLook | undefined> {
  if (!existsSync(file)) return undefined;
  const wantedVersion = MIGRATIONS.length;
  try {
    const connection = openReader({ file, nativeBinding });
    try {
      const server = `SQLite ${String(connection.prepare('select sqlite_version()').pluck().get())}`;
      // One that was just made has nothing in it.
      const found = statSync(file).size === 0 ? 0 : schemaVersion(connection);
      if (deep) {
        const fault: unknown = connection.pragma('quick_check(1)', { simple: true });
        if (fault !== 'ok') throw new Database.SqliteError(String(fault), 'SQLITE_CORRUPT');
      }
      const renderer = new SQLiteSyncDialect();
      const contents = deep && found === wantedVersion ? await contentsOf(LOCAL, async (query) => connection.prepare(renderer.sqlToQuery(query).sql).raw().all() as Cell[][]) : undefined;
      return { server, schemaVersion: found, wantedVersion, isUnfinished: false, contents };
    } finally {
      connection.close();
    }
  } catch (error) {
    throw explainLocal(error, file);
  }
}

/** What the two kinds call what is asked for. */
interface Words {
  readonly prefix: string;
  readonly jobRefNumber: string;
  readonly sequence: string;
  readonly metaName: string;
  readonly metaValue: string;
}
const SERVER: Words = { prefix: 'natsjob_', jobRefNumber: 'job_number', sequence: 'sequence_no', metaName: 'name', metaValue: 'val' };
const LOCAL: Words = { prefix: '', jobRefNumber: 'number', sequence: 'sequence', metaName: 'key', metaValue: 'value' };

async function contentsOf(words: Words, ask: (query: SQL) => Promise<readonly (readonly Cell[])[]>): Promise<ViewContents> {
  const { prefix, jobRefNumber, sequence, metaName, metaValue } = words;
  const number = async (query: SQL): Promise<number> => Number((await ask(query))[0]?.[0] ?? 0);
  const text = (query: string): SQL => sql.raw(query);
  const rows: Record<string, number> = {};
  for (const { name } of COPY_TABLES) rows[name] = await number(countOf(`${prefix}${name}`));
  const checkpoints = await ask(text(`select stream, created, ${sequence} from ${prefix}checkpoint order by stream`));
  return {
    rows,
    term: await number(text(`select ${metaValue} from ${prefix}meta where ${metaName} = 'term'`)),
    checkpoints: checkpoints.map(([stream, created, at]) => ({ stream: String(stream), created: String(created), sequence: Number(at) })),
    orphans: {
      runsWithoutJob: await number(text(`select count(*) from ${prefix}run r where not exists (select 1 from ${prefix}job_ref j where j.${jobRefNumber} = r.job_number)`)),
      subRunsWithoutRun: await number(text(`select count(*) from ${prefix}sub_run s where not exists (select 1 from ${prefix}run r where r.id = s.run_id)`)),
    },
  };
}
