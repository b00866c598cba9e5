import { untrack } from 'svelte';
import { route } from './route.svelte.ts';

/** Titles of pages by address, for the window and the strip of tabs. */
class Pages {
  #titles = $state.raw<Readonly<Record<string, string>>>({});

  /** The page in view is called this. */
  entitle(title: string): void {
    document.title = `${title} · natsjob`;
    untrack(() => {
      if (this.#titles[route.path] !== title) this.#titles = { ...this.#titles, [route.path]: title };
    });
  }

  titleOf(path: string): string | undefined {
    return this.#titles[path];
  }
}

export const pages = new Pages();
