import { UnavailableError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { inTime } from '../common/in-time.ts';
import type { JobEnd } from './ends-reader.ts';
import type { QueueWatch } from './queue-watch.ts';

export type FinalEnd = Pick<JobEnd, 'status' | 'reason' | 'runId'>;

export interface JobWaitingOptions {
  readonly clock: Clock;
  readonly watch: Pick<QueueWatch, 'started' | 'endOf' | 'waitFor'>;
  /** What a scheduler says of a job; undefined: it has not ended, as far as that one knows. */
  ask(id: string): Promise<FinalEnd | undefined>;
  /** Nothing will ever be told any more. */
  isClosed(): boolean;
}

const ASK_AGAIN_MS = 1_000;
const MAX_ASK_AGAIN_MS = 60_000;

/**
 * Waits for the final ends of jobs. What is read from the log tells of those from when reading began, a scheduler of those before.
 * A scheduler may not have read itself what was stored by then, and none may be there: so it is asked again, ever less often.
 */
export class JobWaiting {
  readonly #options: JobWaitingOptions;
  readonly #givingUp = new Set<(error: Error) => void>();

  constructor(options: JobWaitingOptions) {
    this.#options = options;
  }

  /** Rejects with what `tooLate` makes when that takes longer than so many ms; undefined = there is no limit. */
  async endOf(id: string, limitMs: number | undefined, tooLate: () => Error): Promise<FinalEnd> {
    const { clock, watch } = this.#options;
    let told: FinalEnd | undefined;
    let isOver = false;
    let wake = (): void => undefined;
    const stop = watch.waitFor(id, (end) => {
      told = end;
      wake();
    });
    const found = async (): Promise<FinalEnd> => {
      for (let pauseMs = ASK_AGAIN_MS; !isOver; pauseMs = Math.min(2 * pauseMs, MAX_ASK_AGAIN_MS)) {
        const end = told ?? await this.#known(id) ?? told;
        if (end !== undefined) return end;
        await new Promise<void>((resolve) => {
          const cancel = clock.after(pauseMs, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
      throw tooLate();
    };
    let giveUp = (_error: Error): void => undefined;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    this.#givingUp.add(giveUp);
    try {
      return await inTime(clock, limitMs, Promise.race([found(), givenUp]), tooLate);
    } finally {
      this.#givingUp.delete(giveUp);
      stop();
      isOver = true;
      wake();
    }
  }

  /** Those who wait are told so. */
  close(error: Error): void {
    for (const giveUp of [...this.#givingUp]) giveUp(error);
  }

  async #known(id: string): Promise<FinalEnd | undefined> {
    const { watch, ask, isClosed } = this.#options;
    try {
      await watch.started();
      return watch.endOf(id) ?? await ask(id);
    } catch (error) {
      if (!(error instanceof UnavailableError) || isClosed()) throw error;
      return undefined;
    }
  }
}
