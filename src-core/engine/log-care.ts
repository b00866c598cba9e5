import type { CancelTimer } from '../ports/index.ts';
import { CONTROL_BUCKET, kvStream, REPORTS_STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';

const LOOK_MS = 5_000;
/** A stream of reports that cannot be made is not tried at every look. */
const REPORTS_AGAIN_MS = 60_000;
const REPORTS_BYTES = 256 * 1024 * 1024;

/**
 * Sees to it that the streams are there and as they are needed. One may be there and store nothing, because somebody took
 * its subjects away: nothing tells of that but missing acknowledgements. While they are missing the streams are looked at
 * again and mended.
 */
export class LogCare {
  readonly #context: EngineContext;
  readonly #problem: () => string;
  /** What was said of the streams. */
  readonly #remarks = new Set<string>();
  #cancel: CancelTimer = () => {};
  #reportsNotBefore = 0;

  constructor(context: EngineContext, problem: () => string) {
    this.#context = context;
    this.#problem = problem;
  }

  /** Each remark is made once, as long as the streams stay. Rejects as the bus does. */
  async ensure(): Promise<void> {
    const { bus, config, log } = this.#context;
    for (const sentence of await bus.ensureObjects({ replicas: config.replicas, maxBytes: config.logMaxBytes, reportsMaxBytes: config.reportsMaxBytes ?? REPORTS_BYTES })) {
      if (!this.#remarks.has(sentence)) log.warn({}, sentence);
      this.#remarks.add(sentence);
    }
  }

  /** Nobody reads the bucket of the lease as a feed: that it is gone shows only here. */
  async controlIsGone(): Promise<boolean> {
    return (await this.#context.bus.streamInfo(kvStream(CONTROL_BUCKET)).catch((error: unknown) => ({ error }))) === undefined;
  }

  /** A stream is gone: whatever takes its place is worth a remark. */
  forget(): void {
    this.#remarks.clear();
  }

  start(): void {
    this.#cancel();
    this.#cancel = this.#context.clock.after(LOOK_MS, () => {
      this.start();
      if (this.#context.bus.state === 'connected') this.#look().catch((error: unknown) => this.#context.log.debug({ err: error }, 'the streams cannot be looked at'));
    });
  }

  stop(): void {
    this.#cancel();
  }

  async #look(): Promise<void> {
    if (this.#problem() !== '' || (await this.#reportsAreGone())) await this.ensure();
  }

  /** Nobody reads the reports as a feed either, and workers do not wait for an acknowledgement. */
  async #reportsAreGone(): Promise<boolean> {
    const { bus, clock, config, log } = this.#context;
    const now = clock.monotonic();
    if (config.reportsMaxBytes === 0 || now < this.#reportsNotBefore || (await bus.streamInfo(REPORTS_STREAM)) !== undefined) return false;
    this.#reportsNotBefore = now + REPORTS_AGAIN_MS;
    log.warn({ stream: REPORTS_STREAM }, 'there is no stream for what workers report, and it is made anew');
    return true;
  }
}
