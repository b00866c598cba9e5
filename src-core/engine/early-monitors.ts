import type { MonitorDue } from './due-monitors.ts';
import type { Leadership } from './leadership.ts';

const MOST_EARLY = 20_000;

/** Monitor messages that became due while a term was being taken over. */
export class EarlyMonitors {
  readonly #leadership: () => Leadership | undefined;
  readonly #isElected: () => boolean;
  #early: (() => void)[] = [];

  constructor(leadership: () => Leadership | undefined, isElected: () => boolean) {
    this.#leadership = leadership;
    this.#isElected = isElected;
  }

  /**
   * What stood in the log before a take-over is that one's to look after: it knows what was sent already. What is read
   * while a term is being taken over, behind what the take-over saw, waits for it.
   */
  came(stream: 'runs' | 'results', sequence: number, due: MonitorDue): void {
    const leadership = this.#leadership();
    if (leadership !== undefined) leadership.monitoredAt(stream, sequence, due);
    else if (this.#isElected() && this.#early.length < MOST_EARLY) this.#early.push(() => this.#leadership()?.monitoredAt(stream, sequence, due));
  }

  /** A term begins. */
  clear(): void {
    this.#early = [];
  }

  /** It is taken over. */
  release(): void {
    for (const tell of this.#early.splice(0)) tell();
  }
}
