import type { Component } from 'svelte';
import Overview from '../pages/overview/Overview.svelte';
import { matchPath } from '../state/route.svelte.ts';

type Page = Component<Record<string, string>>;
type Load = () => Promise<unknown>;

const daily = () => import('../pages/daily.ts');
const further = () => import('../pages/further.ts');

/** Address → page. A page is read when it is first opened, and gets the pattern's names as props. */
const ROUTES: readonly (readonly [pattern: string, load: Load])[] = [
  ['/', async () => Overview],
  ['/jobs', async () => (await daily()).Jobs],
  ['/jobs/new', async () => (await daily()).Editor],
  ['/jobs/:id', async () => (await daily()).Job],
  ['/jobs/:id/edit', async () => (await daily()).Editor],
  ['/runs', async () => (await daily()).Runs],
  ['/runs/:taskId', async () => (await daily()).Run],
  ['/workers', async () => (await further()).Workers],
  ['/servers', async () => (await further()).Servers],
  ['/calendar', async () => (await further()).Calendar],
  ['/places', async () => (await further()).Places],
  ['/tester', async () => (await further()).Tester],
  ['/settings', async () => (await further()).Settings],
  ['/first-job', async () => (await import('../pages/wizard/Wizard.svelte')).default],
];

export interface FoundPage {
  readonly load: () => Promise<Page>;
  readonly params: Record<string, string>;
  /** Pages of the same key are one page with other values; a new key is a new page. */
  readonly key: string;
}

export function findPage(path: string): FoundPage | undefined {
  for (const [pattern, load] of ROUTES) {
    const params = matchPath(pattern, path);
    // What a page wants is what its pattern names, which the types cannot see.
    if (params) return { load: load as FoundPage['load'], params, key: `${pattern} ${Object.values(params).join(' ')}` };
  }
  return undefined;
}
