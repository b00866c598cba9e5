import type { NamespaceResource, Page } from '../../src-core/http/contract.ts';
import { api } from '../api/client.ts';
import { recall, remember } from '../lib/storage.ts';
import { route } from './route.svelte.ts';

/** Which namespace is in view: what the address says (`ns`), else what was chosen last. '' = all. */
class Scope {
  #chosen = $state(firstNamespace());
  #known = $state.raw<readonly NamespaceResource[]>([]);

  get namespace(): string {
    const named = route.query.get('ns');
    return named === null ? this.#chosen : named === '*' ? '' : named;
  }

  /** Chooses for all pages; a page whose address names another is moved along. */
  set namespace(value: string) {
    this.#chosen = value;
    remember('namespace', value);
    if (route.query.has('ns')) route.setQuery({ ns: value === '' ? '*' : value, app: undefined, cursor: undefined });
  }

  /** For queries of lists; undefined = all. */
  get filter(): string | undefined {
    return this.namespace === '' ? undefined : this.namespace;
  }

  get known(): readonly NamespaceResource[] { return this.#known; }

  /** Reads the namespaces again; one that is gone is in view no more. */
  async refresh(): Promise<void> {
    const items: NamespaceResource[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await api.get<Page<NamespaceResource>>('namespaces', { limit: 200, cursor });
      items.push(...page.items);
      if (page.nextCursor === null || items.length >= 2000) break;
      cursor = page.nextCursor;
    }
    this.#known = items;
    if (this.#chosen !== '' && !items.some(({ name }) => name === this.#chosen)) this.namespace = 'app';
  }
}

function firstNamespace(): string {
  const kept = recall('namespace');
  return typeof kept === 'string' ? kept : '';
}

export const scope = new Scope();
