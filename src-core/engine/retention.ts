import type { CancelTimer } from '../ports/index.ts';
import { RESULTS_STREAM, runIdFloor } from '../wire/index.ts';
import type { EngineContext } from './context.ts';

const SLICE = 500;
const BETWEEN_SLICES_MS = 20;
const ROUND_MS = 60_000;
/** Answers stay this long after they are in the view, for a look with other tools. */
const RESULTS_KEPT_MS = 10 * 60_000;
/** Roll-ups and skip counters are small and feed the long views. */
const COUNTERS_KEPT_MS = 90 * 24 * 3_600_000;

/** Deletes what is too old, in slices short enough for the ticks: of its own view every node, of a shared one the leader. The leader also clears answered keys out of NATS. */
export class Retention {
  readonly #context: EngineContext;
  readonly #isLeading: () => boolean;
  readonly #projectedResults: () => Promise<number>;
  #cancel: CancelTimer = () => {};
  #stopped = true;
  #working: Promise<void> = Promise.resolve();
  #marks: { at: number; sequence: number }[] = [];

  constructor(context: EngineContext, isLeading: () => boolean, projectedResults: () => Promise<number>) {
    this.#context = context;
    this.#isLeading = isLeading;
    this.#projectedResults = projectedResults;
  }

  start(): void {
    this.#stopped = false;
    this.#arm(5000);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#working;
  }

  /** One round: resolves to the number of runs deleted. */
  async sweep(): Promise<number> {
    const { clock, store, config } = this.#context;
    const isOurs = (): boolean => !store.isShared || this.#isLeading();
    if (!isOurs()) return 0;
    const before = runIdFloor(clock.now() - config.retentionMs).toString();
    let total = 0;
    for (let deleted = SLICE; deleted >= SLICE && !this.#stopped && isOurs(); ) {
      deleted = await store.deleteRunsBefore(before, SLICE);
      total += deleted;
      if (deleted >= SLICE) await this.#pause(BETWEEN_SLICES_MS);
    }
    if (isOurs()) await store.deleteCountersBefore(clock.now() - Math.max(COUNTERS_KEPT_MS, config.retentionMs));
    if (this.#isLeading()) await this.#purgeResults();
    return total;
  }

  /** The server keeps an index entry per key: at 10,000 runs a second they must not pile up for a day. */
  async #purgeResults(): Promise<void> {
    const now = this.#context.clock.now();
    const projected = await this.#projectedResults();
    this.#marks.push({ at: now, sequence: projected });
    const old = this.#marks.filter((mark) => mark.at <= now - RESULTS_KEPT_MS).at(-1);
    if (old === undefined) return;
    this.#marks = this.#marks.filter((mark) => mark.at >= old.at);
    // A node that came since may be behind.
    const through = Math.min(old.sequence, projected);
    if (through > 0) await this.#context.bus.purge(RESULTS_STREAM, through);
  }

  #arm(delay: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#context.clock.after(delay, () => {
      this.#working = this.sweep().then(
        (deleted) => { if (deleted > 0) this.#context.log.debug({ deleted }, 'old runs deleted'); },
        (error: unknown) => this.#context.log.warn({ err: error }, 'old runs could not be deleted; trying again in a minute'),
      ).finally(() => this.#arm(ROUND_MS));
    });
  }

  #pause(delay: number): Promise<void> {
    return new Promise((resolve) => this.#context.clock.after(delay, resolve));
  }
}
