// Brings a clone to where it can run: dependencies, a Node new enough, nats-server, the build.
// Shared by start, test, check, demo, bench and dev. Plain JavaScript for Node ≥ 20 with nothing installed.
// Each step first asks cheaply whether there is anything to do; all of them together take well under 100 ms then.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuilt } from './fingerprint.mjs';
import { findNatsServer } from './nats-server/find.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The Node that everything of ours runs on; it comes as a dev dependency. */
export const NODE = path.join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const LOCKFILE = path.join(ROOT, 'package-lock.json');
const INSTALL_STAMP = path.join(ROOT, 'node_modules', '.natsjob-installed');

/** Longer than any set-up takes; a lock older than that is of a process whose number another one bears now. */
const LOCK_MS = 15 * 60_000;

/** A step that cannot be done. The message is for the person at the terminal; no stack is shown. */
export class PrepareError extends Error {
  name = 'PrepareError';
}

export const say = (line) => process.stderr.write(`${line}\n`);

/** Does the steps that are asked for, in order. Throws PrepareError or NatsServerNotFound. */
export async function prepare({ natsServer = true, build = true } = {}) {
  if (!isReady(build)) {
    await alone(async () => {
      installDependencies();
      if (build && !isBuilt(ROOT)) await runNode([path.join(ROOT, 'build', 'build.mjs')]);
    });
  }
  return { natsServer: natsServer ? await findNatsServer({ log: say }) : undefined };
}

function isReady(build) {
  return existsSync(NODE) && isInstalled(hashOfLockfile()) && (!build || isBuilt(ROOT));
}

/** Two commands started at once in a fresh clone must not install over each other: the second waits for the first. */
async function alone(work) {
  const lock = path.join(scratchFolder('prepare'), 'lock');
  for (let isSaid = false; !takeLock(lock); isSaid = true) {
    if (!isSaid) say('Another command is setting this clone up; waiting for it …');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** False while another process that lives has it. What a killed one left is taken away. */
function takeLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const { mtimeMs } = statSync(lock);
    if (Date.now() - mtimeMs < LOCK_MS && isAlive(Number(readFileSync(lock, 'utf8')))) return false;
    rmSync(lock, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return takeLock(lock);
}

/** 0 = the other has made its file and not yet written into it. */
function isAlive(pid) {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** `npm ci` when node_modules is missing or was made from another lockfile. */
function installDependencies() {
  const wanted = hashOfLockfile();
  if (existsSync(NODE) && isInstalled(wanted)) return;
  const started = Date.now();
  say('Installing dependencies (npm ci) …');
  const { status, output } = npmCi();
  if (status !== 0) throw new PrepareError(`npm ci failed, is the npm registry reachable?\n${errorLines(output)}`);
  if (!existsSync(NODE)) {
    throw new PrepareError('npm ci brought no Node 22: its install script was blocked; allow scripts of the package "node" (allowScripts in package.json) and start again');
  }
  writeFileSync(INSTALL_STAMP, wanted);
  say(`Dependencies installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function errorLines(output) {
  const lines = output.trim().split('\n');
  const errors = lines.filter((line) => line.startsWith('npm error'));
  return (errors.length > 0 ? errors : lines).slice(0, 12).join('\n');
}

function isInstalled(wanted) {
  if (existsSync(INSTALL_STAMP)) return readFileSync(INSTALL_STAMP, 'utf8') === wanted;
  // Installed by hand: npm leaves its own copy of the lockfile, newer than ours.
  const byHand = path.join(ROOT, 'node_modules', '.package-lock.json');
  return existsSync(byHand) && statSync(byHand).mtimeMs >= statSync(LOCKFILE).mtimeMs;
}

function hashOfLockfile() {
  return createHash('sha256').update(readFileSync(LOCKFILE)).update(`${process.platform}-${process.arch}`).digest('hex');
}

function npmCi() {
  // A person is told soon that there is no network; CI has the patience that npm has, or is told to have.
  const retries = process.env.CI ? [] : ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const { command, args, options } = npmEnvironment(['ci', '--include=dev', '--prefer-offline', '--no-fund', '--no-audit', ...retries]);
  const done = spawnSync(command, args, { ...options, cwd: ROOT, encoding: 'utf8' });
  return { status: done.status, output: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? `npm: ${done.error.message}` : ''}` };
}

/**
 * How to run the machine's own npm, also from a script that runs on the project's Node: npm belongs on the Node it came with,
 * as it finds the machine's settings beside it, and ours may be about to be replaced.
 */
export function npmEnvironment(words) {
  const bin = path.join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env };
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[key] = (env[key] ?? '').split(path.delimiter).filter((folder) => path.resolve(folder) !== bin).join(path.delimiter);
  const { npm_node_execpath: node, npm_execpath: npm } = process.env;
  const own = node && npm && existsSync(npm) && existsSync(node) && !node.startsWith(path.join(ROOT, 'node_modules'));
  return own
    ? { command: node, args: [npm, ...words], options: { env } }
    : { command: 'npm', args: words, options: { env, shell: process.platform === 'win32' } };
}

/** Whether this process already runs on the Node of the project. */
export function isOnProjectNode() {
  const version = /"version":\s*"([^"]+)"/.exec(readFileSync(path.join(ROOT, 'node_modules', 'node', 'package.json'), 'utf8'));
  return process.versions.node === version?.[1];
}

/** Runs the project's Node on a script, in the foreground. Throws PrepareError when it fails. */
export async function runNode(args, options = {}) {
  const code = await runForeground(NODE, args, options);
  if (code !== 0) throw new PrepareError(`${path.relative(ROOT, args.find((arg) => !arg.startsWith('-')) ?? '')} failed with exit code ${code}`);
}

/**
 * Runs a program in the foreground of this terminal and gives its exit code (128 + number when a signal ended it).
 * Signals that reach us are passed on; we stay until it is gone.
 */
export function runForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', cwd: ROOT, ...options });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const done = () => { for (const signal of signals) process.off(signal, forward); };
    child.on('error', (error) => { done(); reject(error); });
    child.on('close', (code, signal) => {
      done();
      resolve(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }[signal] ?? 0));
    });
  });
}

/** A folder of ours for what may be thrown away; not in git. */
export function scratchFolder(name) {
  const folder = path.join(ROOT, '.cache', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs the main function of a script: a known mistake becomes one line, anything else keeps its stack. */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    say(error instanceof PrepareError || error?.name === 'NatsServerNotFound' ? error.message : error?.stack ?? String(error));
    process.exitCode = 1;
  }
}
