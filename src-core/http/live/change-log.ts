import type { LiveType } from '../contract.ts';

/** The latest change of one thing, as the live feed keeps it. */
export interface Change {
  readonly seq: number;
  readonly kind: Exclude<LiveType, 'counters'>;
  /** Empty where it belongs to no namespace, app or job. */
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  /** Its JSON text, made when somebody wants it first. */
  json(): string;
}

export interface NewChange {
  readonly kind: Change['kind'];
  /** What it is a change of; a later change with the same key takes its place. */
  readonly key: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  /** Must be the caller's no longer: it is turned into text later. */
  toResource(): object;
}

/**
 * Changes in the order of their numbers, only the last one of each thing, at most `limit` things. A client is a place in this list:
 * there is no queue per client that could grow. Adding is a map look-up and a push.
 */
export class ChangeLog {
  readonly #limit: number;
  /** Ascending by seq, with dead entries between; at most twice the limit. */
  #entries: Entry[] = [];
  readonly #latest = new Map<string, Entry>();
  #seq: number;
  #floor: number;

  /** `start`: larger than any number an earlier process gave out, so that its clients are found out. */
  constructor(limit: number, start: number) {
    this.#limit = limit;
    this.#seq = start;
    this.#floor = start;
  }

  /** Number of the newest change. */
  get seq(): number {
    return this.#seq;
  }

  get size(): number {
    return this.#latest.size;
  }

  add(change: NewChange): void {
    const key = `${change.kind} ${change.key}`;
    const before = this.#latest.get(key);
    if (before) before.dead = true;
    const entry = new Entry((this.#seq += 1), change, key);
    this.#latest.set(key, entry);
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * this.#limit) this.#shrink();
  }

  /** A change that is not kept: nobody is there to see it. */
  skip(): void {
    this.#seq += 1;
    if (this.#entries.length > 0) {
      this.#entries = [];
      this.#latest.clear();
    }
    this.#floor = this.#seq;
  }

  /** What changed after the number, oldest first; undefined when something of that is not kept, or the number is not of this log. */
  after(seq: number): Iterable<Change> | undefined {
    return seq < this.#floor || seq > this.#seq ? undefined : this.#walk(seq);
  }

  *#walk(seq: number): Iterable<Change> {
    const entries = this.#entries;
    for (let index = firstAfter(entries, seq); index < entries.length; index += 1) {
      if (!entries[index]!.dead) yield entries[index]!;
    }
  }

  #shrink(): void {
    const alive = this.#entries.filter((entry) => !entry.dead);
    const gone = alive.splice(0, Math.max(0, alive.length - this.#limit));
    for (const entry of gone) this.#latest.delete(entry.key);
    if (gone.length > 0) this.#floor = gone.at(-1)!.seq;
    this.#entries = alive;
  }
}

class Entry implements Change {
  readonly seq: number;
  readonly kind: Change['kind'];
  readonly key: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  dead = false;
  readonly #toResource: () => object;
  #json: string | undefined;

  constructor(seq: number, change: NewChange, key: string) {
    this.seq = seq;
    this.kind = change.kind;
    this.key = key;
    this.namespace = change.namespace;
    this.app = change.app;
    this.job = change.job;
    this.#toResource = change.toResource;
  }

  json(): string {
    return (this.#json ??= JSON.stringify(this.#toResource()));
  }
}

/** Index of the first entry with a higher number. */
function firstAfter(entries: readonly Entry[], seq: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
