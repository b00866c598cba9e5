import { live } from './live.svelte.ts';

/** The shortest time between two reads of one page. */
const GAP_MS = 1000;

interface Source {
  readonly everyMs: number;
  readonly load: () => unknown;
  dueAt: number;
}

/** Reads several things again, each in its own time, never two in one second. Stands still while live updates are paused and in a tab nobody sees. */
export class Rereads {
  readonly #sources: Source[] = [];

  /** Returns the way to ask for it sooner. */
  add(everyMs: number, load: () => unknown): () => void {
    const source = { everyMs, load, dueAt: 0 };
    this.#sources.push(source);
    return () => { source.dueAt = 0; };
  }

  /** Reads everything, now. */
  all(): void {
    for (const source of this.#sources) this.#read(source);
  }

  /** From now on; returns the way to end it: for `$effect`. */
  start(): () => void {
    this.all();
    const stopListening = live.listen({ reset: () => this.all() });
    const timer = setInterval(() => this.#next(), GAP_MS);
    return () => {
      clearInterval(timer);
      stopListening();
    };
  }

  #next(): void {
    if (document.hidden || live.isPausedByHand) return;
    const now = Date.now();
    const [first] = this.#sources.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    if (first) this.#read(first);
  }

  #read(source: Source): void {
    source.dueAt = Date.now() + source.everyMs;
    source.load();
  }
}
