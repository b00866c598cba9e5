import type { Component } from 'svelte';
import CalendarDays from '@lucide/svelte/icons/calendar-days';
import Cpu from '@lucide/svelte/icons/cpu';
import FolderTree from '@lucide/svelte/icons/folder-tree';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard';
import ListChecks from '@lucide/svelte/icons/list-checks';
import RadioTower from '@lucide/svelte/icons/radio-tower';
import Server from '@lucide/svelte/icons/server';
import SettingsIcon from '@lucide/svelte/icons/settings';
import type { Messages } from '../i18n/index.svelte.ts';

export interface Destination {
  readonly path: string;
  readonly key: keyof Messages['shell'] & ('overview' | 'jobs' | 'runs' | 'workers' | 'servers' | 'calendar' | 'places' | 'tester' | 'settings');
  readonly icon: Component<Record<string, unknown>>;
  /** Pressed after `g`. */
  readonly letter: string;
}

/** The screens of the menu, in its order. */
export const DESTINATIONS: readonly Destination[] = [
  { path: '/', key: 'overview', icon: LayoutDashboard, letter: 'o' },
  { path: '/jobs', key: 'jobs', icon: ListChecks, letter: 'j' },
  { path: '/runs', key: 'runs', icon: ScrollText, letter: 'r' },
  { path: '/calendar', key: 'calendar', icon: CalendarDays, letter: 'c' },
  { path: '/workers', key: 'workers', icon: Cpu, letter: 'w' },
  { path: '/servers', key: 'servers', icon: Server, letter: 's' },
  { path: '/places', key: 'places', icon: FolderTree, letter: 'n' },
  { path: '/tester', key: 'tester', icon: RadioTower, letter: 't' },
  { path: '/settings', key: 'settings', icon: SettingsIcon, letter: 'e' },
];
