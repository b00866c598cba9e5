import { ConflictError } from '../../domain/errors.ts';
import { parseReportSubject } from '../../wire/index.ts';
import type { BusAccess, SeenMessage } from '../../ports/bus-access.ts';

type Listener = (message: SeenMessage) => void;

/** Every one of them brings all its messages to the thread of the ticks once more. */
const MOST_SUBJECTS = 4;
/** Of what is reported of one run: little, and nobody shall be without because others look at other runs. */
const MOST_REPORTS = 64;

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

  /** Returns the way to stop. Throws ConflictError when too many subjects are watched. */
  add(subject: string, listener: Listener): () => void {
    let open = this.#open.get(subject);
    if (open === undefined) {
      const isReports = parseReportSubject(subject) !== undefined;
      const most = isReports ? MOST_REPORTS : MOST_SUBJECTS;
      const alike = [...this.#open.keys()].filter((open) => (parseReportSubject(open) !== undefined) === isReports).length;
      if (alike >= most) throw new ConflictError(`${most} subjects are watched already: watch one of them, or wait.`);
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
