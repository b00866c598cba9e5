import type { SQL } from 'drizzle-orm';
import type { Cell, Dialect, SqlConnection } from '../dialect.ts';

/** Asks one session of one product. */
export class Ask {
  readonly dialect: Dialect;
  readonly #connection: SqlConnection;

  constructor(dialect: Dialect, connection: SqlConnection) {
    this.dialect = dialect;
    this.#connection = connection;
  }

  async rows(query: SQL): Promise<readonly (readonly Cell[])[]> {
    const [found] = await this.all([query]);
    return found ?? [];
  }

  /** The first value of the first row. */
  async value(query: SQL): Promise<Cell | undefined> {
    return (await this.rows(query))[0]?.[0];
  }

  /** In one round trip, if the product can. */
  async all(queries: readonly SQL[]): Promise<readonly (readonly (readonly Cell[])[])[]> {
    if (queries.length === 0) return [];
    return (await this.#connection.run(queries.map((query) => this.dialect.render(query)))).map(({ rows }) => rows);
  }
}
