import type { ChildProcess } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { JetStreamOffError, NatsServerFailedError, PortTakenError, describe } from './errors.ts';
import { LogTail } from './log-tail.ts';
import { probeServer } from './probe.ts';
import type { ProbeResult } from './probe.ts';
import { isAlive, runningPid, serverFiles, writeServerConfig } from './server-files.ts';
import type { ServerFiles } from './server-files.ts';
import { askToEnd, signal, spawnServer } from './server-process.ts';

export type EmbeddedState = 'running' | 'restarting' | 'stopped';

export interface EmbeddedNatsOptions {
  /** Path of nats-server. Not called when a server answers at the port already. */
  binary(): Promise<string>;
  readonly port: number;
  readonly storeDir: string;
  /** Path of the program that runs the server on Windows, so that it can be asked to stop; without it, it is ended at once there. */
  readonly helper?: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
  /** Called at each change after the start. */
  onState?(state: EmbeddedState): void;
}

export interface EmbeddedNats {
  readonly url: string;
  /** `started` by us, `adopted` = ours, left by a scheduler that was killed, `external` = somebody else's, which we only use. */
  readonly kind: 'started' | 'adopted' | 'external';
  /** Of the running server, or of the helper that runs it; undefined for somebody else's, and between two runs. */
  readonly pid: number | undefined;
  readonly version: string;
  /** Ends the server if it is ours. Complete when it resolves. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const FIRST_PROBE_MS = 10;
const MAX_PROBE_MS = 100;
/** A big store takes a while to be read in; a server that lives gets this long. */
const READY_MS = 120_000;
const STOP_MS = 10_000;
const FIRST_RESTART_MS = 200;
const MAX_RESTART_MS = 5_000;
const STEADY_MS = 30_000;
const WATCH_MS = 1_000;
/** With less room on the disk a restart would meet the same end. */
const LEAST_ROOM = 16 * 1024 * 1024;

/**
 * Gives a JetStream server on the loopback port: the one that answers there, else one we start and keep running.
 * Rejects with PortTakenError, JetStreamOffError or NatsServerFailedError, or with what `binary` rejects with.
 */
export async function startEmbeddedNats(options: EmbeddedNatsOptions): Promise<EmbeddedNats> {
  const url = `nats://${HOST}:${options.port}`;
  const files = await serverFiles(options.storeDir);
  let answer = await look(options, files);
  if (answer.kind === 'not-nats') throw new PortTakenError(options.port);
  if (answer.kind === 'no-jetstream') throw new JetStreamOffError(url, undefined);
  if (answer.kind === 'nothing') {
    if (options.helper !== undefined) await untilLeft(files, options.clock);
    const supervisor = new Supervisor(options, files, url, await options.binary());
    try {
      await supervisor.start();
      return supervisor;
    } catch (error) {
      // Another scheduler started at the same moment may have been first at the port.
      answer = await probeServer(HOST, options.port);
      if (answer.kind !== 'jetstream') throw error;
    }
  }
  const pid = answer.serverName === files.serverName ? await runningPid(files) : undefined;
  if (pid === undefined) {
    options.log.info({ url, version: answer.version }, 'using the NATS server that runs here');
    return { url, kind: 'external', pid: undefined, version: answer.version, stop: async () => {} };
  }
  options.log.info({ url, pid, version: answer.version }, 'taking over our NATS server of an earlier start');
  // Its binary may be gone; it is needed only if this server dies.
  const supervisor = new Supervisor(options, files, url, undefined);
  supervisor.adopt(pid, answer.version);
  return supervisor;
}

/** What is at the port; our own server of an earlier start is waited for, where the machine has no time for it or it is about to end. */
async function look({ port, clock }: EmbeddedNatsOptions, files: ServerFiles): Promise<ProbeResult> {
  const began = clock.monotonic();
  for (;;) {
    // Before the look: one that ends behind it has said nothing, and is at the port no more.
    const wasThere = (await runningPid(files)) !== undefined;
    const answer = await probeServer(HOST, port);
    if (answer.isSilent !== true || !wasThere || clock.monotonic() - began > READY_MS) return answer;
    await new Promise<void>((resolve) => clock.after(MAX_PROBE_MS, resolve));
  }
}

/** The helper of a scheduler that was killed still ends its server, silent already: two must never be at one store. */
async function untilLeft(files: ServerFiles, clock: Clock): Promise<void> {
  const began = clock.monotonic();
  const pid = await runningPid(files);
  while (pid !== undefined && isAlive(pid) && clock.monotonic() - began < STOP_MS) await new Promise<void>((resolve) => clock.after(20, resolve));
}

class Supervisor implements EmbeddedNats {
  readonly url: string;
  kind: 'started' | 'adopted' = 'started';
  pid: number | undefined;
  version = '';
  readonly #options: EmbeddedNatsOptions;
  readonly #files: ServerFiles;
  readonly #log: Log;
  readonly #tail: LogTail;
  #binary: string | undefined;
  #helper: string | undefined;
  /** Undefined for an adopted server. */
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #restartMs = FIRST_RESTART_MS;
  /** Answered once: from then on an end is mended, not reported. */
  #wasUp = false;
  #isStoreBroken = false;
  #stopped = false;
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> = Promise.resolve();
  #cancelRestart: CancelTimer = () => {};
  #cancelWatch: CancelTimer = () => {};

