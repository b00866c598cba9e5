import { sql, type SQL } from 'drizzle-orm';
import type { Cell, Param, Row } from '../remote/dialect.ts';
import { APP, CHECKPOINT, END_COUNT, JOB, JOB_REF, NAMESPACE, RUN, SKIP_COUNT, SUB_RUN, WORKER, type Table } from '../remote/tables.ts';

/** A table that both kinds of databases have, with rows in the order of the server's columns. */
export interface CopyTable {
  /** As people know it: the name without the servers' `natsjob_`. */
  readonly name: string;
  readonly server: Table;
  /** SQLite's table, its columns in the same order, and its key. */
  readonly local: { readonly name: string; readonly columns: readonly string[]; readonly key: readonly string[] };
}

/** Column of a server → what SQLite calls it, by table; the others have the same name. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  run: { trigger_code: 'trigger' },
  job_ref: { job_number: 'number' },
  sub_run: { part_number: 'number' },
  skip_count: { hour_at: 'hour', skips: 'count' },
  end_count: { minute_no: 'minute' },
  worker: { remark: 'comment' },
  namespace: { version_no: 'version' },
  app: { version_no: 'version' },
  job: { job_number: 'number', version_no: 'version' },
  checkpoint: { sequence_no: 'sequence' },
};

/** In the order they are copied: checkpoints last, as they say that what is before them is there. */
export const COPY_TABLES: readonly CopyTable[] = [NAMESPACE, APP, JOB, JOB_REF, WORKER, SKIP_COUNT, END_COUNT, SUB_RUN, RUN, CHECKPOINT].map((server) => {
  const name = server.name.replace('natsjob_', '');
  const local = (column: string): string => RENAMED[name]?.[column] ?? column;
  return { name, server, local: { name, columns: server.columns.map(([column]) => local(column)), key: server.key.map(local) } };
});

export interface PlaceOfRows {
  readonly table: string;
  readonly columns: readonly SQL[];
  readonly key: readonly string[];
}

/** The next rows by key, after the given one. */
export function nextRows({ table, columns, key }: PlaceOfRows, after: readonly Param[] | undefined, limit: number): SQL {
  const where = after === undefined ? sql.raw('') : sql` where ${beyond(key, after)}`;
  return sql`select ${sql.join([...columns], sql.raw(', '))} from ${sql.raw(table)}${where} order by ${sql.raw(key.join(', '))} limit ${sql.raw(String(limit))}`;
}

export function countOf(table: string): SQL {
  return sql`select count(*) from ${sql.raw(table)}`;
}

/** Values of the key of a row. */
export function keyOf({ server }: CopyTable, row: Row): Param[] {
  return server.key.map((name) => row[server.columns.findIndex(([column]) => column === name)] as Param);
}

/** Whole numbers as the other side can take them: 63 bits exactly, and none of what SQLite lets pass beside them. */
export function toRow({ server }: CopyTable, cells: readonly (Cell | bigint)[]): Row {
  return server.columns.map(([, type], index) => {
    const value = cells[index] ?? null;
    if (value === null || type === 'name' || type === 'text') return value === null ? null : String(value);
    if (type === 'big') return typeof value === 'number' ? (Number.isSafeInteger(value) ? value : Math.round(value)) : BigInt(value);
    return Math.round(Number(value));
  });
}

/** `(a, b) > (x, y)`, in words that every product answers from the index of the key. */
function beyond([first = '', ...others]: readonly string[], [value, ...values]: readonly Param[]): SQL {
  const column = sql.raw(first);
  if (others.length === 0) return sql`${column} > ${value}`;
  return sql`${column} >= ${value} and (${column} > ${value} or (${beyond(others, values)}))`;
}
