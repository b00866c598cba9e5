import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RemoteDatabase } from '../../src-core/ports/index.ts';
import { PASSWORD, ServerProcess, giveTo, isThere, remove, run, serverFolder, type DatabaseServer, type ServerOptions } from './database-server.ts';
import { sparePort } from './spare-port.ts';
import { until } from './until.ts';

const HOMES = '/usr/lib/postgresql';
const USER = 'natsjob';

export function hasPostgres(): boolean {
  return isThere(binaries, 'postgresql');
}

/** Folder of the newest version's programs; Debian keeps them off the PATH. */
function binaries(): string | undefined {
  const versions = existsSync(HOMES) ? readdirSync(HOMES).map(Number).filter(Number.isFinite).sort((a, b) => b - a) : [];
  return versions.map((version) => path.join(HOMES, String(version), 'bin')).find((folder) => existsSync(path.join(folder, 'initdb')));
}

/** A server on a spare port of 127.0.0.1. Its databases have the locale C: what is told apart then is told apart anywhere. */
export async function startPostgres({ tls, isDurable = false, settings = [] }: ServerOptions = {}): Promise<DatabaseServer> {
  const bin = binaries()!;
  const folder = serverFolder('postgres');
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  giveTo(passwordFile);
  run(path.join(bin, 'initdb'), ['-D', data, '-U', USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--locale=C', '--encoding=UTF8', '--no-sync'], { asOther: true });
  const port = await sparePort();
  const given = [
    `port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'logging_collector=off', 'max_connections=60',
    ...(isDurable ? [] : ['fsync=off', 'full_page_writes=off']),
    ...(tls === undefined ? [] : ['ssl=on', `ssl_cert_file=${tls.cert}`, `ssl_key_file=${tls.key}`, `ssl_ca_file=${tls.ca}`]), ...settings,
  ];
  const server = new ServerProcess(path.join(bin, 'postgres'), ['-D', data, ...given.flatMap((setting) => ['-c', setting])]);
  const admin = (statements: string, database = 'postgres'): string =>
    run(path.join(bin, 'psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', String(port), '-U', USER, '-d', database], { input: statements, env: { ...process.env, PGPASSWORD: PASSWORD } });
  const start = async (): Promise<void> => {
    server.start();
    await until(() => {
      if (!server.isRunning) throw new Error(`PostgreSQL ended: ${server.output}`);
      try {
        return admin('select 1') !== '';
      } catch {
        return false;
      }
    }, { deadlineMs: 120_000, what: () => `PostgreSQL: ${server.output}` });
  };
  await start();
  let count = 0;
  const stop = async (): Promise<void> => {
    await server.end('SIGINT');
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
      return { kind: 'postgres', host: '127.0.0.1', port, user: USER, password: PASSWORD, database, tls: { mode: 'off' }, connectTimeoutMs: 30_000, parameters: {} } satisfies RemoteDatabase;
    },
    kill: () => server.end('SIGQUIT'),
    restart: start,
    [Symbol.asyncDispose]: stop,
  };
}

/** What the server says its tables are, without what depends on its version. */
export function dumpPostgres(server: DatabaseServer, database: string): string {
  const dump = run(path.join(binaries()!, 'pg_dump'), ['--schema-only', '--no-owner', '--no-privileges', '-h', server.folder, '-p', String(server.port), '-U', USER, database], { env: { ...process.env, PGPASSWORD: PASSWORD } });
  return dump.split('\n').filter((line) => line !== '' && !/^(--|SET |SELECT pg_catalog|\\)/.test(line)).join('\n').concat('\n');
}