  constructor(options: EmbeddedNatsOptions, files: ServerFiles, url: string, binary: string | undefined) {
    this.url = url;
    this.#options = options;
    this.#files = files;
    this.#log = options.log;
    this.#tail = new LogTail(files.log, options.log);
    this.#binary = binary;
    this.#helper = options.helper;
  }

  /** Resolves when the server answers. */
  async start(): Promise<void> {
    const child = await this.#launch();
    try {
      await this.#untilReady(child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    this.#wasUp = true;
    this.#log.info({ url: this.url, pid: this.pid, version: this.version }, 'NATS server started');
    this.#watch();
  }

  adopt(pid: number, version: string): void {
    this.kind = 'adopted';
    this.pid = pid;
    this.version = version;
    this.#wasUp = true;
    this.#startedAt = this.#options.clock.monotonic();
    this.#watch();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #launch(): Promise<ChildProcess> {
    await writeServerConfig(this.#files, this.#options.port);
    this.#binary ??= await this.#options.binary();
    if (this.#stopped) throw new NatsServerFailedError('it is to stop');
    const child = await this.#spawn(this.#binary);
    this.#child = child;
    this.kind = 'started';
    this.pid = child.pid;
    this.#startedAt = this.#options.clock.monotonic();
    child.once('exit', (code, signal) => this.#onGone(`ended with ${signal ?? code}`));
    return child;
  }

  async #spawn(binary: string): Promise<ChildProcess> {
    try {
      if (this.#helper !== undefined) return await spawnServer(binary, this.#files.config, this.#helper);
    } catch (error) {
      this.#log.warn({ helper: this.#helper, error: describe(error) }, 'The helper cannot be run: NATS server will be ended at once at a stop');
      this.#helper = undefined;
    }
    return spawnServer(binary, this.#files.config, undefined).catch((cause: unknown) => {
      throw new NatsServerFailedError(describe(cause), { cause });
    });
  }

  /** Every look is a connection to the port: only our server's own greeting counts. */
  async #untilReady(child: ChildProcess): Promise<void> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    for (let waitMs = FIRST_PROBE_MS; ; waitMs = Math.min(MAX_PROBE_MS, waitMs * 1.5)) {
      if (this.#stopped) return;
      if (child.exitCode !== null || child.signalCode !== null) {
        this.#tail.read();
        throw new NatsServerFailedError(this.#tail.lastError || `it ended with ${child.signalCode ?? child.exitCode}`);
      }
      const answer = await probeServer(HOST, this.#options.port);
      if (answer.serverName === this.#files.serverName) {
        this.version = answer.version;
        return;
      }
      // Silent it may be ours, on a machine that has no time for it; beside another's, ours would end by itself.
      if (answer.kind === 'not-nats' && answer.isSilent !== true) throw new PortTakenError(this.#options.port);
      if (clock.monotonic() - began > READY_MS) throw new NatsServerFailedError(`it does not answer on port ${this.#options.port}`);
      await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    }
  }

  /** Once a second: what the server logs, and whether one that is not our child is still there. */
  #watch(): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#options.clock.after(WATCH_MS, () => {
      this.#tail.read();
      this.#lookAtStore();
      if (this.kind === 'adopted' && this.pid !== undefined && !isAlive(this.pid)) this.#onGone('is gone');
      this.#watch();
    });
  }

  /** A server that could not write gives its stream up for good; once there is room it is started again. */
  #lookAtStore(): void {
    if (this.#tail.takeBrokenStore() && !this.#isStoreBroken) {
      this.#isStoreBroken = true;
      this.#log.error({ dir: this.#files.storeDir }, 'NATS server cannot write to its disk: make room; it is started again when there is some');
    }
    if (!this.#isStoreBroken || this.pid === undefined || freeBytes(this.#files.storeDir) < LEAST_ROOM) return;
    this.#isStoreBroken = false;
    askToEnd(this.pid, this.#child, this.#helper, this.#log);
  }

  #onGone(how: string): void {
    this.pid = undefined;
    if (this.#stopped || !this.#wasUp) return;
    const { clock } = this.#options;
    this.#tail.read();
    if (clock.monotonic() - this.#startedAt > STEADY_MS) this.#restartMs = FIRST_RESTART_MS;
    this.#log.warn({ url: this.url, inMs: this.#restartMs }, `NATS server ${how}, starting it again`);
    this.#options.onState?.('restarting');
    this.#cancelRestart = clock.after(this.#restartMs, () => {
      this.#restarting = this.#restart();
    });
    this.#restartMs = Math.min(MAX_RESTART_MS, this.#restartMs * 2);
  }

  async #restart(): Promise<void> {
    let child: ChildProcess | undefined;
    try {
      child = await this.#launch();
      await this.#untilReady(child);
      if (this.#stopped) return;
      this.#log.info({ url: this.url, pid: this.pid, version: this.version }, 'NATS server runs again');
      this.#options.onState?.('running');
    } catch (error) {
      if (this.#stopped) return;
      this.#log.error({ url: this.url, error: describe(error) }, 'NATS server does not come back, trying on');
      // One that ended has already asked for the next try.
      if (child === undefined) this.#onGone('cannot be started');
      else if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
  }

  async #end(): Promise<void> {
    this.#stopped = true;
    this.#cancelRestart();
    this.#cancelWatch();
    await this.#restarting;
    const pid = this.pid;
    if (pid !== undefined && isAlive(pid)) {
      askToEnd(pid, this.#child, this.#helper, this.#log);
      if (!(await this.#untilGone(pid, STOP_MS))) {
        this.#log.warn({ pid }, 'NATS server does not stop, killing it');
        signal(pid, 'SIGKILL');
        await this.#untilGone(pid, STOP_MS);
      }
    }
    this.pid = undefined;
    // Its number may be another process's by the next start.
    await rm(this.#files.pid, { force: true });
    this.#tail.read();
    this.#log.info({ url: this.url }, 'NATS server stopped');
    this.#options.onState?.('stopped');
  }

  async #untilGone(pid: number, limitMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    while (this.pid !== undefined && isAlive(pid)) {
      if (clock.monotonic() - began > limitMs) return false;
      await new Promise<void>((resolve) => clock.after(20, resolve));
    }
    return true;
  }
}

function freeBytes(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
