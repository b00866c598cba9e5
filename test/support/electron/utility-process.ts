import type { UtilityProcess } from 'electron';
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Recorder, Unknown } from './recorder.ts';

const PORT = fileURLToPath(new URL('parent-port.mjs', import.meta.url));

/** Electron's UtilityProcess, as a real child process whose `process.parentPort` is the channel to us. */
export class StandInUtility extends EventEmitter {
  readonly stderr;
  readonly #child: ChildProcess;

  constructor(modulePath: string, environment: Readonly<Record<string, string | undefined>>, recorder: Recorder) {
    super();
    this.#child = fork(PORT, [modulePath], { env: { ...environment }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced', execArgv: ['--enable-source-maps'] });
    this.stderr = this.#child.stderr;
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.on('exit', (code) => {
      recorder.record('utilityProcess exit', code);
      this.emit('exit', code ?? 1);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object);
  }

  kill(): boolean {
    return this.#child.kill('SIGTERM');
  }
}

null as unknown as Unknown<StandInUtility, UtilityProcess> satisfies never;
