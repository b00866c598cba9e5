import { existsSync } from 'node:fs';
import path from 'node:path';
import type { RemoteDatabase } from '../../src-core/ports/index.ts';
import { PASSWORD, ServerProcess, isThere, remove, run, serverFolder, type DatabaseServer, type ServerOptions } from './database-server.ts';
import { sparePort } from './spare-port.ts';
import { until } from './until.ts';

const USER = 'natsjob';

export function hasMariadb(): boolean {
  return isThere(() => (['mariadbd', 'mariadb-install-db', 'mariadb'].every((name) => program(name) !== undefined) ? 'all' : undefined), 'mariadb-server');
}

function program(name: string): string | undefined {
  return ['/usr/sbin', '/usr/bin'].map((folder) => path.join(folder, name)).find(existsSync);
}

/** A server on a spare port of 127.0.0.1. */
export async function startMariadb({ tls, isDurable = false, settings = [] }: ServerOptions = {}): Promise<DatabaseServer> {
  const folder = serverFolder('mariadb');
  const data = path.join(folder, 'data');
  const socket = path.join(folder, 'socket');
  makeData(data, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-use-native-aio=0']);
  const port = await sparePort();
  const server = new ServerProcess(program('mariadbd')!, [
    '--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1', `--pid-file=${path.join(folder, 'pid')}`,
    '--skip-log-bin', '--innodb-use-native-aio=0', '--skip-name-resolve', '--max-connections=60',
    // 2 hands a commit to the system, which keeps it when the server is killed; 0 would lose what was committed in the last second.
    ...(isDurable ? [] : ['--innodb-flush-log-at-trx-commit=2', '--innodb-flush-method=nosync']),
    ...(tls === undefined ? ['--skip-ssl'] : [`--ssl-cert=${tls.cert}`, `--ssl-key=${tls.key}`, `--ssl-ca=${tls.ca}`]),
    ...settings.map((setting) => `--${setting}`),
  ]);
  // As the owner of the socket: root of the database may come in without a password there only.
  const admin = (statements: string, database = 'mysql'): string =>
    run(program('mariadb')!, ['--no-defaults', '--batch', '--skip-column-names', '--raw', `--socket=${socket}`, '--user=root', '--default-character-set=utf8mb4', database], { input: statements });
  const start = async (): Promise<void> => {
    server.start();
    await until(() => {
      if (!server.isRunning) throw new Error(`MariaDB ended: ${server.output}`);
      try {
        return admin('select 1') !== '';
      } catch {
        return false;
      }
    }, { deadlineMs: 120_000, what: () => `MariaDB: ${server.output}` });
  };
  await start();
  admin(`create user '${USER}'@'%' identified by ${quoted(PASSWORD)}; grant all on \`test\\_%\`.* to '${USER}'@'%';`);
  let count = 0;
  const stop = async (): Promise<void> => {
    await server.end('SIGTERM');
    remove(folder);
  };
  return {
    port, folder, admin, stop,
    get pid() {
      return server.pid;
    },
    async fresh() {
      const database = `test_${++count}`;
      admin(`create database ${database}`);
      return { kind: 'mysql', host: '127.0.0.1', port, user: USER, password: PASSWORD, database, tls: { mode: 'off' }, connectTimeoutMs: 30_000, parameters: {} } satisfies RemoteDatabase;
    },
    kill: () => server.end('SIGKILL'),
    restart: start,
    [Symbol.asyncDispose]: stop,
  };
}

/** On a machine with far more to do than cores it was seen to fail now and then; what it said is shown, so that the cause can be found. */
function makeData(data: string, args: readonly string[]): void {
  for (let left = 2; ; left--) {
    try {
      run(program('mariadb-install-db')!, args, { asOther: true });
      return;
    } catch (error) {
      if (left === 0) throw error;
      process.stderr.write(`${String(error)}\nmariadb-install-db is tried again\n`);
      remove(data);
    }
  }
}

/** What the server says its tables are. */
export function dumpMariadb(server: DatabaseServer, database: string): string {
  const tables = server.admin('show tables', database).trim().split('\n');
  return tables.map((table) => `${server.admin(`show create table ${table}`, database).replace(/^[^\t]*\t/, '').trim()};\n`).join('');
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
