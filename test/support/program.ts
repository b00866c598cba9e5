import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endProcess } from './end-process.ts';
import { natsServerPath } from './nats-server.ts';
import { programApi, type ProgramApi } from './program-api.ts';
import { sparePort } from './spare-port.ts';
import { isPackedTested, requireTestedProgram, testedCommand, testedEnvironment, testedProgram } from './tested-program.ts';
import { until } from './until.ts';

const PREFIX = 'natsjob-test-program-';
const READY_MS = 90_000;
/** Longer than the program allows itself. */
const STOP_MS = 60_000;
const USER = 'tester';
const PASSWORD = 'a password of this test';

export interface ProgramOptions {
  /** Further settings, NATSJOB_…; those of the test's own environment do not reach the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a folder that is gone with the program. A given one is left alone. */
  readonly dataDir?: string;
  /** Default: spare ones. They stay over a restart. */
  readonly natsPort?: number;
  readonly httpPort?: number;
  /** False: resolves when the process has been spawned. Default true: when /readyz says yes. */
  readonly untilReady?: boolean;
  /** Starts it with --stop-with-stdin, for `closeInput`. */
  readonly stopsWithInput?: boolean;
}

/** The built program, started. `await using` ends it and removes what it leaves. */
export interface TestProgram {
  /** Without a slash at the end. */
  readonly url: string;
  /** Of the NATS server it uses. */
  readonly natsUrl: string;
  readonly dataDir: string;
  /** Of the running process, or of the last one; after a restart it is the new one. */
  readonly pid: number;
  readonly isRunning: boolean;
  readonly api: ProgramApi;
  /** Of the embedded NATS server; undefined when it does not run. */
  natsPid(): number | undefined;
  /** All it has written, over all restarts. */
  output(): string;
  /** Resolves when the scheduler is gone. Its NATS server survives a SIGKILL, as it would on a real machine. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it in order and resolves with the exit code, 128 when it was killed. */
  stop(): Promise<number>;
  /** Closes its standard input and resolves with the exit code. */
  closeInput(): Promise<number>;
  /** Starts it again on the same ports and data, after stopping it if it runs. */
  restart(options?: Pick<ProgramOptions, 'env' | 'untilReady'>): Promise<void>;
  untilReady(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether there is what these tests need; says so when not, and throws in CI. */
export async function canStartProgram(): Promise<boolean> {
  requireTestedProgram();
  return (await natsServerPath()) !== undefined;
}

/** Starts `natsjob serve`, built or packed (see tested-program.ts), with a NATS server of its own, or the one NATSJOB_NATS_URL in `env` names. It dies with the test process. */
export async function startProgram(options: ProgramOptions = {}): Promise<TestProgram> {
  sweepAbandoned();
  const folder = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  const program = new RunningProgram(folder, options.dataDir ?? path.join(folder, 'data'), options.httpPort ?? (await sparePort()), options.natsPort ?? (await sparePort()), options.env ?? {}, options.stopsWithInput ?? false);
  try {
    await program.start(options.untilReady ?? true);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return program;
}

class RunningProgram implements TestProgram {
  readonly url: string;
  readonly natsUrl: string;
  readonly dataDir: string;
  readonly api: ProgramApi;
  readonly #folder: string;
  readonly #ports: Readonly<Record<string, string>>;
  #env: Readonly<Record<string, string>>;
  readonly #stopsWithInput: boolean;
  #child: ChildProcess | undefined;
  #gone: Promise<number> = Promise.resolve(0);
  #output = '';
  readonly #atExit = (): void => {
    this.#child?.kill('SIGKILL');
    killPid(this.natsPid());
    rmSync(this.#folder, { recursive: true, force: true });
  };

  constructor(folder: string, dataDir: string, httpPort: number, natsPort: number, env: Readonly<Record<string, string>>, stopsWithInput: boolean) {
    this.#folder = folder;
    this.dataDir = dataDir;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.natsUrl = env['NATSJOB_NATS_URL'] || `nats://127.0.0.1:${natsPort}`;
    this.#ports = { NATSJOB_HTTP_PORT: String(httpPort), NATSJOB_NATS_PORT: String(natsPort) };
    this.#env = env;
    this.#stopsWithInput = stopsWithInput;
    this.api = programApi(this.url, USER, PASSWORD);
    process.once('exit', this.#atExit);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  natsPid(): number | undefined {
    return livePidOf(path.join(this.dataDir, 'nats'));
  }

  output(): string {
    return this.#output;
  }

  async start(awaitsReady: boolean): Promise<void> {
    mkdirSync(this.dataDir, { recursive: true });
    const { command, args } = testedCommand('serve', ...(this.#stopsWithInput ? ['--stop-with-stdin'] : []));
    const child = spawn(command, args, {
      cwd: this.#folder,
      stdio: [this.#stopsWithInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: {
        ...testedEnvironment(), ...this.#ports, NATSJOB_DATA_DIR: this.dataDir, NATSJOB_CONF_DIR: path.join(this.#folder, 'conf'),
        NATSJOB_LOG_DIR: path.join(this.#folder, 'logs'), NATSJOB_LOG_ENV: 'json', NATSJOB_LOGIN_USER: USER, NATSJOB_LOGIN_PWD: PASSWORD,
        // A packed program brings its own.
        ...(isPackedTested ? {} : { NATSJOB_NATS_SERVER: (await natsServerPath()) ?? '' }), ...this.#env,
      },
    });
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#output += `${error.message}\n`;
        resolve(1);
      });
      child.once('close', (code) => resolve(code ?? 128));
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    if (awaitsReady) await this.untilReady();
  }

  async untilReady(): Promise<void> {
    let last = 'no answer';
    await until(async () => {
      if (!this.isRunning) throw new Error(`the program ended (${await this.#gone}) before it was ready\n${this.#output}`);
      try {
        const { status, body } = await this.api.get('//readyz');
        last = `${status} ${JSON.stringify(body)}`;
        return status === 200;
      } catch {
        return false;
      }
    }, { deadlineMs: READY_MS, what: () => `the program to be ready (${last})\n${this.#output}` });
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.#gone;
  }

  async stop(): Promise<number> {
    if (!this.isRunning) return this.#gone;
    const tooLate = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS);
    this.#child?.kill('SIGTERM');
    const code = await this.#gone;
    clearTimeout(tooLate);
    return code;
  }

  async closeInput(): Promise<number> {
    this.#child?.stdin?.end();
    return this.#gone;
  }

  async restart(options: Pick<ProgramOptions, 'env' | 'untilReady'> = {}): Promise<void> {
    await this.stop();
    this.#env = { ...this.#env, ...options.env };
    await this.start(options.untilReady ?? true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    process.off('exit', this.#atExit);
    killPid(this.natsPid());
    await until(() => this.natsPid() === undefined, { what: 'the NATS server to be gone' });
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

let swept = false;

/** Ends and removes what killed test processes left behind. */
function sweepAbandoned(): void {
  if (swept) return;
  swept = true;
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (!owner || isAlive(owner)) continue;
    const folder = path.join(tmpdir(), name);
    const program = Number(readJson(path.join(folder, 'data', 'natsjob.lock.json'))['pid'] ?? 0);
    if (program && commandLineOf(program).includes(testedProgram)) killPid(program);
    killPid(livePidOf(path.join(folder, 'data', 'nats')));
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another test process does the same at this moment.
    }
  }
}

/** The nats-server that runs on this store; its process id may have gone to another process since. */
function livePidOf(storeDir: string): number | undefined {
  const pid = Number(readText(path.join(storeDir, 'nats-server.pid')));
  return pid > 1 && isAlive(pid) && commandLineOf(pid).includes(path.join(storeDir, 'nats-server.conf')) ? pid : undefined;
}

function killPid(pid: number | undefined): void {
  if (pid !== undefined) endProcess(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function commandLineOf(pid: number): string {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
  return process.platform === 'win32' ? '' : (spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout ?? '');
}

function readJson(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readText(file)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
