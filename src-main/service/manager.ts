import { CommandError } from '../cli/command.ts';
import type { Ran, ServiceHost } from './service-host.ts';

export interface ServiceState {
  readonly installed: boolean;
  readonly running: boolean;
  /** Starts with the machine or the login; undefined when the manager does not say. */
  readonly enabled: boolean | undefined;
  readonly pid: number | undefined;
  /** In the manager's words, and what the program says of itself. */
  readonly detail: string;
}

/** One service, as its manager handles it. All reject with CommandError when the manager says no. */
export interface ServiceManager {
  /** Tells the manager of the service that the unit file describes by now. */
  register(): Promise<void>;
  /** Stops it and makes the manager forget it; the unit file goes, too. */
  unregister(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  state(): Promise<ServiceState>;
  /** Commands that show what it printed, for people. */
  readonly logHint: string;
}

/** Runs and throws when it fails; one line says what was run and what it said. */
export async function mustRun(host: ServiceHost, command: string, args: readonly string[], hint = ''): Promise<Ran> {
  const ran = await host.run(command, args);
  if (ran.code === 0) return ran;
  throw failed(command, args, ran, hint);
}

export function failed(command: string, args: readonly string[], { code, stdout, stderr }: Ran, hint = ''): CommandError {
  const said = (stderr.trim() || stdout.trim()).replace(/\s*\n\s*/g, ' ').replace(/\.$/, '');
  const line = [command, ...args].join(' ');
  return new CommandError(code === 127 ? `${command} cannot be run (${said}).${hint}` : `"${line}" failed with code ${code}${said === '' ? '' : `: ${said}`}.${hint}`);
}
