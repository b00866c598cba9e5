import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Log } from '../src-core/ports/index.ts';
import { createLogger, lockDataDir, prepareDataDir, readOrMake, type Config } from '../src-core/system/index.ts';
import { CleanUp } from './clean-up.ts';
import { reachableUrl } from './client/scheduler-url.ts';
import { VERSION } from './version.ts';

export interface StartOptions {
  /** Folder of the running program: the reader thread's script and the bundled nats-server lie there. */
  readonly programDir: string;
  /** Sentences for the log: what the settings gave to say. */
  readonly notes: readonly string[];
  /** Gives up starting. */
  readonly abort: AbortSignal;
}

export interface RunningNatsjob {
  readonly url: string;
  /** Where NATS is and whose it is, for people; no credentials. */
  readonly nats: string;
  readonly role: string;
  readonly nodeId: string;
  readonly log: Log;
  /** Ends everything in order; complete when it resolves. */
  stop(): Promise<void>;
  /** After a fault: only what must not be left behind. */
  abandon(): Promise<void>;
}

/** NATS is required to be there at the start, and is not. */
export class NatsMissingError extends Error {
  override readonly name = 'NatsMissingError';
}

/** Starts the whole program from its settings. What was started is ended again if a later step fails. */
export async function startNatsjob(config: Config, options: StartOptions): Promise<RunningNatsjob> {
  prepareDataDir(config.dataDir);
  const lock = await lockDataDir(config.dataDir, { url: reachableUrl(config.httpHost, config.httpPort) });
  const logger = await createLogger({ format: config.logEnv, level: config.logLevel, dir: config.logDir });
  const { log } = logger;
  const cleanUp = new CleanUp((step, error) => log.error({ err: error, step }, 'A part could not be ended in order'));
  cleanUp.add('data folder lock', () => lock.release());
  cleanUp.add('log', () => logger.close());
  try {
    const nodeId = config.nodeId || readOrMake(path.join(config.dataDir, 'node-id'), makeNodeId);
    for (const note of options.notes) log.warn({}, note);
    log.info({ version: VERSION, pid: process.pid, nodeId }, 'Starting');
    return { url: reachableUrl(config.httpHost, config.httpPort), nats: '-', role: 'starting', nodeId, log, stop: () => cleanUp.run(), abandon: () => logger.close() };
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

/** Readable where it shows up, and different on every installation. */
function makeNodeId(): string {
  const host = hostname().replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 40) || 'node';
  return `${host}-${randomBytes(4).toString('hex')}`;
}
