/** What became of a delivery that came: new to this process, in its hands, or done before. */
export type Arrival = 'new' | 'held' | 'done';

/**
 * Which messages of a consumer this process has in hand, and which it has done of late. Whatever the server delivers again,
 * because a confirmation was lost with the connection or the process was paused, is known by it and not handled again, which
 * would also be out of order.
 */
export class Ledger<Message> {
  readonly #held = new Map<number, Message>();
  /** Each done sequence in the place of its last digits, where a later one takes the place of an older one. */
  readonly #done: Float64Array;
  readonly #mask: number;
  /** Nothing before it is in hand. */
  #lowest = 1;
  #highest = 0;

  /** `keepDone`: at least as many sequences back it is known what was done. */
  constructor(keepDone: number) {
    const places = 2 ** Math.ceil(Math.log2(keepDone));
    this.#done = new Float64Array(places);
    this.#mask = places - 1;
  }

  /** Sequences from the oldest in hand to the newest that came. 0 when nothing is in hand. */
  get spread(): number {
    if (this.#held.size === 0) {
      this.#lowest = this.#highest + 1;
      return 0;
    }
    while (!this.#held.has(this.#lowest)) this.#lowest++;
    return this.#highest - this.#lowest + 1;
  }

  /** How many are in hand. */
  get count(): number {
    return this.#held.size;
  }

  /** The oldest in hand. */
  get oldest(): number | undefined {
    return this.spread === 0 ? undefined : this.#lowest;
  }

  look(sequence: number): Arrival {
    if (this.#held.has(sequence)) return 'held';
    return this.#done[sequence & this.#mask] === sequence ? 'done' : 'new';
  }

  hold(sequence: number, message: Message): void {
    if (sequence < this.#lowest || this.#held.size === 0) this.#lowest = sequence;
    this.#held.set(sequence, message);
    if (sequence > this.#highest) this.#highest = sequence;
  }

  /** It is to be handled no more here. */
  finish(sequence: number): void {
    this.#held.delete(sequence);
    this.#done[sequence & this.#mask] = sequence;
  }

  /** It goes back to the server, and may come again. */
  release(sequence: number): void {
    this.#held.delete(sequence);
  }

  /** In the order in which they came. */
  held(): IterableIterator<[sequence: number, message: Message]> {
    return this.#held.entries();
  }
}
