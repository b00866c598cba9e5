import type { Clock } from '../ports/index.ts';
import { timeLimit } from './time-limit.ts';

/** Questions that whoever asks cannot wait for: all of them together may take so long. */
export class ShortQuestions {
  readonly #clock: Clock;
  readonly #until: number;
  /** Not answered in time, or refused. */
  unanswered = 0;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#until = clock.monotonic() + limitMs;
  }

  /** Undefined when there is no answer in the time that is left. */
  ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    const left = this.#until - this.#clock.monotonic();
    if (left <= 0) {
      this.unanswered++;
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.unanswered++;
        resolve(undefined);
      };
      const cancel = timeLimit(this.#clock, left, giveUp);
      question().then((answer) => {
        cancel();
        resolve(answer);
      }, () => {
        cancel();
        giveUp();
      });
    });
  }
}
