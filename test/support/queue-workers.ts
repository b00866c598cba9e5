import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = path.join(import.meta.dirname, 'queue-worker-process.ts');

export interface QueueWorkerProcess {
  readonly process: ChildProcess;
  /** Ids of runs that it began, and did not tell the end of. */
  readonly running: Set<string>;
}

/** Processes that do the jobs of one queue, see queue-worker-process.ts, and can be killed. `await using` ends those left. */
export class QueueWorkers {
  /** How often each run was begun, by its id. */
  readonly begins = new Map<string, number>();
  readonly #url: string;
  readonly #queue: string;
  readonly #children: ChildProcess[] = [];

  constructor(url: string, queue: string) {
    this.#url = url;
    this.#queue = queue;
  }

  /** Resolves when it takes jobs. After `stalledAfter` ms without a sign of life others get what it has. */
  async start(concurrency: number, stalledAfter = 1_000): Promise<QueueWorkerProcess> {
    const child = spawn(process.execPath, [SCRIPT, this.#url, this.#queue, String(concurrency), String(stalledAfter)], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    const running = new Set<string>();
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`A worker of the queue ended with ${code} before it was ready.`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [word, id = ''] = line.split(' ');
        if (word === 'ready') resolve();
        else if (word === 'begin') {
          this.begins.set(id, (this.begins.get(id) ?? 0) + 1);
          running.add(id);
        } else if (word === 'end') running.delete(id);
      });
    });
    return { process: child, running };
  }

  /** Resolves when it is gone. */
  async kill({ process: child }: QueueWorkerProcess, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.filter((child) => child.exitCode === null && child.signalCode === null).map((child) => {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      return gone;
    }));
  }
}
