/** Who listens to what. A listener that throws ends nothing here: its error comes up as an uncaught one, as with Node's own emitters. */
export class Listeners<Events extends object> {
  readonly #lists = new Map<keyof Events, Set<(event: never) => void>>();

  get size(): number {
    let size = 0;
    for (const list of this.#lists.values()) size += list.size;
    return size;
  }

  /** Returns the way to stop listening. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const list = this.#lists.get(name) ?? new Set();
    this.#lists.set(name, list);
    list.add(listener as (event: never) => void);
    return () => void list.delete(listener as (event: never) => void);
  }

  has(name: keyof Events): boolean {
    return (this.#lists.get(name)?.size ?? 0) > 0;
  }

  tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#lists.get(name) ?? [])] as ((event: Events[Name]) => void)[]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
