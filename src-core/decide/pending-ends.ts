import type { EndSeen } from './seen.ts';

interface Pending {
  /** Sequence of the first end ever held for it: grows in the order of the map. */
  readonly from: number;
  ends: EndSeen[];
  /** The runs stream reached at least this far when the last end was seen; undefined = not asked yet. */
  horizon: number | undefined;
  /** How often the stream was asked since then, that time included. */
  asked: number;
}

const MOST_ENDS = 20_000;
/** A fan-out has up to 10,000 targets. */
const MOST_ENDS_PER_RUN = 10_500;

/**
 * Ends of runs whose dispatch has not been read yet: the two streams have no order between them. While any is held,
 * the results checkpoint stays before it, so a crash reads it again. A worker can only answer what was dispatched, so
 * an end still unknown once the runs stream has been read to where it stood then belongs to no run of ours; or the stream
 * does not have yet what the worker saw, and gets it when it is sent again: see `expire`.
 */
export class PendingEnds {
  readonly #byRun = new Map<string, Pending>();
  #size = 0;
  /** Dropped because there were too many at once. */
  overflowed = 0;

  /** Ends held. */
  get size(): number {
    return this.#size;
  }

  has(taskId: string): boolean {
    return this.#byRun.has(taskId);
  }

  hold(taskId: string, seen: EndSeen): void {
    const pending = this.#byRun.get(taskId);
    if (pending !== undefined && pending.ends.length >= MOST_ENDS_PER_RUN) {
      this.overflowed++;
      return;
    }
    this.#size++;
    if (pending === undefined) {
      this.#byRun.set(taskId, { from: seen.sequence, ends: [seen], horizon: undefined, asked: 0 });
    } else {
      pending.ends.push(seen);
      pending.horizon = undefined;
    }
    if (this.#size > MOST_ENDS) this.#makeRoom();
  }

  /** Offers each in order; those that `apply` does not take keep their place. `behindOthers`: one before it was not taken. */
  sift(taskId: string, apply: (seen: EndSeen, behindOthers: boolean) => boolean): void {
    const pending = this.#byRun.get(taskId);
    if (pending === undefined) return;
    const rest: EndSeen[] = [];
    for (const seen of pending.ends) if (!apply(seen, rest.length > 0)) rest.push(seen);
    this.#size -= pending.ends.length - rest.length;
    if (rest.length === 0) this.#byRun.delete(taskId);
    else pending.ends = rest;
  }

  /** A results sequence no higher than the lowest held; undefined when none is. */
  lowestSequence(): number | undefined {
    for (const pending of this.#byRun.values()) return pending.from;
    return undefined;
  }

  /** The runs stream ended at `lastSequence` when it was asked, and results had been read up to `read` before: marks those that have no mark yet. */
  mark(lastSequence: number, read: number): void {
    for (const pending of this.#byRun.values()) {
      if (pending.horizon === undefined && (pending.ends.at(-1)?.sequence ?? 0) <= read) {
        pending.horizon = lastSequence;
        pending.asked = 0;
      }
      if (pending.horizon !== undefined) pending.asked++;
    }
  }

  /** Removes and gives those that the runs stream, read up to `position`, has not explained. `patience`: how many times more the stream is asked first. */
  expire(position: number, patience: (taskId: string, ends: readonly EndSeen[]) => number): readonly EndSeen[] {
    const unknown: EndSeen[] = [];
    for (const [taskId, pending] of this.#byRun) {
      if (pending.horizon === undefined || pending.horizon > position || pending.asked <= patience(taskId, pending.ends)) continue;
      this.#drop(taskId, pending);
      unknown.push(...pending.ends);
    }
    return unknown;
  }

  #makeRoom(): void {
    for (const [taskId, pending] of this.#byRun) {
      this.overflowed += pending.ends.length;
      return this.#drop(taskId, pending);
    }
  }

  #drop(taskId: string, pending: Pending): void {
    this.#byRun.delete(taskId);
    this.#size -= pending.ends.length;
  }
}
