import { spawn, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from './until.ts';

export interface WineOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface WineProcess {
  /** All it has written. */
  output(): string;
  /** Closes its standard input and resolves with the exit code. */
  closeInput(): Promise<number>;
  /** Resolves with the exit code. */
  readonly gone: Promise<number>;
}

/** A Windows of its own, in a folder that is removed when it is disposed of, with all that runs in it. */
export interface Wine {
  /** Drive C. Some of its folders are links to this machine's own. */
  readonly drive: string;
  /** %LOCALAPPDATA%. */
  readonly localAppData: string;
  /** Runs a program to its end; standard input is empty. */
  run(program: string, ...args: string[]): Promise<WineOutcome>;
  start(program: string, ...args: string[]): WineProcess;
  /** Ids, on this machine, of the processes in it whose command line has the text. */
  pidsOf(text: string): number[];
  [Symbol.asyncDispose](): Promise<void>;
}

const PREFIX = 'natsjob-test-wine-';
const USER = 'tester';
/** How long wine's service manager waits for a service to take what it says. By itself it gives ten seconds, which a busy machine may need. */
const SERVICE_MS = 120_000;
const LINKER = 'x86_64-w64-mingw32-ld';

/** What is missing on this machine to run programs of Windows. */
export function missingForWine(): string[] {
  return [['wine', 'wine and wine64'], [LINKER, 'binutils-mingw-w64-x86-64']].flatMap(([command = '', of = '']) => (spawnSync(command, ['--version']).status === 0 ? [] : [of]));
}

/** As Windows calls a file of this machine. */
export function windowsPath(file: string): string {
  return `Z:${file.replaceAll('/', '\\')}`;
}

export async function startWine(): Promise<Wine> {
  const folder = mkdtempSync(path.join(tmpdir(), PREFIX));
  const prefix = path.join(folder, 'prefix');
  const home = path.join(folder, 'home');
  mkdirSync(home);
  // An empty USER breaks wine's folders, and with them Node.
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, USER, WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
  let started = 0;

  /** Through files: Node for Windows cannot use pipes of this machine under wine, neither to write nor to read. */
  function launch(command: string, args: readonly string[], input: 'ignore' | 'pipe'): { readonly gone: Promise<WineOutcome>; readonly text: () => string; readonly closeInput: () => void } {
    const stem = path.join(folder, `output-${++started}`);
    const files = ['out', 'err'].map((name) => openSync(`${stem}.${name}`, 'w'));
    const child = spawn(command, args, { cwd: folder, env, stdio: [input, ...files] });
    for (const file of files) closeSync(file);
    const read = (name: string): string => readFileSync(`${stem}.${name}`, 'utf8').replaceAll('\r\n', '\n').trim();
    const gone = new Promise<WineOutcome>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve({ code: code ?? 128, out: read('out'), err: read('err') }));
    });
    return { gone, text: () => `${read('out')}\n${read('err')}`, closeInput: () => child.stdin?.end() };
  }

  async function endAll(): Promise<void> {
    await launch('wineserver', ['-k'], 'ignore').gone;
    await launch('wineserver', ['-w'], 'ignore').gone;
  }

  const wine: Wine = {
    drive: path.join(prefix, 'drive_c'),
    localAppData: path.join(prefix, 'drive_c', 'users', USER, 'AppData', 'Local'),
    run: (program, ...args) => launch('wine', [program, ...args], 'ignore').gone,
    start(program, ...args) {
      const { gone, text, closeInput } = launch('wine', [program, ...args], 'pipe');
      const code = gone.then((outcome) => outcome.code);
      return { output: text, gone: code, closeInput: () => (closeInput(), code) };
    },
    pidsOf: (text) => processes().filter(({ command, environment }) => command.includes(text) && environment.includes(`WINEPREFIX=${prefix}\0`)).map(({ pid }) => pid),
    async [Symbol.asyncDispose]() {
      await endAll();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  try {
    await mustRun(launch('wine', ['wineboot', '-i'], 'ignore').gone, 'wineboot');
    await mustRun(launch('wine', ['winecfg', '-v', 'win10'], 'ignore').gone, 'winecfg');
    await mustRun(launch('wine', ['reg', 'add', 'HKLM\\System\\CurrentControlSet\\Control', '/v', 'ServicesPipeTimeout', '/t', 'REG_SZ', '/d', String(SERVICE_MS), '/f'], 'ignore').gone, 'reg');
    addRandomSource(folder, path.join(wine.drive, 'windows', 'system32'));
    await endAll();
    // Without any program wine shuts its service manager down; were the next one started meanwhile, there would be two.
    wine.start('cmd');
    await until(() => wine.pidsOf('cmd.exe').length > 0, { deadlineMs: 60_000, what: 'wine to be up' });
    return wine;
  } catch (error) {
    await wine[Symbol.asyncDispose]();
    throw error;
  }
}

/** Go takes its random numbers from a function of Windows 10 that wine 8 has under another name only: a DLL that forwards one to the other. */
function addRandomSource(work: string, systemFolder: string): void {
  const name = 'bcryptprimitives.dll';
  if (existsSync(path.join(systemFolder, name))) return;
  const definition = path.join(work, 'forward.def');
  writeFileSync(definition, 'LIBRARY bcryptprimitives\nEXPORTS\n  ProcessPrng = ADVAPI32.SystemFunction036\n');
  const { status, stderr } = spawnSync(LINKER, ['-shared', '-e', '0', '-o', path.join(work, name), definition], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${LINKER}: ${stderr}`);
  mkdirSync(systemFolder, { recursive: true });
  copyFileSync(path.join(work, name), path.join(systemFolder, name));
}

async function mustRun(work: Promise<WineOutcome>, what: string): Promise<void> {
  const { code, out, err } = await work;
  if (code !== 0) throw new Error(`${what} ended with ${code}\n${out}\n${err}`);
}

function processes(): { pid: number; command: string; environment: string }[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '), environment: readFileSync(`/proc/${name}/environ`, 'utf8') }];
    } catch {
      return [];
    }
  });
}
