// natsjob/scheduler: the scheduler in the process of another program. Nothing happens on import, no signal is listened to, and
// no setting is read from the environment: all of that belongs to the program around it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../src-core/system/index.ts';
import { startNatsjob } from './compose.ts';

export interface SchedulerOptions {
  /** Holds the view, secrets, logs, and what the scheduler's own NATS server keeps; made when it is missing. One process at a time. */
  readonly dataDir: string;
  /** NATS server to use. Default: it starts one of its own, and looks after it. */
  readonly natsUrl?: string;
  /** For the panel and the HTTP API, on 127.0.0.1 unless the settings say otherwise. Default 0: any free one. */
  readonly httpPort?: number;
  /** Further settings by their names in the manual, `NATSJOB_…`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ends the start. */
  readonly signal?: AbortSignal;
  /** It has failed for good after it was opened. Default: the error is thrown where nobody catches it. */
  readonly onFailure?: (error: unknown) => void;
}

export interface EmbeddedScheduler {
  /** Of the panel and the HTTP API. */
  readonly url: string;
  /** For workers. */
  readonly natsUrl: string;
  readonly nodeId: string;
  /** `leader`, `standby` and the like; of all schedulers on one NATS server one leads. */
  readonly role: string;
  /** Gives the lead to another, saves what there is to save, ends its own NATS server. Complete when it resolves. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a scheduler in this process. Several processes of a service may each have one: on one NATS server one of them leads, and
 * another goes on when it ends. Rejects with ConfigError, which says each setting that is wrong, and with what else prevents a start.
 */
export async function openScheduler(options: SchedulerOptions): Promise<EmbeddedScheduler> {
  const dataDir = path.resolve(options.dataDir);
  const env: Record<string, string> = {
    NATSJOB_HTTP_HOST: '127.0.0.1', NATSJOB_HTTP_PORT: String(options.httpPort ?? 0), NATSJOB_CONF_DIR: path.join(dataDir, 'conf'), NATSJOB_LOG_DIR: path.join(dataDir, 'logs'), NATSJOB_LOG_LEVEL: 'warn',
    ...options.settings, NATSJOB_DATA_DIR: dataDir, ...(options.natsUrl === undefined ? {} : { NATSJOB_NATS_URL: options.natsUrl }),
  };
  const loaded = loadConfig({ env, flags: [], cwd: dataDir, systemTimezone: Intl.DateTimeFormat().resolvedOptions().timeZone, readFile: (file) => readFileSync(file, 'utf8') });
  const running = await startNatsjob(loaded, {
    // Panel and reader thread lie beside the folder of the bundle.
    programDir: path.dirname(import.meta.dirname),
    // Only to find nats-server.
    environment: process.env,
    notes: loaded.notes,
    abort: options.signal ?? new AbortController().signal,
    onFailure: options.onFailure ?? ((error) => {
      throw error;
    }),
  });
  const stop = (): Promise<void> => (stopped ??= running.stop());
  let stopped: Promise<void> | undefined;
  return {
    url: running.url.replace(/\/$/, ''),
    natsUrl: loaded.config.natsUrl || `nats://127.0.0.1:${loaded.config.natsPort}`,
    nodeId: running.nodeId,
    get role() {
      return running.api.health().role;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
