import { recall, remember } from '../../lib/storage.ts';

export interface SavedView {
  readonly name: string;
  /** As in the address. */
  readonly query: string;
}

const MOST = 50;

/** Filters this person gave a name, kept in this browser. */
export class SavedViews {
  #items = $state.raw<readonly SavedView[]>(readViews());

  get items(): readonly SavedView[] { return this.#items; }

  /** One of the same name is replaced. */
  save(name: string, query: string): void {
    this.#keep([...this.#items.filter((view) => view.name !== name), { name, query }].slice(-MOST).sort((a, b) => a.name.localeCompare(b.name)));
  }

  remove(name: string): void {
    this.#keep(this.#items.filter((view) => view.name !== name));
  }

  #keep(items: readonly SavedView[]): void {
    this.#items = items;
    remember('jobViews', items);
  }
}

function readViews(): readonly SavedView[] {
  const kept = recall('jobViews');
  if (!Array.isArray(kept)) return [];
  return kept.filter((view: unknown): view is SavedView => typeof view === 'object' && view !== null && typeof (view as SavedView).name === 'string' && typeof (view as SavedView).query === 'string');
}
