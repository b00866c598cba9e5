import { ConfigError, SETTING_LIST, databaseName, writeFirstConfig, type LoadedConfig } from '../../src-core/system/index.ts';
import { CommandError, type CommandContext } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { asCommandError } from './as-command-error.ts';
import { startNatsjob, type RunningNatsjob } from '../compose.ts';
import { reportToManager, type Reporter } from '../service/report-to-manager.ts';
import { VERSION } from '../version.ts';

/** Longer than the scheduler's own drain of 10 s; shorter than the 30 s that container platforms wait. */
const LONGEST_STOP_MS = 20_000;
const LAST_LINES_MS = 1_000;

/**
 * Runs until a signal: the first one ends it in order, the second one at once. With --stop-with-stdin it also ends in order when
 * standard input closes: for whoever cannot send signals, and dies with whoever started it.
 */
export async function serve(context: CommandContext): Promise<number> {
  const loaded = context.load();
  // Times in answers and log lines are local ones: of the zone that was set, not of the machine's.
  process.env['TZ'] = loaded.config.timezone;
  const signalled = nextSignal(context.options.has('stop-with-stdin'));
  const dieOf = dieOnFaults(context);
  let running: RunningNatsjob | undefined;
  let reporter: Reporter;
  try {
    const firstConfig = loaded.file.found ? 'kept' : writeFirstConfig(loaded.config.confDir);
    const notes = [...loaded.notes, ...(typeof firstConfig === 'string' ? [] : [firstConfig.note])];
    running = await startNatsjob(loaded, {
      programDir: context.programDir, environment: context.environment, notes, abort: signalled.abort,
      onFailure: (error) => dieOf.error(asCommandError(error)),
    });
    dieOf.with(running);
    reloadOnHangUp(running, context);
    reporter = reportToManager({ running, environment: context.environment, pid: process.pid });
    for (const line of banner(running, loaded, firstConfig === 'written')) context.print(line);
  } catch (error) {
    if (signalled.abort.aborted) return EXIT.ok;
    throw asCommandError(error);
  }
  await signalled.first;
  const limit = setTimeout(() => {
    context.say(`natsjob: not stopped within ${LONGEST_STOP_MS / 1000} s, ending now.`);
    process.exit(EXIT.runtime);
  }, LONGEST_STOP_MS);
  await Promise.all([reporter.stop(), running.stop()]);
  clearTimeout(limit);
  return EXIT.ok;
}

/** Some lines: where it is, what it works on, and no secret. */
function banner({ url, nats, role, nodeId }: RunningNatsjob, { config, file, sources }: LoadedConfig, written: boolean): string[] {
  const others = [...new Set(Object.values(sources).map(({ kind }) => kind))].filter((kind) => kind === 'environment' || kind === 'flag');
  const origin = [file.found ? file.path : written ? `${file.path} (new)` : 'no file', ...others].join(', ');
  return [`URL      ${url}`, `Data     ${config.dataDir}`, ...(config.database.kind === 'sqlite' ? [] : [`Database ${databaseName(config.database)}`]), `Config   ${origin}`, `NATS     ${nats}`, `Role     ${role} (node ${nodeId})`, `Version  natsjob ${VERSION}, Node ${process.versions.node}`];
}

/** Ctrl-Break is Windows' own; there, SIGHUP is the console that is being closed. */
const STOPS: readonly NodeJS.Signals[] = process.platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];

function nextSignal(stopsWithStdin: boolean): { first: Promise<void>; abort: AbortSignal } {
  const controller = new AbortController();
  const first = new Promise<void>((resolve) => {
    // A terminal that is closed ends what runs in it; without one, SIGHUP means: read the settings anew.
    for (const signal of new Set<NodeJS.Signals>([...STOPS, ...(hasTerminal() ? ['SIGHUP' as const] : [])])) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(EXIT.interrupted);
        stop();
      });
    }
    if (stopsWithStdin) process.stdin.once('close', stop).on('error', () => {}).resume();
    function stop(): void {
      controller.abort();
      // Left open, it would keep the process.
      if (stopsWithStdin) process.stdin.destroy();
      resolve();
    }
  });
  return { first, abort: controller.signal };
}

function hasTerminal(): boolean {
  return process.stdout.isTTY || process.stderr.isTTY;
}

/** Only the log level can change while it runs; the rest is told apart in a line. */
function reloadOnHangUp(running: RunningNatsjob, { load, reload }: CommandContext): void {
  if (hasTerminal() || STOPS.includes('SIGHUP')) return;
  process.on('SIGHUP', () => {
    try {
      const before = load().config;
      const now = reload().config;
      running.setLogLevel(now.logLevel);
      const others = SETTING_LIST.filter(({ key }) => key !== 'logLevel' && now[key] !== before[key]).map(({ name }) => name);
      running.log.info({ logLevel: now.logLevel, ...(others.length > 0 ? { needRestart: others } : {}) }, 'Settings read anew');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      running.log.error({ problems: error.problems }, 'Settings read anew cannot be used; the old ones stay');
    }
  });
}

interface Death {
  /** What to end with once there is something to save. */
  with(running: RunningNatsjob): void;
  error(error: unknown): void;
}

/** After a fault nobody foresaw nothing can be relied on: say it and end; what was running is taken up from the log. */
function dieOnFaults({ say }: CommandContext): Death {
  let running: RunningNatsjob | undefined;
  let isDying = false;
  const die = (error: unknown): void => {
    if (isDying) return;
    isDying = true;
    const code = error instanceof CommandError ? error.exitCode : EXIT.internal;
    if (!running) say(`natsjob: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    else if (error instanceof CommandError) running.log.error({}, error.message);
    else running.log.error({ err: error }, 'A fault that was not foreseen; ending');
    setTimeout(() => process.exit(code), LAST_LINES_MS);
    void running?.abandon().finally(() => process.exit(code));
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  return { with: (started) => { running = started; }, error: die };
}
