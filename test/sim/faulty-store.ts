import { UnavailableError } from '../../src-core/domain/errors.ts';
import type { Store } from '../../src-core/ports/index.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';

/** `uncertain`: what is written arrives, and the answer says it did not. */
export type StoreMood = 'fine' | 'slow' | 'away' | 'hanging' | 'uncertain';

const SLOW_MS = 120;

/** One node's way to its database. */
export class FaultyStore {
  mood: StoreMood = 'fine';
  readonly store: Store;
  readonly #clock: VirtualClock;
  #waiting: (() => void)[] = [];

  constructor(store: Store, clock: VirtualClock) {
    this.#clock = clock;
    this.store = new Proxy(store, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as boolean | ((...args: unknown[]) => Promise<unknown>);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#call(() => member.apply(target, args), name === 'apply');
      },
    });
  }

  heal(): void {
    this.mood = 'fine';
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** Its process is gone: what it had asked for is not done any more. */
  forget(): void {
    this.#waiting = [];
  }

  async #call(act: () => Promise<unknown>, isWrite: boolean): Promise<unknown> {
    if (this.mood === 'fine') return act();
    if (this.mood === 'away') throw new UnavailableError('The database is away.');
    if (this.mood === 'hanging') {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return act();
    }
    if (this.mood === 'slow') {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#clock.after(SLOW_MS, () => {
          const at = this.#waiting.indexOf(resolve);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          resolve();
        });
      });
      return act();
    }
    const answer = await act();
    if (isWrite) throw new UnavailableError('The connection to the database broke before it answered.');
    return answer;
  }
}
