import Database from 'better-sqlite3';
import { decodeEnds } from '../../src-core/sql/sqlite/pending-ends.ts';

export interface RunRow {
  readonly id: string;
  readonly jobNumber: number;
  /** Below 3 = not ended. */
  readonly state: number;
  readonly attempt: number;
  readonly attempts: number;
  /** Of a further attempt: the first one's id. */
  readonly rootId: string;
}

const ENDED = 3;
const COMPLETED = 3;
const CANCELLED = 6;
const MOST_DIFFERENCES = 100;

export const isOpen = ({ state }: RunRow): boolean => state < ENDED;
export const isCompleted = ({ state }: RunRow): boolean => state === COMPLETED;

export const isCancelled = ({ state }: RunRow): boolean => state === CANCELLED;

export function readRuns(file: string): RunRow[] {
  return reading(file, (db) => db.prepare(`select cast(id as text) as id, job_number as jobNumber, state, attempt, attempts, cast(coalesce(root_id, 0) as text) as rootId from run`).all() as RunRow[]);
}

/** What two views do not tell alike, as sentences; empty when their histories are the same. */
export function differences(left: { name: string; file: string }, right: { name: string; file: string }): string[] {
  return reading(left.file, (one) => reading(right.file, (other) => {
    const found: string[] = [];
    for (const [table, keys] of TABLES) {
      const [a, b] = [rowsOf(one, table, keys), rowsOf(other, table, keys)];
      compare(table, left.name, right.name, a, b, found);
    }
    compare('end_count', left.name, right.name, entries(endCounts(one)), entries(endCounts(other)), found);
    return found;
  }));
}

/** Tables of the history, with what a row is known by. */
const TABLES: readonly (readonly [string, readonly string[]])[] = [
  ['run', ['id']], ['sub_run', ['run_id', 'kind', 'number']], ['skip_count', ['hour', 'job_number', 'reason']], ['job', ['namespace', 'app', 'name']],
];

type Row = readonly [key: string, text: string];

/** As text, in the order of the keys: ids are larger than JavaScript's numbers. */
function* rowsOf(db: Database.Database, table: string, keys: readonly string[]): Generator<Row> {
  const columns = (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
  const text = columns.map((name) => `'${name}', cast(${name} as text)`).join(', ');
  const key = keys.map((name) => `cast(${name} as text)`).join(` || ' ' || `);
  for (const row of db.prepare(`select ${key} as key, json_object(${text}) as text from ${table} order by key`).iterate()) {
    const { key: known, text: all } = row as { key: string; text: string };
    yield [known, all];
  }
}

function compare(what: string, left: string, right: string, a: Iterator<Row>, b: Iterator<Row>, found: string[]): void {
  let [one, other] = [a.next(), b.next()];
  while (one.done !== true || other.done !== true) {
    if (found.length >= MOST_DIFFERENCES) {
      // An open iterator would keep its database from being closed.
      a.return?.();
      b.return?.();
      return;
    }
    if (other.done === true || (one.done !== true && one.value[0] < other.value[0])) {
      found.push(`${what}: only ${left} has ${(one.value as Row)[1]}`);
      one = a.next();
    } else if (one.done === true || one.value[0] > other.value[0]) {
      found.push(`${what}: only ${right} has ${other.value[1]}`);
      other = b.next();
    } else {
      if (one.value[1] !== other.value[1]) found.push(`${what} ${one.value[0]}: ${differing(one.value[1], other.value[1], left, right)}`);
      [one, other] = [a.next(), b.next()];
    }
  }
}

function differing(one: string, other: string, left: string, right: string): string {
  const [a, b] = [JSON.parse(one), JSON.parse(other)] as [Record<string, unknown>, Record<string, unknown>];
  return Object.keys(a).filter((name) => a[name] !== b[name]).map((name) => `${name} is ${String(a[name])} at ${left} and ${String(b[name])} at ${right}`).join(', ');
}

/** Rows of the roll-up together with what is not a row yet. */
function endCounts(db: Database.Database): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  const add = (minute: number, job: number, values: readonly number[]): void => {
    const key = `${minute} ${job}`;
    const sum = sums.get(key);
    // The last of each pair of times is a maximum.
    sums.set(key, sum === undefined ? [...values] : values.map((value, index) => (index === 5 || index === 7 ? Math.max(value, sum[index] as number) : value + (sum[index] as number))));
  };
  const rows = db.prepare('select minute, job_number, completed, failed, expired, cancelled, duration_ms_sum, duration_ms_max, lateness_ms_sum, lateness_ms_max from end_count').raw().all() as number[][];
  for (const [minute = 0, job = 0, ...values] of rows) add(minute, job, values);
  for (const { rows: blob } of db.prepare('select rows from end_pending').all() as { rows: Buffer }[]) {
    for (const row of decodeEnds(blob)) add(row.minute, row.jobNumber, [row.completed, row.failed, row.expired, row.cancelled, row.durationMsSum, row.durationMsMax, row.latenessMsSum, row.latenessMsMax]);
  }
  return sums;
}

function* entries(sums: ReadonlyMap<string, number[]>): Generator<Row> {
  const names = ['completed', 'failed', 'expired', 'cancelled', 'durationMsSum', 'durationMsMax', 'latenessMsSum', 'latenessMsMax'];
  for (const key of [...sums.keys()].sort()) yield [key, JSON.stringify({ key, ...Object.fromEntries(names.map((name, index) => [name, sums.get(key)?.[index]])) })];
}

function reading<T>(file: string, work: (db: Database.Database) => T): T {
  const db = new Database(file, { readonly: true });
  try {
    // One state for all tables, however much is written meanwhile.
    return db.transaction(() => work(db))();
  } finally {
    db.close();
  }
}
