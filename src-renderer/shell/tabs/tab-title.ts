import type { Messages } from '../../i18n/index.svelte.ts';
import type { OpenTab } from '../../state/tabs.svelte.ts';
import { DESTINATIONS } from '../destinations.ts';

/** The screens of the menu are called as there, in the language in use; others as they called themselves. */
export function titleOfTab({ path, title }: OpenTab, t: Messages): string {
  const destination = DESTINATIONS.find((one) => one.path === path);
  return destination ? t.shell[destination.key] : title;
}
