import { connect as connectSocket, isIP } from 'node:net';
import type { Connection, ConnectionOptions } from 'mysql2';
import { UnavailableError } from '../../domain/index.ts';
import type { RemoteDatabase } from '../../ports/index.ts';
import type { Cell, ConnectOptions, Result, Role, SqlConnection, Statement } from '../remote/dialect.ts';
import { LIMITS } from '../remote/limits.ts';
import { inTime, Patience } from '../remote/patience.ts';
import { tlsOptions } from '../remote/tls.ts';

/** Statements go out together up to this length. */
const PACKET = 1_000_000;

/** A session with the time limits of its role. Rejects with what the driver and the system say. */
export async function connectMysql(options: ConnectOptions, role: Role): Promise<SqlConnection> {
  const { mode } = options.database.tls;
  if (mode !== 'prefer') return open(options, role, mode !== 'off');
  try {
    return await open(options, role, true);
  } catch (error) {
    if ((error as { code?: string }).code !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error;
    return open(options, role, false);
  }
}

async function open({ database, log, answerMs }: ConnectOptions, role: Role, isSecure: boolean): Promise<SqlConnection> {
  const { createConnection } = (await import('mysql2')).default;
  const raw = createConnection({
    host: isSecure && database.tls.serverName ? database.tls.serverName : database.host, port: database.port,
    user: database.user, password: database.password, database: database.database,
    charset: 'utf8mb4', supportBigNumbers: true, bigNumberStrings: false, multipleStatements: true, rowsAsArray: true, connectTimeout: database.connectTimeoutMs,
    // The driver expects in the certificate what it is told as host; the socket goes to the real one.
    stream: () => connectSocket({ host: database.host, port: database.port, noDelay: true, keepAlive: true }),
    ...(isSecure ? { ssl: sslOf(database) } : {}),
  } as ConnectionOptions);
  const connection = new MysqlConnection(raw, role === 'migrate' ? LIMITS.migrate.statementMs : answerMs);
  try {
    await connected(raw, database.connectTimeoutMs);
    await inTime(database.connectTimeoutMs, () => connection.destroy(), () => settle(connection, role, log));
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function sslOf(database: RemoteDatabase): ConnectionOptions['ssl'] {
  const { ca, cert, key, rejectUnauthorized } = tlsOptions(database);
  const isVerified = database.tls.mode === 'verify';
  if (isVerified && isIP(database.tls.serverName || database.host) !== 0) {
    throw new UnavailableError('The name in the certificate of a MySQL server is checked against a host name, and an address was given: give the server\'s name, or the name to expect.');
  }
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized: rejectUnauthorized === true, verifyIdentity: isVerified } as ConnectionOptions['ssl'];
}

/** The driver's own time limit ends with the connection of the socket, not with the greeting of a server that hangs. */
function connected(raw: Connection, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(Object.assign(new Error('no greeting in time'), { code: 'ETIMEDOUT' })), limitMs);
    raw.connect((error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Of each pair MySQL knows one and MariaDB the other, so what is unknown is passed over. */
async function settle(connection: MysqlConnection, role: Role, log: ConnectOptions['log']): Promise<void> {
  const { statementMs, lockMs, idleMs } = LIMITS[role];
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  await connection.run([
    { text: 'set session sql_mode = \'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION\', character_set_results = utf8mb4', params: [] },
    { text: 'set session transaction isolation level read committed', params: [] },
    { text: `set session innodb_lock_wait_timeout = ${seconds(lockMs)}, session lock_wait_timeout = ${seconds(lockMs)}`, params: [] },
  ]);
  const optional = [`max_statement_time = ${seconds(statementMs)}`, `idle_transaction_timeout = ${seconds(idleMs)}`, ...(role === 'read' ? [`max_execution_time = ${statementMs}`] : [])];
  let isMaria = true;
  for (const setting of optional) {
    try {
      await connection.run([{ text: `set session ${setting}`, params: [] }]);
    } catch (error) {
      if ((error as { errno?: number }).errno !== 1193) throw error;
      if (setting.startsWith('idle_')) isMaria = false;
      log.debug({ setting }, 'The database server does not know a setting.');
    }
  }
  // Without a limit for transactions there is one for any silence: Connections closes an idle session before.
  if (!isMaria && role !== 'migrate') await connection.run([{ text: 'set session wait_timeout = 15', params: [] }]);
}

class MysqlConnection implements SqlConnection {
  isLost = false;
  readonly #raw: Connection;
  readonly #answerMs: number;

  constructor(raw: Connection, answerMs: number) {
    this.#raw = raw;
    this.#answerMs = answerMs;
    raw.on('error', () => (this.isLost = true));
    raw.on('end', () => (this.isLost = true));
  }

  /** In packets of several statements. One after the other: the server would run what follows a failed packet, the commit too. */
  async run(statements: Iterable<Statement>): Promise<readonly Result[]> {
    const results: Result[] = [];
    for (const packet of packets(statements)) results.push(...await this.#send(packet));
    return results;
  }

  async close(): Promise<void> {
    if (this.isLost) return this.destroy();
    const timer = setTimeout(() => this.destroy(), LIMITS.closeMs);
    await new Promise<void>((resolve) => {
      this.#raw.once('end', resolve);
      this.#raw.end(() => resolve());
      // A session that is torn down meanwhile calls nobody back.
      setTimeout(resolve, LIMITS.closeMs).unref();
    });
    clearTimeout(timer);
    this.isLost = true;
  }

  destroy(): void {
    this.isLost = true;
    this.#raw.destroy();
    // The driver only says good-bye, which a server that hangs does not hear.
    (this.#raw as unknown as { stream: { destroy(): void } }).stream.destroy();
  }

  #send(texts: readonly string[]): Promise<readonly Result[]> {
    if (this.isLost) return Promise.reject(Object.assign(new Error('the connection was lost'), { code: 'PROTOCOL_CONNECTION_LOST' }));
    return new Promise((resolve, reject) => {
      const lost = (): void => {
        patience.end();
        reject(Object.assign(new Error('the connection was closed'), { code: 'PROTOCOL_CONNECTION_LOST' }));
      };
      const stream = (this.#raw as unknown as { stream: NodeJS.EventEmitter }).stream;
      stream.once('close', lost);
      const patience = new Patience(this.#answerMs, () => this.destroy());
      this.#raw.query(texts.join(';\n'), (error: Error | null, answer: unknown) => {
        stream.removeListener('close', lost);
        patience.end();
        if (error) reject(error);
        else resolve((texts.length === 1 ? [answer] : answer as unknown[]).map((one) => ({ rows: Array.isArray(one) ? one as Cell[][] : [] })));
      });
    });
  }
}

function* packets(statements: Iterable<Statement>): Iterable<readonly string[]> {
  let packet: string[] = [];
  let length = 0;
  for (const { text } of statements) {
    if (packet.length > 0 && length + text.length > PACKET) {
      yield packet;
      packet = [];
      length = 0;
    }
    packet.push(text);
    length += text.length;
  }
  if (packet.length > 0) yield packet;
}
