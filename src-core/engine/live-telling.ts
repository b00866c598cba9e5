import type { BookEntry } from '../decide/index.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { LiveChange } from '../ports/index.ts';

/** Who listens for changes of this node, and what they are told. */
export class LiveTelling {
  readonly #listeners = new Set<(change: LiveChange) => void>();

  listen(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: LiveChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** Called once the view has them, or this node keeps nothing for it. */
  tellSaved(entries: readonly BookEntry[], skips: readonly SkipCount[]): void {
    if (this.#listeners.size === 0) return;
    for (const entry of entries) this.tell({ type: 'run', run: entry.record });
    if (skips.length > 0) this.tell({ type: 'skips', items: skips });
  }
}
