import type { BulkFilter } from '../../../src-core/http/contract.ts';

export const FILTERS = ['q', 'app', 'state', 'category', 'model', 'tag'] as const;
export type FilterName = (typeof FILTERS)[number];

/** What the address asks for. Words the server does not know are left to it to refuse. */
export function filterOf(query: URLSearchParams, namespace: string | undefined): BulkFilter {
  const filter: Record<string, string> = namespace === undefined ? {} : { namespace };
  for (const name of FILTERS) {
    const value = query.get(name);
    if (value) filter[name] = value;
  }
  return filter as BulkFilter;
}

export function isFiltered(query: URLSearchParams): boolean {
  return FILTERS.some((name) => query.get(name));
}
