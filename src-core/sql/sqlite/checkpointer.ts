import type { Log } from '../../ports/index.ts';
import type { Reader } from './reader.ts';

/**
 * Pages of 2 kB: about 48 MB of log. A page that many batches change is moved once, so a longer log costs less: the process
 * took about 26 µs a run, inserted and ended, at 16 MB and 22.5 at 60 MB.
 */
const AFTER_PAGES = 24_000;
/** Dirty pages of an average row and of a commit, from measurements with 25,000 jobs; only a rough idea is needed. */
const PAGES_PER_ROW = 2;
const PAGES_PER_COMMIT = 6;

/**
 * Moves the write-ahead log into the database file on the reader thread: copying and the two syncs take 10–60 ms, more
 * on a slow disk, and would hold up the ticks. Most is moved while writing goes on; then writing waits for the rest, a
 * few pages, because only a log that is moved whole is used from its start again. That wait is a promise, no thread stands still.
 */
export class Checkpointer {
  private readonly reader: Reader;
  private readonly log: Log;
  private pages = 0;
  private running: Promise<void> | undefined;
  private rest: Promise<unknown> | undefined;

  constructor(reader: Reader, log: Log) {
    this.reader = reader;
    this.log = log;
  }

  /** What a writer must wait for before it begins; undefined = nothing. */
  get gate(): Promise<unknown> | undefined {
    return this.rest;
  }

  /** After each commit. */
  wrote(rows: number): void {
    this.pages += PAGES_PER_COMMIT + rows * PAGES_PER_ROW;
    if (this.pages < AFTER_PAGES || this.running !== undefined) return;
    this.pages = 0;
    this.running = this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Waits for one that is under way. */
  async settle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.reader.ask('checkpoint', { finish: false });
      this.rest = this.reader.ask('checkpoint', { finish: true }).catch((error: unknown) => this.failed(error));
      await this.rest;
    } catch (error) {
      this.failed(error);
    } finally {
      this.rest = undefined;
    }
  }

  /** Harmless for long: the log grows, and from some size on the writer moves it itself. */
  private failed(error: unknown): void {
    this.log.debug({ error: error instanceof Error ? error.message : String(error) }, 'The write-ahead log could not be moved into the database; it will be tried again.');
  }
}
