import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RemoteDatabase } from '../../src-core/ports/index.ts';

/** A database server of a test, with an empty database for whoever asks. */
export interface DatabaseServer extends AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  readonly pid: number;
  /** How to reach a new, empty database. */
  fresh(): Promise<RemoteDatabase>;
  /** Runs statements as the server's owner; what it prints. */
  admin(statements: string, database?: string): string;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** After kill(): on the same port with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Certificate and key for TLS, readable files; without them it speaks none. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Every commit reaches the disk, as in earnest. Tests do without. */
  readonly isDurable?: boolean;
  /** Settings in the product's own words. */
  readonly settings?: readonly string[];
}

/** With characters that addresses, shells and drivers trip over. */
export const PASSWORD = 'pä:ss/w%"rd\'@';

const DEBIAN = fileURLToPath(new URL('../../build/debian.mjs', import.meta.url));

/** Installed on Debian as root when missing; elsewhere false, loudly, and an error in CI. */
export function isThere(program: () => string | undefined, debianPackage: string): boolean {
  if (program() !== undefined) return true;
  spawnSync(process.execPath, [DEBIAN, 'ensure', debianPackage], { stdio: 'inherit' });
  if (program() !== undefined) return true;
  if (process.env.CI) throw new Error(`${debianPackage} is missing, and CI may not skip the tests with it`);
  process.stderr.write(`SKIPPED: what needs ${debianPackage} (Debian: apt-get install ${debianPackage})\n`);
  return false;
}

/** Database servers refuse to run as root: then they run as nobody. */
export function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** A folder that the server's user may write. */
export function serverFolder(name: string): string {
  const isOpen = otherUser().uid === undefined || (statSync(tmpdir()).mode & 0o001) !== 0;
  // A folder for temporary files that is this user's alone is of no use to another.
  const folder = mkdtempSync(path.join(isOpen ? tmpdir() : '/tmp', `natsjob-${name}-`));
  giveTo(folder);
  return folder;
}

export function giveTo(file: string): void {
  const { uid, gid } = otherUser();
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

export function run(program: string, args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv; asOther?: boolean } = {}): string {
  const { asOther = false, ...rest } = options;
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, cwd: '/', ...(asOther ? { ...otherUser(), env: elsewhere() } : {}), ...rest });
  if (done.status !== 0) throw new Error(`${path.basename(program)} failed (${done.status ?? done.signal ?? String(done.error)}): ${`${done.stdout}\n${done.stderr}`.trim().slice(-3_000)}`);
  return done.stdout;
}

/** Our folder for temporary files may be ours alone. */
function elsewhere(): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: '/tmp' };
}

/** A server as a child process: ended by its handle and by no other means. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  readonly #program: string;
  readonly #args: readonly string[];
  output = '';

  constructor(program: string, args: readonly string[]) {
    this.#program = program;
    this.#args = args;
  }

  start(): void {
    this.output = '';
    const child = spawn(this.#program, this.#args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...otherUser(), env: elsewhere() });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (this.output = (this.output + data.toString()).slice(-20_000)));
    this.#child = child;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
