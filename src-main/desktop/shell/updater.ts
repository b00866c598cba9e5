import type { AppUpdater } from 'electron-updater';
import { afterUpdateEvent, CHECK_EVERY_MS, FIRST_CHECK_MS, type UpdateEvent, type UpdateState } from '../model/updates.ts';
import type { Timers } from './electron-parts.ts';

export interface UpdaterOptions {
  /** Loaded when it is first needed. */
  readonly load: () => Promise<AppUpdater>;
  readonly timers: Timers;
  /** Of the settings; looking by hand works without it. */
  readonly isWanted: () => boolean;
  readonly canUpdate: boolean;
  readonly onState: (state: UpdateState) => void;
  readonly log: (line: string) => void;
}

export interface Updater {
  readonly state: UpdateState;
  check(): Promise<void>;
  /** Puts the loaded version in place while the program ends; `again`: and starts it. */
  install(again: boolean): void;
  stop(): void;
}

/** Looks for newer versions at the built-in feed, loads them quietly, and leaves the moment of installing to the caller. */
export function updater({ load, timers, isWanted, canUpdate, onState, log }: UpdaterOptions): Updater {
  let state: UpdateState = canUpdate ? { kind: 'idle' } : { kind: 'unable' };
  let loaded: Promise<AppUpdater> | undefined;
  let ready: AppUpdater | undefined;
  let cancel = (): void => {};

  const take = (event: UpdateEvent): void => {
    state = afterUpdateEvent(state, event);
    onState(state);
  };
  const open = async (): Promise<AppUpdater> => {
    const found = await load();
    found.autoDownload = true;
    // When is ours to say: never while runs are active.
    found.autoInstallOnAppQuit = false;
    found.allowDowngrade = false;
    found.on('checking-for-update', () => take({ type: 'checking' }));
    found.on('update-available', ({ version }) => take({ type: 'available', version }));
    found.on('update-not-available', () => take({ type: 'not-available' }));
    found.on('update-downloaded', ({ version }) => {
      ready = found;
      take({ type: 'downloaded', version });
    });
    found.on('error', (error) => {
      log(`Looking for updates failed: ${error.message}`);
      take({ type: 'error' });
    });
    return found;
  };
  const check = async (): Promise<void> => {
    if (!canUpdate) return;
    try {
      await (await (loaded ??= open())).checkForUpdates();
    } catch (error) {
      // It has told its own errors by event; what fails before that is told here.
      if (state.kind === 'checking' || state.kind === 'idle') take({ type: 'error' });
      log(`Looking for updates failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const plan = (ms: number): void => {
    cancel = timers.after(ms, () => {
      if (isWanted()) void check();
      plan(CHECK_EVERY_MS);
    });
  };
  if (canUpdate) plan(FIRST_CHECK_MS);
  return {
    get state() {
      return state;
    },
    check,
    install: (again) => ready?.quitAndInstall(true, again),
    stop: () => cancel(),
  };
}
