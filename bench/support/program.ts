import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sparePort } from '../../test/support/spare-port.ts';
import { describeProfile } from './profile.ts';
import { noteProgram, scratchDir } from './scratch.ts';
import { sleep } from './statistics.ts';
import type { CaseContext } from './types.ts';

export interface Program {
  readonly pid: number;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Its data, configuration and logs are below. */
  readonly home: string;
  readonly natsUrl: string;
  /** By the clock of performance.now(). */
  readonly startedAt: number;
  /** Resolves, when it leads and is ready, to the moment by performance.now(). */
  ready(limitMs?: number): Promise<number>;
  /** Resolves with the moment of the first HTTP answer. */
  answering(limitMs?: number): Promise<number>;
  /** Ends it in order, resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** None: it starts an embedded one on a spare port. */
  readonly natsUrl?: string;
  /** Taken up again by a second start. */
  readonly home?: string;
  /** Of the folder that --profile writes to. */
  readonly name: string;
  readonly flags?: readonly string[];
  /** Settings that no argument may hold. */
  readonly environment?: Readonly<Record<string, string>>;
}

const STOP_MS = 25_000;
/** Between two looks whether it answers; each look costs the machine some CPU too. */
export const LOOK_MS = 5;
const LOOK_LIMIT_MS = 2_000;
const PROFILES = fileURLToPath(new URL('../.work/profiles', import.meta.url));

/** Starts `serve` as a person would, with its own data, configuration and logs, on loopback only. */
export async function startProgram(context: CaseContext, options: ProgramOptions): Promise<Program> {
  const home = options.home ?? scratchDir(context);
  const [httpPort, natsPort] = [await sparePort(), await sparePort()];
  const url = `http://127.0.0.1:${httpPort}`;
  const dataDir = path.join(home, 'data');
  // A packed program brings its own Node.
  const isScript = /\.[cm]?js$/.test(context.program);
  const args = [
    ...(context.profile && isScript ? ['--cpu-prof', `--cpu-prof-dir=${profileDir(options.name)}`] : []),
    ...(isScript ? [context.program] : []), 'serve', '--http-port', String(httpPort), '--data', dataDir, '--conf', path.join(home, 'conf'), '--logs', path.join(home, 'logs'),
    '--nats-port', String(natsPort), ...(options.flags ?? []), ...(options.natsUrl === undefined ? [] : ['--nats-url', options.natsUrl]),
  ];
  const output = path.join(home, 'output');
  const file = openSync(output, 'a');
  const startedAt = performance.now();
  const child = spawn(isScript ? process.execPath : context.program, args, { cwd: home, env: { ...cleanEnvironment(), ...options.environment }, stdio: ['ignore', file, file] });
  closeSync(file);
  noteProgram(home, child.pid ?? 0);
  const gone = once(child, 'exit');
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  // In order, because it may have started a nats-server that it has to end.
  const end = async (): Promise<void> => {
    if (!isRunning()) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    await gone;
    clearTimeout(timer);
  };
  context.defer(end);

  const until = async (page: string, limitMs: number, accept: (answer: Response) => boolean): Promise<number> => {
    for (;;) {
      if (!isRunning()) throw new Error(`The program ended with ${child.exitCode ?? child.signalCode}:\n${readFileSync(output, 'utf8').slice(-4000)}`);
      const answer = await fetch(url + page, { signal: AbortSignal.timeout(LOOK_LIMIT_MS) }).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer !== undefined && accept(answer)) return performance.now();
      if (performance.now() - startedAt > limitMs) throw new Error(`The program was not there within ${limitMs} ms:\n${readFileSync(output, 'utf8').slice(-4000)}`);
      await sleep(LOOK_MS);
    }
  };

  return {
    pid: child.pid ?? 0, url, home, natsUrl: options.natsUrl ?? `nats://127.0.0.1:${natsPort}`, startedAt,
    answering: (limitMs = 60_000) => until('/healthz', limitMs, ({ ok }) => ok),
    ready: (limitMs = 60_000) => until('/readyz', limitMs, ({ status }) => status === 200),
    async stop() {
      await end();
      if (context.profile) tellProfiles(context, profileDir(options.name), child.pid ?? 0);
    },
  };
}

export function databaseOf(program: Pick<Program, 'home'>): string {
  return path.join(program.home, 'data', 'natsjob.sqlite');
}

/** A token for calls to the API. */
export async function logIn(program: Program): Promise<string> {
  const answer = await fetch(`${program.url}/natsjob/api/login`, {
    method: 'POST', signal: AbortSignal.timeout(30_000), headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'natsjob', password: 'natsjob' }),
  });
  if (!answer.ok) throw new Error(`Login was answered with ${answer.status}`);
  return ((await answer.json()) as { token: string }).token;
}

/** Settings of the person who runs the bench are none of the bench's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NATSJOB_')));
}

/** Node numbers its threads from 0, the main one, in the files' names. */
function tellProfiles(context: CaseContext, folder: string, pid: number): void {
  for (const name of readdirSync(folder).sort()) {
    if (!name.includes(`.${pid}.`)) continue;
    const file = path.join(folder, name);
    context.note(`profile: ${file}`);
    if (/\.0\.\d+\.cpuprofile$/.test(name)) for (const line of describeProfile(file)) context.note(line);
  }
}

const emptied = new Set<string>();

function profileDir(name: string): string {
  const folder = path.join(PROFILES, name);
  if (!emptied.has(folder)) rmSync(folder, { recursive: true, force: true });
  emptied.add(folder);
  mkdirSync(folder, { recursive: true });
  return folder;
}
