import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALL_TARGETS, binaryName, type Target } from '../../build/package/targets.mjs';
import { endProcess } from './end-process.ts';
import { programApi, type ProgramApi } from './program-api.ts';
import { sparePort } from './spare-port.ts';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STOP_MS = 60_000;
/** A first start unpacks its files. */
const READY_MS = 120_000;

/** The packed file of a target; undefined, and a loud word about it, when it was not packed. In CI all of them are. */
export function packedFile(name: string): { readonly file: string; readonly target: Target } | undefined {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const target = ALL_TARGETS.find((one) => one.name === name)!;
  const file = path.join(ROOT, 'dist', 'release', binaryName(version, target));
  if (existsSync(file)) return { file, target };
  if (process.env['CI']) throw new Error(`${file} is missing: CI packs every target`);
  process.stderr.write(`\n*** SKIPPED *** ${path.basename(file)} is not packed: npm run package -- headless --target=${name}\n`);
  return undefined;
}

export interface PackedOptions {
  /** What is run, with the arguments before `serve`. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Default two minutes. */
  readonly readyMs?: number;
}

/** A packed program that serves, with nothing set but its ports. Ended when disposed of. */
export interface PackedProgram {
  readonly url: string;
  readonly natsUrl: string;
  readonly api: ProgramApi;
  readonly pid: number;
  output(): string;
  kill(): Promise<void>;
  /** Resolves with the exit code. */
  stop(): Promise<number>;
  /** After kill() or stop(), on the same ports. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Resolves when /readyz says yes. */
export async function startPacked({ command, args = [], cwd, env, readyMs = READY_MS }: PackedOptions): Promise<PackedProgram> {
  const [httpPort, natsPort] = [await sparePort(), await sparePort()];
  const url = `http://127.0.0.1:${httpPort}`;
  const api = programApi(url, 'natsjob', 'natsjob');
  let child: ChildProcess | undefined;
  let gone: Promise<number> = Promise.resolve(0);
  let output = '';

  async function start(): Promise<void> {
    const started = spawn(command, [...args, 'serve', '--http-port', String(httpPort), '--nats-port', String(natsPort)], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    gone = new Promise((resolve) => {
      started.once('error', (error) => {
        output += `${error.message}\n`;
        resolve(1);
      });
      started.once('close', (code) => resolve(code ?? 128));
    });
    for (const stream of [started.stdout, started.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    await until(async () => {
      if (started.exitCode !== null || started.signalCode !== null) throw new Error(`the program ended (${await gone})\n${output}`);
      return (await api.get('//readyz').catch(() => undefined))?.status === 200;
    }, { deadlineMs: readyMs, what: () => `the packed program to be ready\n${output}` });
  }

  async function end(signal: NodeJS.Signals): Promise<number> {
    const tooLate = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
    child?.kill(signal);
    const code = await gone;
    clearTimeout(tooLate);
    return code;
  }

  const program: PackedProgram = {
    url, natsUrl: `nats://127.0.0.1:${natsPort}`, api, start,
    get pid() {
      return child?.pid ?? 0;
    },
    output: () => output,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    async [Symbol.asyncDispose]() {
      await end('SIGTERM');
      for (const { pid } of processesOf(cwd)) endProcess(pid);
    },
  };
  try {
    await start();
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** Processes whose program or arguments lie below the folder. Linux only. */
export function processesOf(folder: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).flatMap((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command.includes(`${folder}/`) || readlinkSync(`/proc/${name}/exe`).startsWith(`${folder}/`) ? [{ pid: Number(name), command }] : [];
    } catch {
      return []; // Gone in between.
    }
  });
}

/** All files below the folder, as paths from there. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort();
}

/** Makes a job that fires every second. */
export async function makeTickingJob(api: ProgramApi, app: string): Promise<void> {
  for (const [at, body] of [['/namespaces', { name: 'packed' }], ['/namespaces/packed/apps', { name: app }], ['/jobs', { namespace: 'packed', app, name: 'tick', schedule: { expression: '* * * * * *' }, model: 'max' }]] as const) {
    const { status, body: answer } = await api.post(at, body);
    if (status !== 201) throw new Error(`POST ${at}: ${status} ${JSON.stringify(answer)}`);
  }
}

/** Runs of the job that ended well, as the view has them. */
export async function completedRuns(api: ProgramApi): Promise<number> {
  const { status, body } = await api.get('/runs?namespace=packed&state=completed&limit=100');
  if (status !== 200) throw new Error(`GET /runs: ${status} ${JSON.stringify(body)}`);
  return (body.items as unknown[]).length;
}
