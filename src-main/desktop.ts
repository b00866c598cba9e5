// The desktop console's main process: lifecycle, tray, window, updates. The scheduler runs in a process of its own.
import * as electron from 'electron';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Timers } from './desktop/shell/electron-parts.ts';
import { startDesktop } from './desktop/shell/start-desktop.ts';

const bundleDir = import.meta.dirname;
const { isPackaged } = electron.app;
const timers: Timers = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
const starting = startDesktop({
  electron, timers, platform: process.platform, argv: process.argv, environment: process.env, execPath: process.execPath, bundleDir,
  // Installed, they are laid out by electron-builder; in a clone build/desktop.mjs lays them out the same way.
  coreDir: isPackaged ? path.join(process.resourcesPath, 'core') : path.join(bundleDir, '..', 'desktop-core'),
  trayIconDir: isPackaged ? path.join(process.resourcesPath, 'tray') : path.join(bundleDir, '..', '..', 'build', 'package', 'desktop', 'icons', 'tray'),
  hasFeed: isPackaged && existsSync(path.join(process.resourcesPath, 'app-update.yml')),
  loadUpdater: async () => (await import('electron-updater')).default.autoUpdater,
});

/** Electron only warns of a rejection that nobody handles; a shell in an unknown state is worse than none, and the scheduler takes up from its log. */
const die = (error: unknown): void => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  void starting.then((started) => started?.log(`A fault that was not foreseen; ending\n${text}`), () => process.stderr.write(`natsjob: ${text}\n`)).finally(() => process.exit(1));
};
process.on('unhandledRejection', die);
process.on('uncaughtException', die);
// Not awaited here: Electron is not ready before this module has been run to its end.
