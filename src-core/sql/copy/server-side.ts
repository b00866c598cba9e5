import { sql } from 'drizzle-orm';
import { NewerSchemaError, type Log, type RemoteDatabase } from '../../ports/index.ts';
import { dialectFor } from '../remote/open.ts';
import { plain, type Dialect, type Param, type Row, type SqlConnection, type Statement } from '../remote/dialect.ts';
import { explain } from '../remote/errors.ts';
import { migrateRemote, remoteSchemaVersion } from '../remote/migrate.ts';
import { CHECKPOINT, META } from '../remote/tables.ts';
import { COPY_TABLES, countOf, keyOf, nextRows, toRow, type CopyTable } from './copy-tables.ts';
import { OtherSchemaError } from './errors.ts';
import { SLICE, type CopySource, type CopyTarget } from './side.ts';
import { UNFINISHED } from '../remote/half-copied.ts';

/** Counting and deleting many rows takes long; a server that hangs is noticed in the end. */
const ANSWER_MS = 3_600_000;

export interface ServerSideOptions {
  readonly database: RemoteDatabase;
  readonly name: string;
  readonly log: Log;
}

/** Tables of a server as a source. Rejects with UnavailableError, NewerSchemaError or OtherSchemaError. */
export async function openServerSource(options: ServerSideOptions): Promise<CopySource> {
  const side = await ServerSide.open(options);
  try {
    const found = await side.ask(() => remoteSchemaVersion(side.dialect, side.connection));
    const known = side.dialect.migrations.length;
    if (found === 0) throw new OtherSchemaError(`${options.name} holds nothing of natsjob.`);
    if (found < known) throw new OtherSchemaError(`${options.name} has the tables of an older natsjob (schema ${found}, this program's is ${known}): run natsjob db migrate on it first.`);
    if (found > known) throw new NewerSchemaError(`${options.name} was written by a newer natsjob (schema ${found}, this program knows up to ${known}): copy it with that one.`);
    if (await side.isUnfinished()) throw new OtherSchemaError(`${options.name} holds a copy that was not finished: make it anew.`);
    return side;
  } catch (error) {
    await side.close();
    throw error;
  }
}

/** Tables of a server as a target; they are made if there are none. Rejects with UnavailableError or NewerSchemaError. */
export async function openServerTarget(options: ServerSideOptions): Promise<CopyTarget> {
  const side = await ServerSide.open(options);
  try {
    await side.ask(() => migrateRemote(side.dialect, (role) => side.dialect.connect({ database: options.database, log: options.log, answerMs: ANSWER_MS }, role), options.log));
    return side;
  } catch (error) {
    await side.close();
    throw error;
  }
}

/** One session of its own, with the time limits of a migration: whoever copies waits for it. */
class ServerSide implements CopySource, CopyTarget {
  readonly name: string;
  readonly dialect: Dialect;
  readonly connection: SqlConnection;
  readonly #database: RemoteDatabase;

  private constructor({ name, database }: ServerSideOptions, dialect: Dialect, connection: SqlConnection) {
    this.name = name;
    this.#database = database;
    this.dialect = dialect;
    this.connection = connection;
  }

  static async open(options: ServerSideOptions): Promise<ServerSide> {
    const dialect = dialectFor(options.database.kind);
    try {
      const connection = await dialect.connect({ database: options.database, log: options.log, answerMs: ANSWER_MS }, 'migrate');
      const side = new ServerSide(options, dialect, connection);
      await dialect.facts(connection);
      return side;
    } catch (error) {
      throw explain(dialect, options.database, error, () => {});
    }
  }

  async ask<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw explain(this.dialect, this.#database, error, () => {});
    }
  }

  async count({ server }: CopyTable): Promise<number> {
    return Number(await this.#value(this.dialect.render(countOf(server.name))));
  }

  async* rows(table: CopyTable): AsyncIterable<readonly Row[]> {
    const { server } = table;
    const columns = server.columns.map(([name, type]) => (type === 'big' ? this.dialect.exact(sql.raw(name)) : sql.raw(name)));
    let after: readonly Param[] | undefined;
    for (;;) {
      const [found] = await this.#run([this.dialect.render(nextRows({ table: server.name, columns, key: server.key }, after, SLICE))]);
      const rows = (found?.rows ?? []).map((cells) => toRow(table, cells));
      if (rows.length > 0) yield rows;
      if (rows.length < SLICE) return;
      after = keyOf(table, rows.at(-1) as Row);
    }
  }

  async term(): Promise<number> {
    return Number(await this.#value(plain('select val from natsjob_meta where name = \'term\'')) ?? 0);
  }

  async mark(): Promise<string> {
    const [term, checkpoints] = await this.#run([plain('select val, batch from natsjob_meta where name = \'term\''), plain(`select stream, created, sequence_no from ${CHECKPOINT.name} order by stream`)]);
    return JSON.stringify([term?.rows, checkpoints?.rows]);
  }

  async isTaken(): Promise<boolean> {
    if (await this.isUnfinished()) return false;
    for (const { server } of COPY_TABLES) {
      const [found] = await this.#run([plain(`select 1 from ${server.name} limit 1`)]);
      if ((found?.rows.length ?? 0) > 0) return true;
    }
    return false;
  }

  async isUnfinished(): Promise<boolean> {
    return await this.#value(plain(UNFINISHED.ask)) !== undefined;
  }

  async begin(): Promise<void> {
    await this.#transaction(this.dialect.insert(META, [[UNFINISHED.name, 1, 0]], 'keep'));
    for (const { server } of [...COPY_TABLES].reverse()) await this.#transaction([plain(`delete from ${server.name}`)]);
    await this.#transaction([plain('update natsjob_meta set val = 0 where name = \'term\'')]);
  }

  async put({ server }: CopyTable, rows: readonly Row[]): Promise<void> {
    await this.#transaction(this.dialect.insert(server, rows, 'keep'));
  }

  async finish(term: number): Promise<void> {
    await this.#transaction([plain(`update natsjob_meta set val = ${Math.trunc(term)} where name = 'term'`), plain(UNFINISHED.drop)]);
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  async #transaction(statements: Iterable<Statement>): Promise<void> {
    await this.#run([...this.dialect.begin, ...statements, this.dialect.commit]);
  }

  #run(statements: readonly Statement[]): ReturnType<SqlConnection['run']> {
    return this.ask(() => this.connection.run(statements));
  }

  async #value(statement: Statement): Promise<Param | undefined> {
    const [found] = await this.#run([statement]);
    return found?.rows[0]?.[0];
  }
}
