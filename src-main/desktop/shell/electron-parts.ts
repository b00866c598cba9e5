import type * as Electron from 'electron';

/** The part of Electron that the shell uses. It comes in as a value, so that tests can put a recording stand-in in its place. */
export type ElectronParts = Pick<
  typeof Electron,
  | 'app' | 'BrowserWindow' | 'clipboard' | 'crashReporter' | 'dialog' | 'ipcMain' | 'Menu' | 'nativeImage' | 'nativeTheme' | 'Notification'
  | 'powerMonitor' | 'powerSaveBlocker' | 'session' | 'shell' | 'Tray' | 'utilityProcess'
>;

/** Time, so that tests need not wait. `after` gives the way to call it off. */
export interface Timers {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}
