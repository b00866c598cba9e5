import CirclePlus from '@lucide/svelte/icons/circle-plus';
import Globe from '@lucide/svelte/icons/globe';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Languages from '@lucide/svelte/icons/languages';
import LogOut from '@lucide/svelte/icons/log-out';
import Maximize from '@lucide/svelte/icons/maximize';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import Rocket from '@lucide/svelte/icons/rocket';
import SunMoon from '@lucide/svelte/icons/sun-moon';
import type { Messages } from '../../i18n/index.svelte.ts';
import { frame } from '../../state/frame.svelte.ts';
import { live } from '../../state/live.svelte.ts';
import { palette } from '../../state/palette.svelte.ts';
import { LANGUAGE_NAMES, LANGUAGES, prefs, THEMES, ZONES } from '../../state/prefs.svelte.ts';
import { route } from '../../state/route.svelte.ts';
import { schedulerPause } from '../../state/scheduler-pause.svelte.ts';
import { scope } from '../../state/scope.svelte.ts';
import { session } from '../../state/session.svelte.ts';
import { DESTINATIONS } from '../destinations.ts';
import type { PaletteItem } from './palette-item.ts';

/** What the palette can do without asking the server. */
export function fixedItems(t: Messages): readonly PaletteItem[] {
  return [...screens(t), ...actions(t), ...namespaces(t)];
}

function screens({ shell, palette: words }: Messages): readonly PaletteItem[] {
  return [
    ...DESTINATIONS.map(({ path, key, icon, letter }): PaletteItem => ({ id: path, group: 'screens', label: shell[key], icon, keys: `g ${letter}`, run: () => route.go(path) })),
    { id: '/first-job', group: 'screens', label: words.firstJob, icon: Rocket, run: () => route.go('/first-job') },
  ];
}

function actions({ shell, common, palette: words }: Messages): readonly PaletteItem[] {
  return [
    { id: 'new-job', group: 'actions', label: words.newJob, icon: CirclePlus, keys: 'c', run: () => route.go('/jobs/new') },
    { id: 'pause', group: 'actions', label: live.isPausedByHand ? shell.resumeLive : shell.pauseLive, icon: live.isPausedByHand ? Play : Pause, keys: 'p', run: () => live.pause(!live.isPausedByHand) },
    ...schedulerPause.deeds.map((deed): PaletteItem => ({ ...deed, group: 'actions' })),
    ...THEMES.map((theme): PaletteItem => ({ id: `theme-${theme}`, group: 'actions', label: `${shell.theme}: ${shell.themes[theme]}`, icon: SunMoon, checked: prefs.theme === theme, run: () => { prefs.theme = theme; } })),
    ...LANGUAGES.map((language): PaletteItem => ({ id: `language-${language}`, group: 'actions', label: `${common.language}: ${LANGUAGE_NAMES[language]}`, icon: Languages, checked: prefs.language === language, run: () => { prefs.language = language; } })),
    ...ZONES.map((zone): PaletteItem => ({ id: `zone-${zone}`, group: 'actions', label: `${shell.zone}: ${shell.zones[zone]}`, icon: Globe, checked: prefs.zone === zone, run: () => { prefs.zone = zone; } })),
    { id: 'maximise', group: 'actions', label: frame.isMaximised ? words.restore : words.maximise, icon: Maximize, run: () => { frame.isMaximised = !frame.isMaximised; } },
    { id: 'keys', group: 'actions', label: shell.shortcuts, icon: Keyboard, keys: '?', run: () => palette.showKeys() },
    { id: 'logout', group: 'actions', label: shell.logout, icon: LogOut, run: () => void session.logout() },
  ];
}

function namespaces({ shell, common }: Messages): readonly PaletteItem[] {
  return ['', ...scope.known.map(({ name }) => name)].map((name): PaletteItem => ({
    id: `namespace-${name}`, group: 'namespaces', label: name || shell.namespaceAll, detail: common.namespace, checked: scope.namespace === name, run: () => { scope.namespace = name; },
  }));
}
