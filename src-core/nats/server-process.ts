import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Log } from '../ports/log.ts';
import { describe } from './errors.ts';

/**
 * Starts nats-server on a configuration. With `helper` (natsjob-helper.exe, as Windows has no SIGTERM) that program runs it, and is
 * the child; the server is asked to end when the child's standard input closes, so also when we are killed.
 * Resolves when it has been spawned. Rejects with the system's error.
 */
export async function spawnServer(binary: string, config: string, helper: string | undefined): Promise<ChildProcess> {
  const words = [binary, '-c', config];
  const [command, ...args] = helper === undefined ? words : [helper, 'run', '--', ...words];
  // A group of its own: Ctrl-C in a terminal goes to the whole group, but we stop first and the server after us.
  const child = spawn(command as string, args, { stdio: [helper === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'], detached: true, windowsHide: true });
  // It may be gone before its input is closed.
  child.stdin?.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', resolve);
  });
  child.on('error', () => {});
  child.unref();
  return child;
}

/** Asks a server to end in order: `child` if we started it, else by its process id. On Windows without the helper it is ended at once. */
export function askToEnd(pid: number, child: ChildProcess | undefined, helper: string | undefined, log: Log): void {
  if (child?.stdin) child.stdin.end();
  else if (helper === undefined || child !== undefined) signal(pid, 'SIGTERM');
  else {
    execFile(helper, ['ctrl-c', String(pid)], { windowsHide: true }, (error, _stdout, stderr) => {
      if (error === null) return;
      log.warn({ pid, error: stderr.trim() || describe(error) }, 'NATS server cannot be asked to stop, ending it at once');
      signal(pid, 'SIGTERM');
    });
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone in between.
  }
}
