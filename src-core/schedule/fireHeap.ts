/**
 * Items ordered by the moment they are due, earliest first; items due at the same moment in no
 * particular order. Every item is in the heap at most once. Adding, moving and removing take
 * O(log n), so 100,000 items are fine.
 */
export class FireHeap<T> {
  readonly #nodes: Array<Node<T>> = [];
  readonly #byItem = new Map<T, Node<T>>();

  get size(): number {
    return this.#nodes.length;
  }

  /** Adds the item, or moves it when it is already there. `at` is epoch ms. */
  push(at: number, item: T): void {
    if (this.replace(at, item)) return;
    const node = { at, item, index: this.#nodes.length };
    this.#nodes.push(node);
    this.#byItem.set(item, node);
    this.#rise(node);
  }

  /** Moves the item to another moment; false when it is not in the heap. */
  replace(at: number, item: T): boolean {
    const node = this.#byItem.get(item);
    if (node === undefined) return false;
    node.at = at;
    this.#rise(node);
    this.#sink(node);
    return true;
  }

  /** Takes the item out; false when it was not in the heap. */
  remove(item: T): boolean {
    const node = this.#byItem.get(item);
    if (node === undefined) return false;
    this.#byItem.delete(item);
    const last = this.#nodes.pop();
    if (last === undefined || last === node) return true;
    this.#put(last, node.index);
    this.#rise(last);
    this.#sink(last);
    return true;
  }

  /** When the item is due, or undefined when it is not in the heap. */
  atOf(item: T): number | undefined {
    return this.#byItem.get(item)?.at;
  }

  /** The earliest moment, or undefined when the heap is empty. */
  peekAt(): number | undefined {
    return this.#nodes[0]?.at;
  }

  /** The item due first, which stays in the heap. */
  peek(): T | undefined {
    return this.#nodes[0]?.item;
  }

  /** Takes out all items due at or before `now`, earliest first. */
  popDue(now: number): T[] {
    const due: T[] = [];
    for (let top = this.#nodes[0]; top !== undefined && top.at <= now; top = this.#nodes[0]) {
      this.remove(top.item);
      due.push(top.item);
    }
    return due;
  }

  #rise(node: Node<T>): void {
    let index = node.index;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#nodes[above];
      if (parent === undefined || parent.at <= node.at) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(node, index);
  }

  #sink(node: Node<T>): void {
    let index = node.index;
    for (;;) {
      let below = 2 * index + 1;
      const right = this.#nodes[below + 1];
      let child = this.#nodes[below];
      if (child === undefined) break;
      if (right !== undefined && right.at < child.at) {
        child = right;
        below += 1;
      }
      if (child.at >= node.at) break;
      this.#put(child, index);
      index = below;
    }
    this.#put(node, index);
  }

  #put(node: Node<T>, index: number): void {
    this.#nodes[index] = node;
    node.index = index;
  }
}

interface Node<T> {
  at: number;
  readonly item: T;
  index: number;
}
