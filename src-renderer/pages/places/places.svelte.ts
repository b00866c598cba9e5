import type { AppResource, CountResource, NamespaceResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { Loaded } from '../../state/list.svelte.ts';
import { LocalPages } from '../../state/local-pages.svelte.ts';
import { readAll } from '../../state/read-all.ts';
import { scope } from '../../state/scope.svelte.ts';

/** The namespace that is always there. */
export const DEFAULT_NAMESPACE = 'app';

/** A namespace, or an app of one: both are made, changed and deleted the same way. */
export type Place = NamespaceResource | AppResource;

export function namespaceOf(place: Place): string {
  return 'namespace' in place ? place.namespace : place.name;
}

/** Its address in the API. */
export function pathOf(place: Place): string {
  return 'namespace' in place ? `namespaces/${place.namespace}/apps/${place.name}` : `namespaces/${place.name}`;
}

/** A list of places with a text filter by name and description. */
export class PlaceList<T extends Place> {
  readonly #loaded: Loaded<readonly T[]>;
  readonly #text: () => string;
  readonly pages: LocalPages<T>;
  readonly shown: readonly T[] = $derived.by(() => this.#filtered());

  constructor(path: () => string, text: () => string = () => '') {
    this.#loaded = new Loaded((signal) => readAll<T>(path(), signal));
    this.#text = text;
    this.pages = new LocalPages(() => this.shown);
  }

  get state() { return this.#loaded.state; }
  get error() { return this.#loaded.error; }
  get items(): readonly T[] { return this.shown; }

  clear(): void {
    this.#loaded.clear();
    this.pages.first();
  }

  reload(): Promise<void> {
    return this.#loaded.reload();
  }

  #filtered(): readonly T[] {
    const text = this.#text().trim().toLowerCase();
    const all = this.#loaded.value ?? [];
    return text === '' ? all : all.filter(({ name, description }) => name.toLowerCase().includes(text) || description.toLowerCase().includes(text));
  }
}

/** What keeps a place from being deleted. */
export interface Content {
  readonly apps: number;
  readonly jobs: number;
}

export async function contentOf(place: Place): Promise<Content> {
  const namespace = namespaceOf(place);
  const [apps, jobs] = await Promise.all([
    'namespace' in place ? [] : readAll<AppResource>(`${pathOf(place)}/apps`),
    api.get<CountResource>('jobs/count', { namespace, ...('namespace' in place ? { app: place.name } : {}) }),
  ]);
  return { apps: apps.length, jobs: jobs.count };
}

/** Of a new one: in this namespace, or a namespace itself. Rejects with ApiError, as the others do. */
export async function createPlace(namespace: string | undefined, name: string, description: string): Promise<void> {
  await api.post(namespace === undefined ? 'namespaces' : `namespaces/${namespace}/apps`, { name, description });
  await refreshScope();
}

export async function describePlace(place: Place, description: string): Promise<void> {
  await api.patch(pathOf(place), { description }, place.version);
  await refreshScope();
}

export async function removePlace(place: Place): Promise<void> {
  await api.remove(pathOf(place), place.version);
  await refreshScope();
}

/** The switch in the top bar knows the namespaces, too. */
async function refreshScope(): Promise<void> {
  await scope.refresh().catch(() => {});
}
