import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CaseContext } from './types.ts';

/** A process beside the program: a worker, a counter, a limit sketch. Speaks by messages of `{ type, … }`. */
export interface Side {
  readonly pid: number;
  send(message: object): void;
  /** The next message of that type. Rejects when the process ends before, or the time is up. */
  next<Message>(type: string, limitMs?: number): Promise<Message>;
  stop(): Promise<void>;
}

const LIMIT_MS = 60_000;

/** Starts the script (relative to `bench/`) and resolves when it says `{ type: 'ready' }`. */
export async function startSide(context: CaseContext, script: string, options: object): Promise<Side> {
  const child = fork(fileURLToPath(new URL(`../${script}`, import.meta.url)), [JSON.stringify(options)], {
    execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await gone;
  };
  context.defer(stop);
  const waiting = new Map<string, (message: never) => void>();
  const early = new Map<string, unknown>();
  child.on('message', (message: { type: string }) => {
    const take = waiting.get(message.type) as ((message: unknown) => void) | undefined;
    waiting.delete(message.type);
    if (take === undefined) early.set(message.type, message);
    else take(message);
  });
  const side: Side = {
    pid: child.pid ?? 0,
    send: (message) => void child.send(message),
    next: <Message>(type: string, limitMs = LIMIT_MS) => new Promise<Message>((resolve, reject) => {
      if (early.has(type)) {
        resolve(early.get(type) as Message);
        return void early.delete(type);
      }
      const ended = (): void => fail('ended before');
      const timer = setTimeout(() => fail(`did not within ${limitMs} ms`), limitMs);
      const fail = (why: string): void => {
        clearTimeout(timer);
        child.off('exit', ended);
        reject(new Error(`${script} should have said "${type}" and ${why}.`));
      };
      child.once('exit', ended);
      waiting.set(type, (message: Message) => {
        clearTimeout(timer);
        child.off('exit', ended);
        resolve(message);
      });
    }),
    stop,
  };
  await side.next('ready');
  return side;
}

/** For the scripts themselves: what they were started with. */
export function sideOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options;
}

export function tell(message: { type: string }): void {
  process.send?.(message);
}
