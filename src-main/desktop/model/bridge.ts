import type { DesktopState } from './desktop-state.ts';

/** What the panel finds as `window.natsjobDesktop`, and nothing more of Electron. Every call rejects for pages that are not the panel. */
export interface NatsjobDesktop {
  /** For POST /natsjob/api/login/one-time; good once and for a minute. */
  oneTimeToken(): Promise<string>;
  openLogs(): Promise<void>;
  checkForUpdates(): Promise<void>;
  getState(): Promise<DesktopState>;
  /** Returns the way to stop listening. */
  onState(listener: (state: DesktopState) => void): () => void;
  quit(): Promise<void>;
}

/** Names of the calls between preload and main process. */
export const CHANNELS = {
  oneTimeToken: 'natsjob:one-time-token',
  openLogs: 'natsjob:open-logs',
  checkForUpdates: 'natsjob:check-for-updates',
  getState: 'natsjob:get-state',
  quit: 'natsjob:quit',
  /** The only one from the main process to the page. */
  state: 'natsjob:state',
} as const;

export type CallName = Exclude<keyof typeof CHANNELS, 'state'>;
