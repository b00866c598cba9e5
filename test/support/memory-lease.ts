import { UnavailableError } from '../../src-core/domain/errors.ts';
import type { LeaseValue } from '../../src-core/domain/lease.ts';
import type { LeaseEntry, LeaseStore } from '../../src-core/ports/lease-store.ts';
import type { Clock } from '../../src-core/ports/clock.ts';

/** The one entry all nodes see. */
export class SharedLease {
  entry: LeaseEntry | undefined;

  write(value: LeaseValue, revision: number): number | undefined {
    if ((this.entry?.revision ?? 0) !== revision) return undefined;
    this.entry = { value, revision: revision + 1 };
    return this.entry.revision;
  }
}

/** One node's way to it: slow, cut, or losing answers, as told. */
export class LeaseLine implements LeaseStore {
  delayMs = 1;
  isCut = false;
  /** What is written arrives, the answer does not. */
  losesAnswers = false;
  readonly #shared: SharedLease;
  readonly #clock: Clock;

  constructor(shared: SharedLease, clock: Clock) {
    this.#shared = shared;
    this.#clock = clock;
  }

  read(): Promise<LeaseEntry | undefined> {
    return this.#ask(() => this.#shared.entry);
  }

  write(value: LeaseValue, revision: number): Promise<number | undefined> {
    return this.#ask(() => this.#shared.write(value, revision));
  }

  #ask<T>(act: () => T): Promise<T> {
    const { delayMs } = this;
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new UnavailableError('cut'));
      if (this.isCut) return void this.#clock.after(delayMs, fail);
      this.#clock.after(delayMs, () => {
        const answer = act();
        this.#clock.after(delayMs, () => (this.losesAnswers || this.isCut ? fail() : resolve(answer)));
      });
    });
  }
}
