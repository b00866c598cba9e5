import type { FeedMessage } from '../ports/index.ts';

/** UTF-16 units held; with more the reading of runs waits. */
const MOST_HELD = 4_000_000;

export interface HeldAsksParts {
  /** Resolves once every definition that was stored at the call is applied; rejects when they are not read any more. */
  readonly definitionsRead: () => Promise<void>;
  /** Applies a message again; a job that is not known now is none. */
  readonly apply: (message: FeedMessage) => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

/**
 * Messages that ask for runs of a job that is not known. Definitions are another stream: a job that was made before somebody asked
 * for its runs may be read of later. So they are applied when all definitions stored by then are read, on every node alike.
 */
export class HeldAsks {
  readonly #parts: HeldAsksParts;
  /** Those whose definitions are being waited for, and those that came after that began. */
  #current: FeedMessage[] = [];
  #next: FeedMessage[] = [];
  #length = 0;
  #isPaused = false;
  #step: Promise<void> | undefined;

  constructor(parts: HeldAsksParts) {
    this.#parts = parts;
  }

  hold(message: FeedMessage): void {
    const { sequence, subject, storedAt, text, tooLong } = message;
    // Nobody who applies it asks for headers.
    this.#next.push({ sequence, subject, storedAt, text, tooLong, header: () => '' });
    this.#length += text.length;
    if (this.#length > MOST_HELD && !this.#isPaused) {
      this.#isPaused = true;
      this.#parts.pause();
    }
    this.#step ??= this.#apply();
  }

  /** Sequence of the first one, undefined when there is none: the log counts as applied up to the one before. */
  get first(): number | undefined {
    return (this.#current[0] ?? this.#next[0])?.sequence;
  }

  /** Resolves once those held at the call are applied, or no definitions are read any more. */
  async settled(): Promise<void> {
    await this.#step;
    await this.#step;
  }

  /** They are read again from the log. */
  clear(): void {
    this.#current = [];
    this.#next = [];
    this.#length = 0;
    this.#isPaused = false;
    this.#step = undefined;
  }

  async #apply(): Promise<void> {
    const current = (this.#current = this.#next);
    this.#next = [];
    try {
      await this.#parts.definitionsRead();
    } catch {
      // What ended them makes the log be read again, from before the first one.
      return;
    }
    if (this.#current !== current) return;
    for (const message of current) this.#parts.apply(message);
    this.#current = [];
    this.#length = this.#next.reduce((sum, { text }) => sum + text.length, 0);
    if (this.#isPaused && this.#length <= MOST_HELD) {
      this.#isPaused = false;
      this.#parts.resume();
    }
    this.#step = this.#next.length > 0 ? this.#apply() : undefined;
  }
}
