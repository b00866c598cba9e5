import type { EndSeen } from './seen.ts';

interface Pending {
  readonly ends: EndSeen[];
  /** The runs stream reached at least this far when the end was seen; 0 = not asked yet. */
  horizon: number;
}

const MOST_RUNS = 20_000;
const MOST_ENDS_PER_RUN = 64;

/**
 * Ends of runs whose dispatch has not been read yet: the two streams have no order between them. While any is held,
 * the results checkpoint stays before it, so a crash reads it again. A worker can only answer what was dispatched, so
 * an end still unknown once the runs stream has been read to where it stood then belongs to no run of ours.
 */
export class PendingEnds {
  readonly #byRun = new Map<string, Pending>();
  /** Dropped because there were too many at once. */
  overflowed = 0;

  get size(): number {
    return this.#byRun.size;
  }

  hold(taskId: string, seen: EndSeen): void {
    const pending = this.#byRun.get(taskId);
    if (pending === undefined) {
      this.#makeRoom();
      this.#byRun.set(taskId, { ends: [seen], horizon: 0 });
    } else if (pending.ends.length < MOST_ENDS_PER_RUN) {
      pending.ends.push(seen);
    } else {
      this.overflowed++;
    }
  }

  take(taskId: string): readonly EndSeen[] {
    const pending = this.#byRun.get(taskId);
    if (pending === undefined) return [];
    this.#byRun.delete(taskId);
    return pending.ends;
  }

  /** Lowest results sequence held; undefined when nothing is. */
  lowestSequence(): number | undefined {
    for (const pending of this.#byRun.values()) return (pending.ends[0] as EndSeen).sequence;
    return undefined;
  }

  /** The runs stream ends at `lastSequence` now: marks what has no mark yet. */
  mark(lastSequence: number): void {
    for (const pending of this.#byRun.values()) if (pending.horizon === 0) pending.horizon = Math.max(1, lastSequence);
  }

  /** Removes and gives those that the runs stream, read up to `position`, has not explained. `spare` keeps the ones known by other means. */
  expire(position: number, spare: (taskId: string) => boolean): readonly EndSeen[] {
    const unknown: EndSeen[] = [];
    for (const [taskId, pending] of this.#byRun) {
      if (pending.horizon === 0 || pending.horizon > position || spare(taskId)) continue;
      this.#byRun.delete(taskId);
      unknown.push(...pending.ends);
    }
    return unknown;
  }

  #makeRoom(): void {
    if (this.#byRun.size < MOST_RUNS) return;
    for (const taskId of this.#byRun.keys()) {
      this.#byRun.delete(taskId);
      this.overflowed++;
      return;
    }
  }
}
