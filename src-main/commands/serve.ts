import { ConfigError, DataDirLockedError, DataDirUnusableError, writeFirstConfig, type LoadedConfig } from '../../src-core/system/index.ts';
import { CommandError, type CommandContext } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { startNatsjob, NatsMissingError, type RunningNatsjob } from '../compose.ts';
import { VERSION } from '../version.ts';

/** Longer than the scheduler's own drain of 10 s; shorter than the 30 s that container platforms wait. */
const LONGEST_STOP_MS = 20_000;

/** Runs until a signal: the first one ends it in order, the second one at once. */
export async function serve(context: CommandContext): Promise<number> {
  const loaded = context.load();
  const signalled = nextSignal();
  let running: RunningNatsjob;
  try {
    const firstConfig = loaded.file.found ? 'kept' : writeFirstConfig(loaded.config.confDir);
    const notes = [...loaded.notes, ...(typeof firstConfig === 'string' ? [] : [firstConfig.note])];
    running = await startNatsjob(loaded.config, { programDir: context.programDir, notes, abort: signalled.abort });
    dieOnFaults(running);
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
  await running.stop();
  clearTimeout(limit);
  return EXIT.ok;
}

/** Six lines: where it is, what it works on, and no secret. */
function banner({ url, nats, role, nodeId }: RunningNatsjob, { config, file, sources }: LoadedConfig, written: boolean): string[] {
  const others = [...new Set(Object.values(sources).map(({ kind }) => kind))].filter((kind) => kind === 'environment' || kind === 'flag');
  const origin = [file.found ? file.path : written ? `${file.path} (new)` : 'no file', ...others].join(', ');
  return [`URL      ${url}`, `Data     ${config.dataDir}`, `Config   ${origin}`, `NATS     ${nats}`, `Role     ${role} (node ${nodeId})`, `Version  natsjob ${VERSION}, Node ${process.versions.node}`];
}

function nextSignal(): { first: Promise<void>; abort: AbortSignal } {
  const controller = new AbortController();
  const first = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(EXIT.interrupted);
        controller.abort();
        resolve();
      });
    }
  });
  return { first, abort: controller.signal };
}

/** After a fault nobody foresaw nothing can be relied on: say it and end; what was running is taken up from the log. */
function dieOnFaults(running: RunningNatsjob): void {
  let dying = false;
  const die = (error: unknown): void => {
    if (dying) process.exit(EXIT.internal);
    dying = true;
    running.log.error({ err: error }, 'A fault that was not foreseen; ending');
    setTimeout(() => process.exit(EXIT.internal), 1_000);
    void running.abandon().finally(() => process.exit(EXIT.internal));
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

/** Errors with something for the person to do become one line and their exit code; others stay what they are. */
function asCommandError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ConfigError || error instanceof CommandError) return error;
  if (error instanceof DataDirLockedError) return new CommandError(error.message, EXIT.dataDirLocked);
  // A full disk may have room again; the other reasons stay until somebody changes the settings.
  if (error instanceof DataDirUnusableError) return new CommandError(error.message, error.reason === 'full' ? EXIT.runtime : EXIT.config);
  if (error instanceof NatsMissingError) return new CommandError(error.message, EXIT.dependencyMissing);
  if (error.name === 'NewerSchemaError') return new CommandError(error.message, EXIT.config);
  if (error.name === 'PortTakenError') return new CommandError(`${error.message} Stop it, or choose another port with --http-port.`, EXIT.runtime);
  if (error.name === 'ListenError') return new CommandError(error.message, EXIT.config);
  return error;
}
