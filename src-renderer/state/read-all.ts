import type { Page } from '../../src-core/http/contract.ts';
import { api } from '../api/client.ts';

const MOST = 2_000;

/** All pages of a short list, up to 2,000 items. */
export async function readAll<T>(path: string, signal?: AbortSignal): Promise<readonly T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; items.length < MOST;) {
    const page = await api.get<Page<T>>(path, { limit: 200, cursor }, signal);
    items.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return items;
}
