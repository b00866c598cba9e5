import { ConflictError } from '../../domain/errors.ts';
import type { BusAccess, SeenMessage } from '../../ports/bus-access.ts';

type Listener = (message: SeenMessage) => void;

/** Every one of them brings all its messages to the thread of the ticks once more. */
const MOST_SUBJECTS = 4;

/** One subscription for all clients that watch the same subject. */
export class SharedWatches {
  readonly #watch: BusAccess['watch'];
  readonly #open = new Map<string, { readonly listeners: Set<Listener>; readonly stop: () => void }>();

  constructor(watch: BusAccess['watch']) {
    this.#watch = watch;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Returns the way to stop. Throws ConflictError when too many subjects are watched, UnavailableError when NATS is away. */
  add(subject: string, listener: Listener): () => void {
    let open = this.#open.get(subject);
    if (open === undefined) {
      if (this.#open.size >= MOST_SUBJECTS) throw new ConflictError(`${MOST_SUBJECTS} subjects are watched already: watch one of them, or wait.`);
      const listeners = new Set<Listener>();
      const stop = this.#watch(subject, (message) => {
        for (const each of listeners) each(message);
      });
      open = { listeners, stop };
      this.#open.set(subject, open);
    }
    const { listeners, stop } = open;
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#open.delete(subject);
      stop();
    };
  }
}
