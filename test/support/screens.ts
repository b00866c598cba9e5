import type { Page } from 'playwright-core';
import type { Showcase } from './showcase.ts';

export interface Screen {
  readonly name: string;
  path(showcase: Showcase): string;
  /** Something to open on it. */
  act?(page: Page): Promise<void>;
}

/** Every screen of the panel, as the checks of accessibility and the pictures of the docs go through them. */
export const SCREENS: readonly Screen[] = [
  { name: 'overview', path: () => '/' },
  { name: 'jobs', path: () => '/jobs' },
  { name: 'job-new', path: () => '/jobs/new' },
  { name: 'job-edit', path: ({ jobIds }) => `/jobs/${jobIds['refresh-prices']}/edit` },
  { name: 'job', path: ({ jobIds }) => `/jobs/${jobIds['reconcile-banks']}` },
  { name: 'job-changes', path: ({ jobIds }) => `/jobs/${jobIds['reconcile-banks']}?tab=changes` },
  { name: 'runs', path: () => '/runs' },
  { name: 'skipped', path: () => '/runs?view=skips' },
  { name: 'run-failed', path: ({ runs }) => `/runs/${runs.failed}` },
  { name: 'run-broadcast', path: ({ runs }) => `/runs/${runs.wide}` },
  { name: 'workers', path: () => '/workers' },
  { name: 'servers', path: () => '/servers' },
  { name: 'calendar', path: () => '/calendar' },
  { name: 'places', path: () => '/places' },
  { name: 'tester', path: () => '/tester' },
  { name: 'settings', path: () => '/settings' },
  { name: 'first-job', path: () => '/first-job' },
];
