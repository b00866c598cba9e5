import type { Client, ClientConfig } from 'pg';
import type { Cell, ConnectOptions, Result, Role, SqlConnection, Statement } from '../remote/dialect.ts';
import { LIMITS } from '../remote/limits.ts';
import { inTime, Patience } from '../remote/patience.ts';
import { tlsOptions } from '../remote/tls.ts';

/** Type numbers of bigint and numeric; of smallint and integer. */
const LONG = new Set([20, 1700]);
const SHORT = new Set([21, 23]);
/**
 * Each statement is written for one way through an index and stops when it has enough. The planner goes by statistics, which lag far
 * behind a table that grows by thousands of rows a second, and then reads everything that matches before it gives the first fifty
 * (measured: 427 ms instead of 4 ms for the failed ones among 1,000,000 runs).
 */
const ONE_WAY: readonly [string, string][] = [
  ['enable_bitmapscan', 'off'], ['enable_seqscan', 'off'], ['enable_hashjoin', 'off'], ['enable_mergejoin', 'off'], ['jit', 'off'],
];
/** Characters of values that are sent ahead of answers. */
const UNANSWERED = 1_000_000;

/** A session with the time limits of its role. Rejects with what the driver and the system say. */
export async function connectPostgres(options: ConnectOptions, role: Role): Promise<SqlConnection> {
  const { mode } = options.database.tls;
  if (mode !== 'prefer') return open(options, role, mode !== 'off');
  try {
    return await open(options, role, true);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('does not support SSL')) throw error;
    return open(options, role, false);
  }
}

async function open({ database, log, answerMs }: ConnectOptions, role: Role, isSecure: boolean): Promise<SqlConnection> {
  const { Client } = (await import('pg')).default;
  // Pipelined: a batch's statements go out in one go and their answers come back in one go.
  const config: ClientConfig & { pipeline: boolean } = {
    host: database.host, port: database.port, user: database.user, password: database.password, database: database.database,
    ssl: isSecure ? tlsOptions(database) : false, connectionTimeoutMillis: database.connectTimeoutMs, application_name: 'natsjob', keepAlive: true, pipeline: true,
    types: { getTypeParser: (oid: number) => (LONG.has(oid) ? toCell : SHORT.has(oid) ? Number : asText) } as unknown as NonNullable<ClientConfig['types']>,
  };
  const client = new Client(config);
  const connection = new PostgresConnection(client, role === 'migrate' ? LIMITS.migrate.statementMs : answerMs);
  try {
    await client.connect();
    await inTime(database.connectTimeoutMs, () => connection.destroy(), () => settle(client, { database, log }, role));
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** A server of another make may not know a setting; without it natsjob works, too. */
async function settle(client: Client, { database, log }: Pick<ConnectOptions, 'database' | 'log'>, role: Role): Promise<void> {
  const limits = LIMITS[role];
  const settings: [string, string][] = [
    ['client_encoding', 'UTF8'], ['statement_timeout', `${limits.statementMs}`], ['lock_timeout', `${limits.lockMs}`],
    ['idle_in_transaction_session_timeout', `${limits.idleMs}`], ['standard_conforming_strings', 'on'],
  ];
  if (role !== 'migrate') settings.push(...ONE_WAY);
  if (role === 'read') settings.push(['default_transaction_read_only', 'on']);
  if (database.schema !== undefined && database.schema !== '') settings.push(['search_path', `"${database.schema.replaceAll('"', '""')}"`]);
  await Promise.all(settings.map(async ([name, value]) => {
    try {
      await client.query('select set_config($1, $2, false)', [name, value]);
    } catch (error) {
      if ((error as { code?: string }).code !== '42704') throw error;
      log.debug({ setting: name }, 'The database server does not know a setting.');
    }
  }));
}

class PostgresConnection implements SqlConnection {
  isLost = false;
  readonly #client: Client;
  readonly #answerMs: number;

  constructor(client: Client, answerMs: number) {
    this.#client = client;
    this.#answerMs = answerMs;
    client.on('error', () => (this.isLost = true));
    client.on('end', () => (this.isLost = true));
  }

  async run(statements: Iterable<Statement>): Promise<readonly Result[]> {
    const patience = new Patience(this.#answerMs, () => this.destroy());
    const answers: Promise<{ rows: unknown[] }>[] = [];
    let length = 0;
    try {
      for (const { text, params } of statements) {
        const answer = this.#client.query({ text, values: params as unknown[], rowMode: 'array' });
        answer.then(() => patience.renew(), () => {});
        answers.push(answer as Promise<{ rows: unknown[] }>);
        for (const value of params) length += typeof value === 'string' ? value.length : 8;
        if (length < UNANSWERED) continue;
        await answer;
        length = 0;
      }
      return (await Promise.all(answers)).map(({ rows }) => ({ rows: rows as Cell[][] }));
    } catch (error) {
      // The first failure is the one that says why; what was sent behind it fails by it.
      const [first] = (await Promise.allSettled(answers)).filter((answer) => answer.status === 'rejected');
      throw first?.reason ?? error;
    } finally {
      patience.end();
    }
  }

  async close(): Promise<void> {
    if (this.isLost) return this.destroy();
    const timer = setTimeout(() => this.destroy(), LIMITS.closeMs);
    await this.#client.end().catch(() => {});
    clearTimeout(timer);
  }

  destroy(): void {
    this.isLost = true;
    (this.#client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

function toCell(text: string): Cell {
  const value = Number(text);
  return Number.isSafeInteger(value) || text.includes('.') ? value : text;
}

function asText(text: string): string {
  return text;
}
