import { existsSync, renameSync, rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import { sql, type SQL } from 'drizzle-orm';
import { NewerSchemaError, type Log } from '../../ports/index.ts';
import { mergeRow, type RollUpRow } from '../roll-up.ts';
import type { Cell, Param, Row } from '../remote/dialect.ts';
import { endRow } from '../remote/plan-batch.ts';
import { openWriter, type Connection, type ConnectionOptions } from '../sqlite/connection.ts';
import { explain } from '../sqlite/errors.ts';
import { lockFile } from '../sqlite/lock.ts';
import { migrate, schemaVersion } from '../sqlite/migrate.ts';
import { MIGRATIONS } from '../sqlite/migrations/index.ts';
import { decodeEnds } from '../sqlite/pending-ends.ts';
import { COPY_TABLES, countOf, keyOf, nextRows, toRow, type CopyTable } from './copy-tables.ts';
import { OtherSchemaError } from './errors.ts';
import { SLICE, type CopySource, type CopyTarget } from './side.ts';

export interface LocalSideOptions extends Pick<ConnectionOptions, 'file' | 'nativeBinding'> {
  readonly log: Log;
}

const RENDERER = new SQLiteSyncDialect();

/** A SQLite file as a source, kept from every scheduler until close(). Rejects with UnavailableError, NewerSchemaError or OtherSchemaError. */
export async function openLocalSource(options: LocalSideOptions): Promise<CopySource> {
  const { file } = options;
  if (!existsSync(file)) throw new OtherSchemaError(`There is no file ${file}.`);
  return explaining(file, () => {
    const unlock = lockFile(options);
    try {
      const connection = openWriter(options);
      try {
        const found = schemaVersion(connection);
        if (found === 0) throw new OtherSchemaError(`${file} holds nothing of natsjob.`);
        if (found < MIGRATIONS.length) throw new OtherSchemaError(`${file} has the tables of an older natsjob (schema ${found}, this program's is ${MIGRATIONS.length}): run natsjob db migrate on it first.`);
        if (found > MIGRATIONS.length) throw new NewerSchemaError(`${file} was written by a newer natsjob (schema ${found}, this program knows up to ${MIGRATIONS.length}): copy it with that one.`);
        return new LocalSource(file, connection, unlock);
      } catch (error) {
        connection.close();
        throw error;
      }
    } catch (error) {
      unlock();
      throw error;
    }
  });
}

/** A SQLite file as a target: filled under another name, and put in its place when it is whole. Rejects with UnavailableError. */
export async function openLocalTarget(options: LocalSideOptions): Promise<CopyTarget> {
  return explaining(options.file, () => new LocalTarget(options, lockFile(options)));
}

class LocalSource implements CopySource {
  readonly name: string;
  readonly #connection: Connection;
  readonly #unlock: () => void;
  readonly #pending: ReadonlyMap<string, RollUpRow>;

  constructor(file: string, connection: Connection, unlock: () => void) {
    this.name = file;
    this.#connection = connection;
    this.#unlock = unlock;
    this.#pending = pendingEnds(connection);
  }

  /** Roll-ups that are not rows of their own yet are counted as what they become. */
  async count(table: CopyTable): Promise<number> {
    const rows = countRows(this.#connection, table);
    if (table.name !== 'end_count') return rows;
    const has = this.#connection.prepare('select 1 from end_count where minute = ? and job_number = ?');
    return rows + [...this.#pending.values()].filter(({ minute, jobNumber }) => has.get(minute, jobNumber) === undefined).length;
  }

  async* rows(table: CopyTable): AsyncIterable<readonly Row[]> {
    const left = new Map(table.name === 'end_count' ? this.#pending : []);
    for await (const rows of this.#stored(table)) yield table.name === 'end_count' ? rows.map((row) => withPending(row, left)) : rows;
    const others = [...left.values()].map(endRow);
    for (let at = 0; at < others.length; at += SLICE) yield others.slice(at, at + SLICE);
  }

  async term(): Promise<number> {
    return termOf(this.#connection);
  }

  async mark(): Promise<string> {
    return String(this.#connection.pragma('data_version', { simple: true }));
  }

  async close(): Promise<void> {
    this.#connection.close();
    this.#unlock();
  }

  async* #stored(table: CopyTable): AsyncIterable<readonly Row[]> {
    const { name, columns, key } = table.local;
    let after: readonly Param[] | undefined;
    for (;;) {
      const rows = ask(this.#connection, nextRows({ table: name, columns: columns.map((column) => sql.raw(column)), key }, after, SLICE)).map((cells) => toRow(table, cells));
      if (rows.length > 0) yield rows;
      if (rows.length < SLICE) return;
      after = keyOf(table, rows.at(-1) as Row);
      await nextTurn();
    }
  }
}

class LocalTarget implements CopyTarget {
  readonly name: string;
  readonly #options: LocalSideOptions;
  readonly #unlock: () => void;
  /** Under which it is filled. */
  readonly #draft: string;
  #connection: Connection | undefined;

  constructor(options: LocalSideOptions, unlock: () => void) {
    this.name = options.file;
    this.#options = options;
    this.#unlock = unlock;
    this.#draft = `${options.file}.copying`;
  }

  async isTaken(): Promise<boolean> {
    if (!existsSync(this.name)) return false;
    return explaining(this.name, () => {
      const connection = openWriter(this.#options);
      try {
        // A file that is not ours throws, and --force is no excuse either.
        if (schemaVersion(connection) === 0) return false;
        return COPY_TABLES.some((table) => connection.prepare(`select 1 from ${table.local.name} limit 1`).get() !== undefined);
      } finally {
        connection.close();
      }
    });
  }

  async begin(): Promise<void> {
    await this.isTaken();
    removeWithLogs(this.#draft);
    const connection = openWriter({ ...this.#options, file: this.#draft });
    this.#connection = connection;
    // Lost with the machine it is made anew; until it is finished nothing of it counts.
    connection.pragma('synchronous = off');
    await migrate(connection, this.#options.log, Date.now);
  }

  async put({ local }: CopyTable, rows: readonly Row[]): Promise<void> {
    explaining(this.#draft, () => {
      const connection = this.#open();
      const insert = connection.prepare(`insert into ${local.name} (${local.columns.join(', ')}) values (${local.columns.map(() => '?').join(', ')})`);
      connection.transaction(() => {
        for (const row of rows) insert.run(...row);
      }).immediate();
    });
    await nextTurn();
  }

  async count(table: CopyTable): Promise<number> {
    return countRows(this.#open(), table);
  }

  async finish(term: number): Promise<void> {
    explaining(this.#draft, () => {
      const connection = this.#open();
      connection.prepare('insert into meta (key, value) values (\'term\', ?) on conflict (key) do update set value = excluded.value').run(term);
      connection.pragma('synchronous = full');
      connection.pragma('wal_checkpoint(truncate)');
      connection.close();
      this.#connection = undefined;
      // The log of the file before it would be taken for this one's.
      removeWithLogs(this.name);
      renameSync(this.#draft, this.name);
    });
  }

  async close(): Promise<void> {
    this.#connection?.close();
    this.#unlock();
  }

  #open(): Connection {
    if (this.#connection === undefined) throw new Error('the copy was not begun');
    return this.#connection;
  }
}

/** Sums of what the writer has packed, by minute and job. */
function pendingEnds(connection: Connection): Map<string, RollUpRow> {
  const sums = new Map<string, RollUpRow>();
  for (const blob of connection.prepare('select rows from end_pending').pluck().iterate() as Iterable<Buffer>) {
    for (const row of decodeEnds(blob)) {
      const key = `${row.minute}:${row.jobNumber}`;
      const known = sums.get(key);
      if (known === undefined) sums.set(key, { ...row });
      else mergeRow(known, row);
    }
  }
  return sums;
}

/** A stored row with what is pending for it, which is then done. */
function withPending(row: Row, left: Map<string, RollUpRow>): Row {
  const key = `${row[0]}:${row[1]}`;
  const pending = left.get(key);
  if (pending === undefined) return row;
  left.delete(key);
  const [minute = 0, jobNumber = 0, completed = 0, failed = 0, expired = 0, cancelled = 0, durationMsSum = 0, durationMsMax = 0, latenessMsSum = 0, latenessMsMax = 0] = row.map(Number);
  const sum = { minute, jobNumber, completed, failed, expired, cancelled, durationMsSum, durationMsMax, latenessMsSum, latenessMsMax };
  mergeRow(sum, pending);
  return endRow(sum);
}

function ask(connection: Connection, query: SQL): readonly (readonly (Cell | bigint)[])[] {
  const { sql: text, params } = RENDERER.sqlToQuery(query);
  return connection.prepare(text).raw().safeIntegers().all(...params) as (Cell | bigint)[][];
}

function countRows(connection: Connection, { local }: CopyTable): number {
  return Number(ask(connection, countOf(local.name))[0]?.[0] ?? 0);
}

function termOf(connection: Connection): number {
  return (connection.prepare('select value from meta where key = \'term\'').pluck().get() as number | undefined) ?? 0;
}

function removeWithLogs(file: string): void {
  for (const name of [`${file}-wal`, `${file}-shm`, `${file}-journal`, file]) rmSync(name, { force: true });
}

function explaining<Value>(file: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw explain(error, file);
  }
}
