import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findNatsServer } from '../../build/nats-server/find.mjs';
import { endProcess } from './end-process.ts';
import { sparePort } from './spare-port.ts';

const READY_MS = 60_000;
/** Ended otherwise, its store is not closed in order, which some tests build on. */
const STOP_MS = 60_000;
const PREFIX = 'natsjob-test-nats-';

/** For buses of tests: how long a server that lives may take for an answer when the machine has far more to do than cores. */
export const PATIENT_MS = 60_000;

export interface NatsServerOptions {
  /** 0 takes a spare one, which nobody else gets while the server is away. Default 0. */
  readonly port?: number;
  /** Where JetStream keeps its files. Default: a folder that is gone when the test process ends. */
  readonly storeDir?: string;
  /** Default true. */
  readonly jetstream?: boolean;
  /** Further lines of nats-server's configuration file. */
  readonly config?: string;
}

export interface TestNatsServer {
  readonly url: string;
  readonly port: number;
  /** Of the running server; after a restart it is the new one. */
  readonly pid: number;
  readonly storeDir: string;
  /** Everything the server has written to its log, over all restarts. */
  readonly log: string;
  /** Ends the server and resolves when it is gone. The store stays, so that `restart` finds it. SIGTERM by default. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again (after stopping it, if it runs) on the same port and store. */
  restart(): Promise<void>;
  /** Empties the store: stops the server if it runs, and starts it again only then. */
  wipe(): Promise<void>;
  /** Stops it and removes its files. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** No nats-server on this machine and none may be fetched from within a test. */
export class NoNatsServer extends Error {
  override name = 'NoNatsServer';
}

let binary: string | undefined;

/**
 * Path of the nats-server that tests use, or undefined when there is none: then a test skips itself at home
 * (`describe.skipIf(!(await natsServerPath()))`). In CI a missing server is an error, as nothing may be skipped there.
 * Tests never fetch one; `npm test` has done that before they run.
 */
export async function natsServerPath(): Promise<string | undefined> {
  if (binary) return binary;
  try {
    const found = await findNatsServer({ install: false });
    binary = found.path;
    return binary;
  } catch (cause) {
    const message = 'No nats-server: the tests that need one cannot run. `npm test` fetches it, or put it on PATH.';
    if (process.env['CI']) throw new NoNatsServer(message, { cause });
    process.stderr.write(`\n*** SKIPPED *** ${message}\n`);
    return undefined;
  }
}

/**
 * Starts a nats-server on 127.0.0.1 and resolves when it accepts clients (and JetStream is up).
 * Rejects with the server's log when it exits first. It dies with the test process.
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<TestNatsServer> {
  const file = await natsServerPath();
  if (!file) throw new NoNatsServer('startNatsServer was called though natsServerPath() gave none: skip the test first');
  sweepAbandoned();
  const folder = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  const storeDir = options.storeDir ?? path.join(folder, 'store');
  const server = new RunningServer(file, folder, storeDir, options);
  try {
    await server.start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return server;
}

class RunningServer implements TestNatsServer {
  port: number;
  log = '';
  readonly storeDir: string;
  readonly #file: string;
  readonly #folder: string;
  readonly #options: NatsServerOptions;
  #child: ChildProcess | undefined;
  #pid = 0;
  readonly #atExit = (): void => {
    this.#child?.kill('SIGKILL');
    remove(this.#folder);
  };

  constructor(file: string, folder: string, storeDir: string, options: NatsServerOptions) {
    this.#file = file;
    this.#folder = folder;
    this.#options = options;
    this.storeDir = storeDir;
    this.port = options.port ?? 0;
    process.once('exit', this.#atExit);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    // A port that the server took itself could be anybody's while it is stopped.
    if (this.port === 0) this.port = await sparePort();
    mkdirSync(this.storeDir, { recursive: true });
    const configFile = path.join(this.#folder, 'server.conf');
    writeFileSync(configFile, this.#configText());
    const child = spawn(this.#file, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    try {
      await this.#untilReady(child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    this.#pid = child.pid ?? 0;
    writeFileSync(path.join(this.#folder, 'pid'), String(this.#pid));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const tooLate = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(tooLate);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async wipe(): Promise<void> {
    const wasRunning = this.#child !== undefined;
    await this.stop();
    rmSync(this.storeDir, { recursive: true, force: true });
    if (wasRunning) await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    process.off('exit', this.#atExit);
    remove(this.#folder);
  }

  #configText(): string {
    const { jetstream = true, config = '' } = this.#options;
    const lines = ['host: "127.0.0.1"', `port: ${this.port}`];
    if (jetstream) lines.push(`jetstream { store_dir: ${JSON.stringify(this.storeDir)} }`);
    return `${lines.join('\n')}\n${config}\n`;
  }

  /** The server writes one line when everything is up. */
  #untilReady(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      let own = '';
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new Error(`nats-server ${why}\n${own}`));
      };
      const timer = setTimeout(() => fail(`was not ready within ${READY_MS} ms`), READY_MS);
      child.on('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`ended (${signal ?? code}) before it was ready`));
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
        if (own.includes('Server is ready')) return;
        own += text;
        if (!own.includes('Server is ready')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

let swept = false;

/** Removes what killed test processes left in the temporary folder: their files, and their server if it still runs. */
function sweepAbandoned(): void {
  if (swept) return;
  swept = true;
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (!owner || isAlive(owner)) continue;
    const folder = path.join(tmpdir(), name);
    const pid = readPid(folder);
    if (pid && commandLineOf(pid).includes(path.join(folder, 'server.conf'))) endProcess(pid);
    try {
      remove(folder);
    } catch {
      // Another test process does the same at this moment.
    }
  }
}

/** A server that has just been killed may still write for a moment. */
function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readPid(folder: string): number {
  try {
    return Number(readFileSync(path.join(folder, 'pid'), 'utf8'));
  } catch {
    return 0;
  }
}

function commandLineOf(pid: number): string {
  if (!isAlive(pid) || process.platform === 'win32') return '';
  return spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout ?? '';
}
