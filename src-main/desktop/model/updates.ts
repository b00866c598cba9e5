import type { MenuEntry } from './menu-entry.ts';
import type { Texts } from './texts.ts';

/** Where the search for a newer version stands. */
export type UpdateState =
  | { readonly kind: 'idle' | 'checking' | 'none' | 'failed' }
  /** This copy cannot update itself, or a policy says it must not. */
  | { readonly kind: 'unable' }
  | { readonly kind: 'loading' | 'ready'; readonly version: string };

export type UpdateEvent =
  | { readonly type: 'checking' | 'not-available' | 'error' }
  | { readonly type: 'available' | 'downloaded'; readonly version: string };

/** First look a little after the start, then every six hours. */
export const FIRST_CHECK_MS = 60_000;
export const CHECK_EVERY_MS = 6 * 3_600_000;

export function afterUpdateEvent(state: UpdateState, event: UpdateEvent): UpdateState {
  // What is loaded stays loaded: a later look that finds nothing or fails does not take it away.
  if (state.kind === 'unable' || (state.kind === 'ready' && event.type !== 'downloaded' && event.type !== 'available')) return state;
  switch (event.type) {
    case 'checking': return state.kind === 'loading' ? state : { kind: 'checking' };
    case 'not-available': return { kind: 'none' };
    case 'error': return { kind: 'failed' };
    case 'available': return state.kind === 'ready' && state.version === event.version ? state : { kind: 'loading', version: event.version };
    case 'downloaded': return { kind: 'ready', version: event.version };
  }
}

export interface UpdateCircumstances {
  /** A clone has nothing to replace. */
  readonly isPackaged: boolean;
  /** A portable copy lies where nobody installed it; it cannot replace itself. */
  readonly isPortable: boolean;
  readonly platform: NodeJS.Platform;
  /** Set by the AppImage's runtime; other Linux packages belong to the system's package manager, except deb, which asks for a password. */
  readonly appImage: string | undefined;
  /** The feed that was built in; none, no updates. */
  readonly hasFeed: boolean;
  /** NATSJOBX_UPDATES=off, for machines that somebody else looks after. Names in NATSJOB_ are settings of the scheduler. */
  readonly policy: string | undefined;
}

/** Whether this copy may look for updates at all, whatever the person has set. */
export function canUpdate({ isPackaged, isPortable, platform, appImage, hasFeed, policy }: UpdateCircumstances): boolean {
  if (!isPackaged || isPortable || !hasFeed || policy?.toLowerCase() === 'off') return false;
  return platform !== 'linux' || appImage !== undefined;
}

/** A loaded version is put in place at quit, and never while runs are active. */
export function mayInstall(state: UpdateState, running: number): boolean {
  return state.kind === 'ready' && running === 0;
}

/** What the menus show of it. */
export function updateEntry(state: UpdateState, running: number, texts: Texts): MenuEntry {
  if (state.kind === 'ready') {
    return mayInstall(state, running)
      ? { kind: 'item', label: texts.updateReady(state.version), action: { do: 'install-update' } }
      : { kind: 'item', label: texts.updateWaits(state.version), action: { do: 'install-update' }, enabled: false };
  }
  const label = {
    idle: texts.checkForUpdates, checking: texts.updateChecking, none: `${texts.checkForUpdates} (${texts.updateNone})`, failed: `${texts.checkForUpdates} (${texts.updateFailed})`,
    unable: texts.updateUnable, loading: state.kind === 'loading' ? texts.updateLoading(state.version) : '',
  }[state.kind];
  return { kind: 'item', label, action: { do: 'check-for-updates' }, enabled: state.kind === 'idle' || state.kind === 'none' || state.kind === 'failed' };
}
