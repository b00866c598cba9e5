import { ConfigError, DataDirLockedError, DataDirUnusableError } from '../../src-core/system/index.ts';
import { CommandError } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** Errors with something for the person to do become one line and their exit code; others stay what they are. */
export function asCommandError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ConfigError || error instanceof CommandError) return error;
  if (error instanceof DataDirLockedError) return new CommandError(error.message, EXIT.dataDirLocked);
  // A full disk may have room again; the other reasons stay until somebody changes the settings.
  if (error instanceof DataDirUnusableError) return new CommandError(error.message, error.reason === 'full' ? EXIT.runtime : EXIT.config);
  const known = LINES[error.name];
  return known === undefined ? error : new CommandError(`${error.message}${known.hint ?? ''}`, known.code);
}

/** By name: the classes are of adapters that are loaded late, and two of them have a PortTakenError. */
const LINES: Readonly<Record<string, { code: number; hint?: string }>> = {
  NatsMissingError: { code: EXIT.dependencyMissing },
  NatsServerMissingError: { code: EXIT.dependencyMissing },
  NatsServerFailedError: { code: EXIT.dependencyMissing },
  JetStreamOffError: { code: EXIT.dependencyMissing },
  BrokenLoginFileError: { code: EXIT.config },
  NotExecutableError: { code: EXIT.config },
  DamagedProgramError: { code: EXIT.dependencyMissing },
  NewerSchemaError: { code: EXIT.config },
  ListenError: { code: EXIT.config },
  PortTakenError: { code: EXIT.runtime, hint: ' Ports are chosen with --http-port and --nats-port.' },
  UnavailableError: { code: EXIT.runtime },
  OtherSchemaError: { code: EXIT.runtime },
  TargetNotEmptyError: { code: EXIT.runtime },
  SourceChangedError: { code: EXIT.runtime },
  CopyDiffersError: { code: EXIT.runtime },
  NotPermittedError: { code: EXIT.runtime },
  StorageRefusedError: { code: EXIT.runtime },
  SubjectsTakenError: { code: EXIT.runtime },
};
