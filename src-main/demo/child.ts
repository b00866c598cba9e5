import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program of ours, started beside the demo. */
export interface Child {
  readonly pid: number | undefined;
  readonly isRunning: boolean;
  /** The last lines it has written. */
  lastLines(): string;
  /** Resolves when it is gone, with how it ended. */
  readonly gone: Promise<string>;
  /** Asks it to stop, and makes it after the limit. Complete when it resolves. */
  stop(limitMs: number): Promise<void>;
}

const LINES_KEPT = 20;

/** Starts a script on this Node, away from the terminal's signals: who stops first is the demo's to say. Its standard input ends with us. */
export function startChild(script: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string, onLine: (line: string) => void): Child {
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true, windowsHide: true });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
      onLine(line);
    });
  }
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let isRunning = true;
  const gone = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      isRunning = false;
      process.off('exit', killAtExit);
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  child.stdin.on('error', () => {});
  return {
    pid: child.pid,
    get isRunning() {
      return isRunning;
    },
    lastLines: () => lines.join('\n'),
    gone,
    async stop(limitMs) {
      child.kill('SIGTERM');
      const tooLate = setTimeout(() => child.kill('SIGKILL'), limitMs);
      await gone;
      clearTimeout(tooLate);
    },
  };
}
