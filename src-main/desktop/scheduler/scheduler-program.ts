import type { GivenFlag } from '../../../src-core/system/index.ts';
import { ConfigError, DataDirLockedError, SETTINGS, writeFirstConfig, type SettingKey } from '../../../src-core/system/index.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { loadSettings } from '../../cli/run-command-line.ts';
import type { RunningNatsjob, startNatsjob } from '../../compose.ts';
import type { FromScheduler, SchedulerStart, ToScheduler } from './messages.ts';
import { openStateFeed } from './state-feed.ts';

export interface SchedulerSurroundings {
  readonly start: typeof startNatsjob;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly tell: (message: FromScheduler) => void;
  /** Ends the process; what was told before has gone out. */
  readonly exit: (code: number) => void;
}

/** Of the environment, what the shell decides: folders are the user's, and the window needs this machine's own address. */
const DECIDED: readonly SettingKey[] = ['dataDir', 'confDir', 'logDir', 'httpHost'];
const RESTART_IS_FUTILE: readonly number[] = [EXIT.config, EXIT.dataDirLocked];

/** The scheduler process: starts the core when it is told to, answers, and ends in order. Gives what takes the messages. */
export function schedulerProgram(around: SchedulerSurroundings): { take(message: ToScheduler): void; fault(error: unknown): void } {
  const abort = new AbortController();
  let running: RunningNatsjob | undefined;
  let starting: Promise<void> | undefined;
  let stopFeed = (): void => {};
  let isEnding = false;

  async function start(wanted: SchedulerStart): Promise<void> {
    try {
      running = await startOnFreePort(wanted, around, abort.signal, fault);
      around.tell({ type: 'ready', url: running.url.replace(/\/$/, '') });
      stopFeed = openStateFeed({ api: running.api, tell: (state) => around.tell({ type: 'state', state }), happened: (happening) => around.tell({ type: 'happened', happening }), after });
    } catch (error) {
      if (!abort.signal.aborted) giveUp(error);
    }
  }

  function giveUp(error: unknown): void {
    if (error instanceof DataDirLockedError) around.tell({ type: 'locked', pid: error.pid, url: error.url });
    else if (RESTART_IS_FUTILE.includes(exitCodeOf(error))) around.tell({ type: 'cannot-start', message: error instanceof Error ? error.message : String(error) });
    else around.tell({ type: 'refused', message: error instanceof Error ? error.message : String(error) });
    around.exit(exitCodeOf(error));
  }

  async function stop(): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    abort.abort();
    stopFeed();
    await starting;
    await running?.stop();
    around.exit(EXIT.ok);
  }

  /** Nothing can be relied on any more: the log's last lines, and the end. The main process starts it anew. */
  function fault(error: unknown): void {
    if (isEnding) return;
    isEnding = true;
    running?.log.error({ err: error }, 'A fault that was not foreseen; ending');
    const end = (): void => around.exit(EXIT.internal);
    if (running) void running.abandon().finally(end);
    else end();
  }

  async function order(work: (running: RunningNatsjob) => Promise<unknown>): Promise<void> {
    try {
      if (!running || isEnding) throw new Error('The scheduler is not running.');
      await work(running);
    } catch (error) {
      around.tell({ type: 'refused', message: error instanceof Error ? error.message : String(error) });
    }
  }

  return {
    fault,
    take(message) {
      switch (message.type) {
        case 'start': starting ??= start(message.start); break;
        case 'token': around.tell({ type: 'token', request: message.request, token: isEnding ? undefined : running?.issueOneTimeToken() }); break;
        case 'pause': void order(({ api }) => api.pauseScheduling(message.until ?? undefined)); break;
        case 'resume': void order(({ api }) => api.resumeScheduling()); break;
        case 'run': void order(({ api }) => api.jobs.run(message.jobId, { trigger: 'manual' })); break;
        case 'power': running?.log.info({ event: message.event }, 'The computer says it sleeps or wakes'); break;
        case 'shutdown': void stop().catch(fault); break;
      }
    },
  };
}

/** On the port of the settings; where another program has it, on any free one: the window finds it anyway. */
async function startOnFreePort(wanted: SchedulerStart, around: SchedulerSurroundings, abort: AbortSignal, onFailure: (error: unknown) => void): Promise<RunningNatsjob> {
  const first = writeFirstConfig(wanted.confDir);
  const notes = typeof first === 'string' ? [] : [first.note];
  const attempt = (more: readonly GivenFlag[]): Promise<RunningNatsjob> => {
    const env = Object.fromEntries(Object.entries(around.environment).filter(([name]) => !DECIDED.some((key) => SETTINGS[key].name === name)));
    const loaded = loadSettings({ env, cwd: around.cwd }, [...folderFlags(wanted), ...more]);
    return around.start(loaded, { programDir: wanted.programDir, environment: around.environment, notes: [...loaded.notes, ...notes], abort, onFailure });
  };
  try {
    return await attempt([]);
  } catch (error) {
    // NATS has an error of that name, too, which has no host.
    if (!(error instanceof Error) || error.name !== 'PortTakenError' || !('host' in error)) throw error;
    return attempt([flag('httpPort', '0')]);
  }
}

function folderFlags({ dataDir, confDir, logDir, shareOnNetwork }: SchedulerStart): readonly GivenFlag[] {
  return [flag('dataDir', dataDir), flag('confDir', confDir), flag('logDir', logDir), flag('httpHost', shareOnNetwork ? '0.0.0.0' : '127.0.0.1')];
}

function flag(key: SettingKey, value: string): GivenFlag {
  const { name } = SETTINGS[key];
  return { name, shown: `--${name}`, value };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof DataDirLockedError) return EXIT.dataDirLocked;
  if (error instanceof ConfigError) return EXIT.config;
  return error instanceof Error ? (CODES[error.name] ?? EXIT.internal) : EXIT.internal;
}

/** By name, as in serve: the classes are of adapters. Those of `config` stay until somebody changes something. */
const CODES: Readonly<Record<string, number>> = {
  DataDirUnusableError: EXIT.config, BrokenLoginFileError: EXIT.config, NewerSchemaError: EXIT.config, ListenError: EXIT.config,
  NatsServerMissingError: EXIT.config, JetStreamOffError: EXIT.config, NotPermittedError: EXIT.config, SubjectsTakenError: EXIT.config,
};

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
