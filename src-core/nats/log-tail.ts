import { openSync, closeSync, fstatSync, readSync } from 'node:fs';
import type { Log } from '../ports/log.ts';

const MAX_READ = 256 * 1024;
/** After a failed write the server refuses the stream until it is started anew, room or no room. */
const BROKEN_STORE = /critical write error|JetStream.*will be DISABLED/i;
const LINE = /^\[\d+\] (?:\S+ \S+ )?\[([A-Z]{3})\] (.*)$/;

/**
 * Lifts the server's log file into ours: errors as warnings, all else as debug. The server writes to a file and
 * not to us, because a pipe whose reader was killed would take the server along at its next line.
 */
export class LogTail {
  readonly #file: string;
  readonly #log: Log;
  #offset: number;
  #rest = '';
  #lastError = '';
  #isStoreBroken = false;

  /** Begins at the end of what is there. */
  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#offset = sizeOf(file);
  }

  /** The last error the server wrote, '' if none. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Since the last call, the server told of a store it writes to no more until it is started again. */
  takeBrokenStore(): boolean {
    const isBroken = this.#isStoreBroken;
    this.#isStoreBroken = false;
    return isBroken;
  }

  /** Takes what is new. Never throws: a log that cannot be read stops nothing. */
  read(): void {
    let handle: number;
    try {
      handle = openSync(this.#file, 'r');
    } catch {
      return;
    }
    try {
      const { size } = fstatSync(handle);
      // The server has begun a new file.
      if (size < this.#offset) this.#offset = 0;
      if (size - this.#offset > MAX_READ) this.#offset = size - MAX_READ;
      const buffer = Buffer.alloc(size - this.#offset);
      const count = readSync(handle, buffer, 0, buffer.length, this.#offset);
      this.#offset += count;
      const lines = (this.#rest + buffer.toString('utf8', 0, count)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#lift(line);
    } catch {
      // Next time.
    } finally {
      closeSync(handle);
    }
  }

  #lift(line: string): void {
    const [, level, text] = LINE.exec(line.trimEnd()) ?? [];
    if (text === undefined || level === undefined) return;
    if (level === 'ERR' || level === 'FTL') {
      this.#lastError = text;
      if (BROKEN_STORE.test(text)) this.#isStoreBroken = true;
      this.#log.warn({}, `nats-server: ${text}`);
    } else this.#log.debug({}, `nats-server: ${text}`);
  }
}

function sizeOf(file: string): number {
  try {
    const handle = openSync(file, 'r');
    try {
      return fstatSync(handle).size;
    } finally {
      closeSync(handle);
    }
  } catch {
    return 0;
  }
}
