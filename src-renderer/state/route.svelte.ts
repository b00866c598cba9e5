/**
 * The address: `#/runs?state=failed`. All of it is in the hash, so it works below any prefix and in a window without a server.
 * Filters live in the query; whoever has the link sees the same list.
 */
class Route {
  #path = $state('/');
  #query = $state.raw(new URLSearchParams());
  /** Asked before leaving; false keeps the person here. */
  #guard: (() => boolean | Promise<boolean>) | undefined;
  #shown = '#/';
  /** As the window had it when it was read or set here last. */
  #at = '';

  start(): void {
    this.#read();
    addEventListener('hashchange', () => void this.#changed());
  }

  get path(): string { return this.#path; }
  get query(): URLSearchParams { return this.#query; }
  /** The address as it stands in a link. */
  get href(): string { return hrefOf(this.#path, this.#query); }

  go(path: string, query: Record<string, string | undefined> = {}): void {
    location.hash = hrefOf(path, queryOf(query));
  }

  /**
   * Changes part of the query in place; an empty or undefined value takes the name out. No entry in the history. Nothing is changed
   * once the window has another address that is still to be read: that of the page which is left would take its place.
   */
  setQuery(patch: Record<string, string | undefined>): void {
    if (location.hash !== this.#at) return;
    const next = new URLSearchParams(this.#query);
    for (const [name, value] of Object.entries(patch)) {
      if (value === undefined || value === '') next.delete(name);
      else next.set(name, value);
    }
    const href = hrefOf(this.#path, next);
    if (href === this.href) return;
    this.#replace(href);
    this.#query = next;
    this.#shown = href;
  }

  /** Returns the way to lift it. */
  guard(ask: () => boolean | Promise<boolean>): () => void {
    this.#guard = ask;
    return () => {
      if (this.#guard === ask) this.#guard = undefined;
    };
  }

  async #changed(): Promise<void> {
    const wanted = location.hash;
    if (this.#guard && matchPath(this.#path, pathOf(wanted)) === undefined) {
      this.#replace(this.#shown);
      if (!(await this.#guard())) return;
      this.#guard = undefined;
      history.pushState(null, '', wanted);
    }
    this.#read();
  }

  #replace(href: string): void {
    history.replaceState(history.state, '', href);
    this.#at = location.hash;
  }

  #read(): void {
    this.#at = location.hash;
    const [path = '', query = ''] = location.hash.slice(1).split('?', 2);
    this.#path = path === '' ? '/' : path;
    this.#query = new URLSearchParams(query);
    this.#shown = this.href;
  }
}

function pathOf(hash: string): string {
  return hash.slice(1).split('?', 1)[0] || '/';
}

export function hrefOf(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return `#${path}${text === '' ? '' : `?${text}`}`;
}

/** A link's address: `link('/runs', { state: 'failed' })`. Undefined and empty values are left out. */
export function link(path: string, query: Record<string, string | undefined> = {}): string {
  return hrefOf(path, queryOf(query));
}

function queryOf(query: Record<string, string | undefined>): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') params.set(name, value);
  return params;
}

export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = safeDecode(value);
    else if (part !== value) return undefined;
  }
  return params;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = new Route();
