import { link } from './route.svelte.ts';

/** A page that was opened. `href` has its filters as they were left. */
export interface OpenTab {
  readonly path: string;
  readonly href: string;
  readonly title: string;
}

const KEY = 'natsjob.tabs';
const MOST = 30;
/** The overview is always there, first. */
export const HOME = '/';
const FIRST: OpenTab = { path: HOME, href: link(HOME), title: '' };

/** The pages opened in this tab of the browser, in the person's order. */
class Tabs {
  #items = $state.raw<readonly OpenTab[]>(recallTabs());
  /** To be closed once another page is in view: whoever has unsaved changes may stay. */
  #leaving: string | undefined;

  get items(): readonly OpenTab[] { return this.#items; }

  /** The page is in view. */
  visit(path: string, href: string, title: string): void {
    const left = this.#leaving;
    if (left !== undefined && left !== path) {
      this.#leaving = undefined;
      this.#keep(this.#items.filter((tab) => tab.path !== left));
    }
    const known = this.#items.find((tab) => tab.path === path);
    if (known?.href === href && known.title === title) return;
    const tab = { path, href, title };
    if (known) this.#keep(this.#items.map((item) => (item.path === path ? tab : item)));
    else this.#keep([FIRST, ...[...this.#items.slice(1), tab].slice(1 - MOST)]);
  }

  /** Closes it; when it is the one in view, goes to its neighbour first. */
  close(path: string, current: string): void {
    if (path === HOME) return;
    const index = this.#items.findIndex((tab) => tab.path === path);
    if (index < 0) return;
    if (path !== current) {
      this.#keep(this.#items.filter((tab) => tab.path !== path));
      return;
    }
    this.#leaving = path;
    location.hash = (this.#items[index + 1] ?? this.#items[index - 1] ?? FIRST).href;
  }

  /** All but this one and the overview. */
  closeOthers(path: string, current: string): void {
    const kept = this.#items.find((tab) => tab.path === path) ?? FIRST;
    const isHere = current === path || current === HOME;
    this.#keep(this.#items.filter((tab) => tab.path === HOME || tab.path === path || (!isHere && tab.path === current)));
    if (isHere) return;
    this.#leaving = current;
    location.hash = kept.href;
  }

  closeAll(current: string): void {
    this.closeOthers(HOME, current);
  }

  /** Puts one where another is; the overview stays first. */
  move(path: string, to: number): void {
    const tab = this.#items.find((item) => item.path === path);
    if (!tab || path === HOME || to < 1 || to >= this.#items.length) return;
    const rest = this.#items.filter((item) => item !== tab);
    this.#keep([...rest.slice(0, to), tab, ...rest.slice(to)]);
  }

  #keep(items: readonly OpenTab[]): void {
    this.#items = items;
    try {
      sessionStorage.setItem(KEY, JSON.stringify(items));
    } catch {
      // Storage may be forbidden: the tabs then last as long as the page.
    }
  }
}

function recallTabs(): readonly OpenTab[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? [FIRST, ...kept.filter(isTab).filter(({ path }) => path !== HOME).slice(0, MOST - 1)] : [FIRST];
  } catch {
    return [FIRST];
  }
}

function isTab(value: unknown): value is OpenTab {
  return typeof value === 'object' && value !== null && ['path', 'href', 'title'].every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
}

export const tabs = new Tabs();
