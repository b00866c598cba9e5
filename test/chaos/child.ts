import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** All it writes, over all its starts. */
  readonly logFile: string;
}

/** A process that is killed, paused and started again. */
export class Child {
  readonly name: string;
  /** Monotonic ms of the last start. */
  startedAt = 0;
  starts = 0;
  isPaused = false;
  /** Ended by itself though nobody told it to: what it was, when. */
  readonly surprises: string[] = [];
  readonly #options: ChildOptions;
  readonly #family: Family;
  #process: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #isToEnd = false;

  constructor(options: ChildOptions, family: Family) {
    this.name = options.name;
    this.#options = options;
    this.#family = family;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Runs and is not paused. */
  get isAwake(): boolean {
    return this.isRunning && !this.isPaused;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const { command, args, env, cwd, logFile } = this.#options;
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    this.#isToEnd = false;
    this.isPaused = false;
    this.starts++;
    this.startedAt = performance.now();
    if (child.pid !== undefined) this.#family.joined(child.pid);
    this.#gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#process !== child) return;
        this.#process = undefined;
        this.isPaused = false;
        if (child.pid !== undefined) this.#family.left(child.pid);
        if (!this.#isToEnd) this.surprises.push(`${this.name} ended by itself: ${how}, at ${new Date().toISOString()}; see ${path.basename(logFile)}`);
        resolve();
      };
      child.once('error', (error) => ended(error.message));
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
  }

  /** Resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#process === undefined) return;
    this.#isToEnd = true;
    if (this.isPaused && signal === 'SIGTERM') this.resume();
    this.#process.kill(signal);
    await this.#gone;
  }

  pause(): void {
    if (this.#process?.kill('SIGSTOP') === true) this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#process?.kill('SIGCONT');
  }
}

/**
 * The process ids of all that was started. They are told to a watcher in a process of its own, which ends them when this one is
 * gone, however it went.
 */
export class Family {
  readonly #watcher: ChildProcess;

  constructor() {
    this.#watcher = spawn(process.execPath, [path.join(import.meta.dirname, 'watcher.mjs')], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
    this.#watcher.stdin?.on('error', () => {});
  }

  joined(pid: number): void {
    this.#watcher.stdin?.write(`+${pid}\n`);
  }

  left(pid: number): void {
    this.#watcher.stdin?.write(`-${pid}\n`);
  }

  /** Resolves when the watcher has ended whatever is left, and itself. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#watcher.once('exit', resolve));
    this.#watcher.stdin?.end();
    await gone;
  }
}
