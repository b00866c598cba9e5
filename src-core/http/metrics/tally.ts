import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';

/** A counter by one label that costs an addition; the library sees it when the page is asked for. */
export class Tally {
  readonly #counts = new Map<string, { value: number }>();
  readonly #limit: number;

  /** Registers itself. Values of the label beyond `limit` are counted as `other`. */
  constructor(registry: Registry, name: string, help: string, label: string, known: readonly string[], limit = 64) {
    this.#limit = limit;
    for (const value of known) this.#counts.set(value, { value: 0 });
    const counts = this.#counts;
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: value }, count.value);
      },
    });
  }

  add(labelValue: string, count: number): void {
    (this.#counts.get(labelValue) ?? this.#slotFor(labelValue)).value += count;
  }

  #slotFor(labelValue: string): { value: number } {
    const key = this.#counts.size < this.#limit ? labelValue : 'other';
    let slot = this.#counts.get(key);
    if (!slot) this.#counts.set(key, (slot = { value: 0 }));
    return slot;
  }
}
