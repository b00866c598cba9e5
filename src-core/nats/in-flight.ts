import type { Entry } from './log-queue.ts';

/** What the socket was given and the streams have not acknowledged. */
export class InFlight {
  /** By slot, in the order of sending. */
  readonly #entries = new Map<number, Entry>();
  bytes = 0;
  /** Of the next one added: part of the subject it is acknowledged on. */
  nextSlot = 0;

  get size(): number {
    return this.#entries.size;
  }

  get oldest(): Entry | undefined {
    const [oldest] = this.#entries.values();
    return oldest;
  }

  get(slot: number): Entry | undefined {
    return this.#entries.get(slot);
  }

  has(slot: number): boolean {
    return this.#entries.has(slot);
  }

  entries(): [slot: number, entry: Entry][] {
    return [...this.#entries];
  }

  add(entry: Entry): void {
    this.#entries.set(this.nextSlot++, entry);
    this.bytes += entry.bytes;
  }

  remove(slot: number, entry: Entry): void {
    this.#entries.delete(slot);
    this.bytes -= entry.bytes;
  }
}
