import type { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import { isLive, workerKey } from '../domain/worker.ts';
import type { Clock, Store, WorkerEnds, WorkerView } from '../ports/index.ts';
import type { Workers } from './workers.ts';

const DAY_MS = 86_400_000;
/** Of one worker, and of all that are asked for together: what the reader looks at in one go. */
const MOST_RUNS = 1_000;
const MOST_ROWS = 100_000;
const FRESH_MS = 5_000;

interface Known extends WorkerEnds {
  readonly at: number;
}

const NONE: WorkerEnds = { ended: 0, failed: 0 };

/** What workers have done and are doing: open runs from the book, ends from the view, asked for at most every five seconds. */
export class WorkerFigures {
  readonly #workers: Workers;
  readonly #book: RunBook;
  readonly #store: Store;
  readonly #clock: Clock;
  #ends = new Map<string, Known>();

  constructor(workers: Workers, book: RunBook, store: Store, clock: Clock) {
    this.#workers = workers;
    this.#book = book;
    this.#store = store;
    this.#clock = clock;
  }

  /** With the ends as they were last asked for. */
  view(worker: WorkerRecord): WorkerView {
    const key = workerKey(worker);
    const { ended, failed } = this.#ends.get(key) ?? NONE;
    return {
      ...worker, live: isLive(worker, this.#clock.now()), drained: this.#workers.isDrained(key), running: this.#book.workerLoad.of(key),
      ended24h: ended, failed24h: failed,
    };
  }

  /** A view that cannot be read right now leaves the ends as they were. */
  async views(workers: readonly WorkerRecord[]): Promise<readonly WorkerView[]> {
    const now = this.#clock.now();
    const old = workers.filter((worker) => now - (this.#ends.get(workerKey(worker))?.at ?? Number.NEGATIVE_INFINITY) >= FRESH_MS);
    if (old.length > 0) await this.#ask(old, now);
    return workers.map((worker) => this.view(worker));
  }

  async #ask(workers: readonly WorkerRecord[], now: number): Promise<void> {
    const limit = Math.max(1, Math.min(MOST_RUNS, Math.floor(MOST_ROWS / workers.length)));
    try {
      const named = workers.map(({ namespace, app, id }) => ({ namespace, app, id }));
      const ends = await this.#store.workerEnds({ workers: named, from: now - DAY_MS, limit });
      for (const [index, worker] of workers.entries()) this.#ends.set(workerKey(worker), { ...(ends[index] ?? NONE), at: now });
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
    if (this.#ends.size > 2 * this.#workers.size + 1_000) this.#ends = new Map([...this.#ends].filter(([key]) => this.#workers.get(key) !== undefined));
  }
}
