import { UnavailableError } from '../domain/errors.ts';
import type { EngineContext } from './context.ts';
import { reasonOf } from './reason.ts';

const TRY_AGAIN_MS = 1000;

export interface LogReopeningParts {
  readonly context: EngineContext;
  /** Puts an end to all that was made of the log: leading, and reading it. */
  readonly close: () => Promise<void>;
  /** Reads it to its end. Rejects when NATS or the database is away. */
  readonly read: () => Promise<void>;
  readonly stopReading: () => Promise<void>;
  /** The log is read: this node takes part again. */
  readonly takePart: () => void;
}

/**
 * Opens the log, and opens it anew when it cannot be read on, until that works. One reading at a time: two would apply every message
 * twice. What is lost while it is read makes that reading fail.
 */
export class LogReopening {
  readonly #parts: LogReopeningParts;
  #running: Promise<void> | undefined;
  /** It was read to its end once: until then whoever opens it tries again. */
  #isOpen = false;
  #isReading = false;
  #lostMeanwhile = '';
  #isStopping = false;

  constructor(parts: LogReopeningParts) {
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** The first reading. Rejects when NATS or the database is away, or something is lost meanwhile; then it may be called again. */
  async open(): Promise<void> {
    await this.#read();
    this.#isOpen = true;
  }

  /** `tell` says why, before anything is done; nothing is said of what makes a reading fail, which its error does. */
  start(problem: string, tell: () => void): void {
    if (this.#isReading) this.#lostMeanwhile = problem;
    if (this.#isStopping || !this.#isOpen || this.#running !== undefined) return;
    tell();
    this.#running = this.#reopen().finally(() => {
      this.#running = undefined;
    });
  }

  /** No try begins any more; resolves when the last one is over. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    this.#lostMeanwhile = '';
    try {
      await this.#parts.read();
    } finally {
      this.#isReading = false;
    }
    if (this.#lostMeanwhile !== '') throw new UnavailableError(this.#lostMeanwhile);
  }

  async #reopen(): Promise<void> {
    const { context: { bus, clock, log }, close, stopReading, takePart } = this.#parts;
    await close();
    let said = '';
    while (!this.#isStopping) {
      try {
        if (bus.state === 'connected') {
          await this.#read();
          return takePart();
        }
      } catch (error) {
        if (String(error) !== said) log.warn(reasonOf(error), 'the log cannot be opened; trying again');
        said = String(error);
        await stopReading();
      }
      await new Promise<void>((resolve) => clock.after(TRY_AGAIN_MS, () => resolve()));
    }
  }
}
