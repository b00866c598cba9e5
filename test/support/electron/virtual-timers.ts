import type { Timers } from '../../../src-main/desktop/shell/electron-parts.ts';

/** Time that passes when the test says so. */
export class VirtualTimers implements Timers {
  #now: number;
  #next = 0;
  readonly #planned = new Map<number, { at: number; callback: () => void }>();

  constructor(now = Date.UTC(2026, 10, 22, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const id = this.#next++;
    this.#planned.set(id, { at: this.#now + ms, callback });
    return () => void this.#planned.delete(id);
  }

  /** What is due in between is done at its moment, in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#planned].filter(([, { at }]) => at <= end).sort(([a, one], [b, other]) => one.at - other.at || a - b)[0];
      if (!due) break;
      const [id, { at, callback }] = due;
      this.#planned.delete(id);
      this.#now = at;
      callback();
    }
    this.#now = end;
  }
}
