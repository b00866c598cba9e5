import { UnavailableError } from '../../domain/index.ts';
import { NewerSchemaError, StaleTermError } from '../../ports/index.ts';
import type { ConnectOptions, Dialect, Role, SqlConnection } from './dialect.ts';
import { explain } from './errors.ts';

/** More waiting reads than this are turned away: whoever asks that often is not waiting for the answers. */
const MOST_WAITING = 256;
/** However many may be: more reads at once do not get done sooner, and a server has few sessions for all its guests. */
const MOST_READERS = 16;
const READ_LIMIT_MS = 10_000;
/** A session that nobody needed for so long is closed; servers close those of a writer after 15 s. */
const IDLE_MS = 10_000;
/** At the end, for what is under way; then it is cut off. */
const CLOSE_MS = 3_000;
/** After a failure to connect, whoever asks within this time is told the same. */
const PAUSE_MS = 250;

export interface ConnectionsOptions extends ConnectOptions {
  readonly dialect: Dialect;
  readonly maxConnections: number;
  /** Makes sure of the schema; called before the first use, and again after `schemaDoubted`. */
  readonly prepare: (open: (role: Role) => Promise<SqlConnection>) => Promise<void>;
}

interface Idle {
  readonly connection: SqlConnection;
  readonly timer: NodeJS.Timeout;
}

/**
 * The sessions with one server: one for all writes, one after the other, and so many beside it for reads as there may be,
 * opened when needed. So reads, however many and slow, never keep a batch waiting.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #mostReaders: number;
  #writer: Idle | undefined;
  #writes: Promise<unknown> = Promise.resolve();
  readonly #readers: Idle[] = [];
  #reading = 0;
  readonly #queue: (() => void)[] = [];
  #prepared = false;
  #preparing: Promise<void> | undefined;
  #failed: { readonly at: number; readonly error: unknown } | undefined;
  readonly #busy = new Set<Promise<unknown>>();
  readonly #active = new Set<SqlConnection>();
  #closed = false;
  /** What is under way is no longer waited for. */
  #isCut = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#mostReaders = Math.max(1, Math.min(MOST_READERS, options.maxConnections - 1));
  }

  /** Alone, in turn. Rejects with UnavailableError, or what `work` rejects with. */
  write<Value>(work: (connection: SqlConnection) => Promise<Value>): Promise<Value> {
    const turn = this.#writes.then(() => this.#write(work));
    this.#writes = turn.catch(() => {});
    return turn;
  }

  /** Rejects with UnavailableError also when it takes too long or too many wait. */
  async read<Value>(work: (connection: SqlConnection) => Promise<Value>): Promise<Value> {
    if (this.#closed) throw new UnavailableError('The database is closed.');
    if (this.#queue.length >= MOST_WAITING) throw new UnavailableError('Too many reads of the database are waiting: try again in a moment.');
    if (this.#reading >= this.#mostReaders) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#reading++;
    const reading = this.#read(work).finally(() => {
      const next = this.#queue.shift();
      if (next === undefined) this.#reading--;
      else next();
    });
    return this.#track(reading);
  }

  /** The tables are not as they were: look before the next use. */
  schemaDoubted(): void {
    this.#prepared = false;
  }

  /** Complete when it resolves: what was under way has ended or was cut off, and every session is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const next of this.#queue.splice(0)) next();
    const cut = setTimeout(() => {
      this.#isCut = true;
      for (const connection of this.#active) connection.destroy();
    }, CLOSE_MS);
    await this.#writes;
    await Promise.allSettled(this.#busy);
    clearTimeout(cut);
    const idle = [...this.#readers.splice(0), ...(this.#writer === undefined ? [] : [this.#writer])];
    this.#writer = undefined;
    await Promise.allSettled(idle.map(({ connection, timer }) => {
      clearTimeout(timer);
      return connection.close();
    }));
  }

  async #write<Value>(work: (connection: SqlConnection) => Promise<Value>): Promise<Value> {
    await this.#ready();
    const idle = this.#writer;
    this.#writer = undefined;
    if (idle !== undefined) clearTimeout(idle.timer);
    const connection = idle === undefined || idle.connection.isLost ? await this.#open('write') : idle.connection;
    this.#active.add(connection);
    try {
      const value = await work(connection);
      this.#writer = this.#rest(connection, () => (this.#writer = undefined));
      return value;
    } catch (error) {
      // A session after a failure is in the midst of a transaction; the server undoes it when the session goes. The two
      // refusals leave nothing behind.
      if (error instanceof StaleTermError || error instanceof NewerSchemaError) this.#writer = this.#rest(connection, () => (this.#writer = undefined));
      else connection.destroy();
      throw this.#told(error);
    } finally {
      this.#active.delete(connection);
    }
  }

  async #read<Value>(work: (connection: SqlConnection) => Promise<Value>): Promise<Value> {
    await this.#ready();
    const idle = this.#readers.pop();
    if (idle !== undefined) clearTimeout(idle.timer);
    const connection = idle === undefined || idle.connection.isLost ? await this.#open('read') : idle.connection;
    this.#active.add(connection);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      connection.destroy();
    }, READ_LIMIT_MS);
    try {
      const value = await work(connection);
      const resting: Idle = this.#rest(connection, () => this.#readers.splice(this.#readers.indexOf(resting), 1));
      this.#readers.push(resting);
      return value;
    } catch (error) {
      connection.destroy();
      if (isLate) throw new UnavailableError('A read of the database took too long.', { cause: error });
      throw this.#told(error);
    } finally {
      clearTimeout(timer);
      this.#active.delete(connection);
    }
  }

  #rest(connection: SqlConnection, forget: () => void): Idle {
    const timer = setTimeout(() => {
      forget();
      void connection.close();
    }, IDLE_MS);
    timer.unref();
    return { connection, timer };
  }

  async #ready(): Promise<void> {
    if (this.#closed) throw new UnavailableError('The database is closed.');
    if (this.#prepared) return;
    this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined));
    await this.#preparing;
  }

  async #prepare(): Promise<void> {
    const opened: SqlConnection[] = [];
    try {
      await this.#options.prepare(async (role) => {
        const connection = await this.#open(role);
        opened.push(connection);
        this.#active.add(connection);
        return connection;
      });
      this.#prepared = true;
    } catch (error) {
      throw this.#told(error);
    } finally {
      for (const connection of opened) this.#active.delete(connection);
    }
  }

  async #open(role: Role): Promise<SqlConnection> {
    if (this.#closed) throw new UnavailableError('The database is closed.');
    if (this.#failed !== undefined && performance.now() - this.#failed.at < PAUSE_MS) throw this.#failed.error;
    try {
      const connection = await this.#options.dialect.connect(this.#options, role);
      this.#failed = undefined;
      if (!this.#isCut) return connection;
      connection.destroy();
      throw new UnavailableError('The database is closed.');
    } catch (error) {
      const told = this.#told(error);
      this.#failed = { at: performance.now(), error: told };
      throw told;
    }
  }

  #told(error: unknown): unknown {
    const { dialect, database } = this.#options;
    return explain(dialect, database, error, () => this.schemaDoubted());
  }

  async #track<Value>(work: Promise<Value>): Promise<Value> {
    this.#busy.add(work);
    try {
      return await work;
    } finally {
      this.#busy.delete(work);
    }
  }
}
