import type { Component } from 'svelte';
import { matchPath } from '../state/route.svelte.ts';

type Page = Component<Record<string, string>>;
type Load = () => Promise<{ default: Page }>;

/** Address → page. A page is read when it is first opened, and gets the pattern's names as props. */
const ROUTES: readonly (readonly [pattern: string, load: () => Promise<{ default: unknown }>])[] = [
  ['/', () => import('../pages/overview/Overview.svelte')],
  ['/jobs', () => import('../pages/jobs/Jobs.svelte')],
  ['/jobs/new', () => import('../pages/editor/Editor.svelte')],
  ['/jobs/:id', () => import('../pages/job/Job.svelte')],
  ['/jobs/:id/edit', () => import('../pages/editor/Editor.svelte')],
  ['/runs', () => import('../pages/runs/Runs.svelte')],
  ['/runs/:taskId', () => import('../pages/run/Run.svelte')],
  ['/workers', () => import('../pages/workers/Workers.svelte')],
  ['/servers', () => import('../pages/servers/Servers.svelte')],
  ['/calendar', () => import('../pages/calendar/Calendar.svelte')],
  ['/places', () => import('../pages/places/Places.svelte')],
  ['/tester', () => import('../pages/tester/Tester.svelte')],
  ['/settings', () => import('../pages/settings/Settings.svelte')],
  ['/first-job', () => import('../pages/wizard/Wizard.svelte')],
];

export interface FoundPage {
  readonly load: Load;
  readonly params: Record<string, string>;
  /** Pages of the same key are one page with other values; a new key is a new page. */
  readonly key: string;
}

export function findPage(path: string): FoundPage | undefined {
  for (const [pattern, load] of ROUTES) {
    const params = matchPath(pattern, path);
    // What a page wants is what its pattern names, which the types cannot see.
    if (params) return { load: load as Load, params, key: `${pattern} ${Object.values(params).join(' ')}` };
  }
  return undefined;
}
