import type { SQL } from 'drizzle-orm';
import type { Log, RemoteDatabase } from '../../ports/index.ts';
import type { Table } from './tables.ts';

export type Param = number | bigint | string | null;
export type Row = readonly Param[];

export interface Statement {
  readonly text: string;
  readonly params: readonly Param[];
  /** The statement is to be run for each of these rows instead of `params`. */
  readonly many?: readonly Row[];
}

/** Whole numbers come as numbers, or as text beyond what a number holds exactly. */
export type Cell = string | number | null;

export interface Result {
  readonly rows: readonly (readonly Cell[])[];
}

/** One session. Whoever has it has it alone. */
export interface SqlConnection {
  /** Runs the statements in their order, in as few round trips as it can; long ones are asked for one after the other, so that few are in memory. Rejects with the first failure; the session is of no use then. */
  run(statements: Iterable<Statement>): Promise<readonly Result[]>;
  /** In order when it can, and complete when it resolves. */
  close(): Promise<void>;
  /** At once. */
  destroy(): void;
  readonly isLost: boolean;
}

export interface ConnectOptions {
  readonly database: RemoteDatabase;
  readonly log: Log;
  /** A session that gives no answer for so long is given up. */
  readonly answerMs: number;
}

/** What a session is for: its time limits differ. */
export type Role = 'write' | 'read' | 'migrate';

export interface Migration {
  /** From 1, without gaps; the same numbers as SQLite's. */
  readonly number: number;
  /** Each does no harm when it is run again. */
  readonly statements: readonly string[];
}

/** What a server is, asked once when it is first reached. */
export interface ServerFacts {
  /** Product and version. */
  readonly name: string;
}

/** What went wrong, as far as the driver tells. `table-missing`: the schema is to be looked at again. */
export interface Failure {
  readonly kind: 'away' | 'refused' | 'slow' | 'full' | 'read-only' | 'table-missing' | 'ours';
  readonly code: string;
  readonly detail: string;
}

/** How one product is spoken to. Everything else of the store is the same for all. */
export interface Dialect {
  readonly product: string;
  readonly migrations: readonly Migration[];
  readonly begin: readonly Statement[];
  readonly commit: Statement;
  readonly rollback: Statement;
  /** Rejects with what the driver and the system say. */
  connect(options: ConnectOptions, role: Role): Promise<SqlConnection>;
  render(query: SQL): Statement;
  /** Text with `?` for each value and nowhere else. */
  bind(text: string, params: readonly Param[]): Statement;
  /** New rows; `keep` leaves rows with the same key alone, `merge` changes them as the table says. No key may come twice. */
  insert(table: Table, rows: readonly Row[], present: 'keep' | 'merge'): Iterable<Statement>;
  /** Whole new values of rows that are there for certain. */
  update(table: Table, rows: readonly Row[]): Iterable<Statement>;
  /** The number column has one of the values. */
  isOneOf(column: SQL, values: readonly (number | bigint)[]): SQL;
  /** Equality of a long text, by the index over its first 100 characters. */
  textIs(column: SQL, value: string): SQL;
  /** The column holds the text, in any case. */
  contains(column: SQL, text: string): SQL;
  /** What follows a select list that reads no table. */
  readonly fromNothing: SQL;
  /** A 63-bit column, to be read without losing digits. */
  exact(column: SQL): SQL;
  /** What keeps a second migration waiting, held by the session until it ends. */
  readonly migrationLock: readonly Statement[];
  /** One column: names of the tables of ours that are there. */
  readonly tables: Statement;
  /** One column, one row: bytes of all tables of ours. */
  readonly size: Statement;
  facts(connection: SqlConnection): Promise<ServerFacts>;
  explain(error: unknown): Failure;
}

export function plain(text: string, params: readonly Param[] = []): Statement {
  return { text, params };
}

/** Rows and characters of one bulk statement: each is done well within its time, and built in a few milliseconds. */
const MOST_ROWS = 2_000;
const MOST_CHARACTERS = 500_000;

/** Slices for bulk statements. */
export function* portions(rows: readonly Row[]): Iterable<readonly Row[]> {
  let from = 0;
  let characters = 0;
  for (let at = 0; at < rows.length; at++) {
    for (const value of rows[at] as Row) if (typeof value === 'string') characters += value.length;
    if (at + 1 - from < MOST_ROWS && characters < MOST_CHARACTERS) continue;
    yield rows.slice(from, at + 1);
    from = at + 1;
    characters = 0;
  }
  if (from < rows.length) yield rows.slice(from);
}

/** Slices of at most so many items. */
export function slices<Item>(items: readonly Item[], most: number): readonly (readonly Item[])[] {
  const found: (readonly Item[])[] = [];
  for (let at = 0; at < items.length; at += most) found.push(items.slice(at, at + most));
  return found;
}
