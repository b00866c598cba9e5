import { existsSync } from 'node:fs';
import path from 'node:path';
import { LINK_SCHEME } from '../model/deep-link.ts';
import { placesOf, PORTABLE_FLAG, type Places } from '../model/places.ts';
import type { ShellSurroundings } from './surroundings.ts';

/** As electron-builder registers it with the shortcut; toasts need both to be the same. */
export const APP_ID = 'io.natsjob.desktop';
/** Of the class that Windows calls when a notification is clicked; always the same, so that an old one in the list still finds us. */
const TOAST_CLASS = '{6B0F1E6A-7C0B-4E0A-9C56-2C1B7C7E5D41}';

/**
 * What has to be said before Electron is ready: who we are, where our files lie, that all pages are sandboxed, and that we are
 * the only one. Undefined: another instance runs, which has been told, and this one has to end.
 */
export function settleEarly({ electron, platform, execPath, environment }: ShellSurroundings): Places | undefined {
  const { app, crashReporter } = electron;
  const programDir = path.dirname(execPath);
  const places = placesOf({
    userData: app.getPath('userData'), logs: app.getPath('logs'), localData: platform === 'win32' ? inFolder(environment['LOCALAPPDATA'], 'natsjob') : undefined, programDir,
    portableDir: environment['PORTABLE_EXECUTABLE_DIR'], hasFlag: existsSync(path.join(programDir, PORTABLE_FLAG)),
  });
  if (places.isPortable) app.setPath('userData', places.userData);
  if (places.logs !== app.getPath('logs')) app.setAppLogsPath(places.logs);
  if (platform === 'win32') {
    app.setAppUserModelId(APP_ID);
    app.setToastActivatorCLSID(TOAST_CLASS);
  }
  app.enableSandbox();
  // Dumps stay on this machine, in the folder that crashDumps names.
  crashReporter.start({ uploadToServer: false });
  if (!app.requestSingleInstanceLock()) return undefined;
  // A portable copy leaves nothing behind in the system; a clone would register the Electron it was started with.
  if (app.isPackaged && !places.isPortable) app.setAsDefaultProtocolClient(LINK_SCHEME);
  return places;
}

function inFolder(folder: string | undefined, name: string): string | undefined {
  return folder ? path.join(folder, name) : undefined;
}
