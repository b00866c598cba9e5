import { UnavailableError } from '../../domain/index.ts';
import type { Cell, ConnectOptions, Param, Result, Role, SqlConnection, Statement } from '../remote/dialect.ts';
import { LIMITS } from '../remote/limits.ts';
import type { DmConnection, DmDriver } from './driver.ts';

export const COMMIT = 'commit';
export const ROLLBACK = 'rollback';

/** Rejects with what the driver says. */
export async function connectDm(driver: DmDriver, { database, answerMs }: ConnectOptions, role: Role): Promise<SqlConnection> {
  if (database.tls.mode === 'require' || database.tls.mode === 'verify') throw new UnavailableError('natsjob has no TLS for Dameng: take the TLS settings away.');
  // Of the whole process; nothing else here uses this driver.
  driver.fetchAsString = [driver.CLOB];
  const raw = await driver.getConnection({
    connectString: `${database.host}:${database.port}`, user: database.user, password: database.password, ...(database.schema ? { schema: database.schema } : {}),
    autoCommit: false, appName: 'natsjob', language: 'EN', connectTimeout: database.connectTimeoutMs, socketTimeout: role === 'migrate' ? LIMITS.migrate.statementMs : answerMs, maxRows: 0,
  });
  return new DmSession(driver, raw);
}

class DmSession implements SqlConnection {
  isLost = false;
  readonly #driver: DmDriver;
  readonly #raw: DmConnection;

  constructor(driver: DmDriver, raw: DmConnection) {
    this.#driver = driver;
    this.#raw = raw;
  }

  async run(statements: Iterable<Statement>): Promise<readonly Result[]> {
    const results: Result[] = [];
    for (const statement of statements) results.push(await this.#one(statement));
    return results;
  }

  async close(): Promise<void> {
    this.isLost = true;
    // Whatever is not committed is not wanted.
    await this.#raw.rollback().catch(() => {});
    await this.#raw.close().catch(() => {});
  }

  destroy(): void {
    this.isLost = true;
    void this.#raw.close().catch(() => {});
  }

  async #one({ text, params, many }: Statement): Promise<Result> {
    if (text === COMMIT || text === ROLLBACK) {
      await this.#raw[text]();
      return { rows: [] };
    }
    if (many !== undefined) {
      const types = (many[0] ?? []).map((_, column) => ({ type: this.#typeOf(many, column) }));
      await this.#raw.executeMany(text, many, { autoCommit: false, bindDefs: types });
      return { rows: [] };
    }
    const { rows = [] } = await this.#raw.execute(text, params, { autoCommit: false, outFormat: this.#driver.OUT_FORMAT_ARRAY });
    return { rows: rows as Cell[][] };
  }

  /** Said for each column, as the driver would go by the first row, which may hold a null. */
  #typeOf(rows: readonly (readonly Param[])[], column: number): number {
    return rows.some((row) => typeof row[column] === 'number') ? this.#driver.NUMBER : this.#driver.STRING;
  }
}
