import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import path from 'node:path';

/** What lies in the store folder beside JetStream's own files. */
export interface ServerFiles {
  readonly storeDir: string;
  readonly config: string;
  readonly pid: string;
  readonly log: string;
  /** The server's name, made of the store's path: who greets with it runs on our store. */
  readonly serverName: string;
}

const LOG_BYTES = 10 * 1024 * 1024;
const LOG_FILES = 3;

/** Makes the folder if need be. */
export async function serverFiles(storeDir: string): Promise<ServerFiles> {
  await mkdir(storeDir, { recursive: true });
  const real = await realpath(storeDir);
  return {
    storeDir: real,
    config: path.join(real, 'nats-server.conf'),
    pid: path.join(real, 'nats-server.pid'),
    log: path.join(real, 'nats-server.log'),
    serverName: `natsjob-${createHash('sha256').update(real).digest('hex').slice(0, 12)}`,
  };
}

/** Loopback only, so no login. JSON's strings are valid in the server's configuration. */
export async function writeServerConfig(files: ServerFiles, port: number): Promise<void> {
  const lines = [
    '# Written by natsjob at each start.',
    'host: "127.0.0.1"',
    `port: ${port}`,
    `server_name: ${JSON.stringify(files.serverName)}`,
    `jetstream { store_dir: ${JSON.stringify(files.storeDir)} }`,
    `pid_file: ${JSON.stringify(files.pid)}`,
    `log_file: ${JSON.stringify(files.log)}`,
    `logfile_size_limit: ${LOG_BYTES}`,
    `logfile_max_num: ${LOG_FILES}`,
  ];
  await writeFile(files.config, `${lines.join('\n')}\n`);
}

/** The process that runs on this store, by its pid file; undefined if there is none any more. */
export async function runningPid(files: ServerFiles): Promise<number | undefined> {
  const pid = Number(await readFile(files.pid, 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return undefined;
  // The number may have gone to another process since.
  const command = await commandLine(pid);
  return command === undefined || command.includes(files.config) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isDefunct(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Ended, but nobody has asked for its end: so it stays in a container without an init process. */
function isDefunct(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3) === 'Z';
  } catch {
    return false;
  }
}

/** Undefined where the system does not tell it. */
async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
    if (text !== undefined) return text.replaceAll('\0', ' ');
  }
  return new Promise((resolve) => {
    execFile('ps', ['-p', String(pid), '-o', 'command='], (error, stdout) => resolve(error === null ? stdout : undefined));
  });
}
