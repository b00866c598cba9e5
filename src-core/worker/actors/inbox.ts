const FIRST_PLACES = 8;

/** A bounded queue in a ring that grows up to its bound: a thousand empty ones cost little. */
export class Inbox<Item> {
  readonly size: number;
  #ring: (Item | undefined)[] = [];
  #head = 0;
  #length = 0;

  constructor(size: number) {
    this.size = size;
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length >= this.size;
  }

  /** False when it is full. */
  push(item: Item): boolean {
    if (this.#length >= this.size) return false;
    if (this.#length === this.#ring.length) this.#grow();
    let at = this.#head + this.#length++;
    if (at >= this.#ring.length) at -= this.#ring.length;
    this.#ring[at] = item;
    return true;
  }

  peek(): Item | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = this.#head + 1 === this.#ring.length ? 0 : this.#head + 1;
    this.#length--;
    return item;
  }

  /** Takes all out, in order. */
  drain(): Item[] {
    const items: Item[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  #grow(): void {
    const places = Math.min(this.size, Math.max(FIRST_PLACES, this.#ring.length * 2));
    const ring = new Array<Item | undefined>(places).fill(undefined);
    for (let i = 0; i < this.#length; i++) ring[i] = this.#ring[(this.#head + i) % this.#ring.length];
    this.#ring = ring;
    this.#head = 0;
  }
}
