import { runProgram } from './service-host.ts';

/** How systemd wants to hear from us. */
export interface NotifyAsked {
  /** A sign of life is expected within this time, again and again; undefined: none is. */
  readonly watchdogMs: number | undefined;
}

/** What the variables that systemd sets say to the process with this id; undefined when nobody listens. */
export function notifyAsked(environment: Readonly<Record<string, string | undefined>>, pid: number): NotifyAsked | undefined {
  if (!environment['NOTIFY_SOCKET']) return undefined;
  const microseconds = Number(environment['WATCHDOG_USEC']);
  const isOurs = environment['WATCHDOG_PID'] === undefined || Number(environment['WATCHDOG_PID']) === pid;
  return { watchdogMs: isOurs && microseconds >= 1_000 ? microseconds / 1_000 : undefined };
}

/** sd_notify could not be spoken. */
export class NotifyError extends Error {
  override readonly name = 'NotifyError';
  /** There is no systemd-notify. */
  readonly isMissing: boolean;
  constructor(message: string, isMissing: boolean) {
    super(message);
    this.isMissing = isMissing;
  }
}

/**
 * Sends assignments as one message. Node has no datagram sockets of this kind, so systemd's own program does it. It stays until systemd
 * has read the message: of a process that is gone already, systemd would not know whose it was. Rejects with NotifyError.
 */
export async function notify(environment: Readonly<Record<string, string | undefined>>, words: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram('systemd-notify', words, environment);
  if (code === 127) throw new NotifyError(`systemd-notify cannot be run (${stderr.trim()})`, true);
  if (code !== 0) throw new NotifyError(`systemd-notify failed with code ${code}: ${stderr.trim()}`, false);
}
