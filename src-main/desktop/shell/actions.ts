import { canUpdate } from '../model/updates.ts';
import type { DesktopSettings } from '../model/desktop-settings.ts';
import type { DesktopState } from '../model/desktop-state.ts';
import type { Action } from '../model/menu-entry.ts';
import { FAILURES_PAGE } from '../model/notices.ts';
import type { Places } from '../model/places.ts';
import { VERSION } from '../../version.ts';
import type { SettingsFile } from './desktop-files.ts';
import { setLoginStart } from './login-start.ts';
import type { SchedulerHost } from './scheduler-host.ts';
import type { ShellSurroundings } from './surroundings.ts';
import type { Updater } from './updater.ts';

export interface ActionParts {
  readonly around: ShellSurroundings;
  readonly places: Places;
  readonly settings: SettingsFile;
  readonly host: SchedulerHost;
  readonly updates: Updater;
  readonly state: () => DesktopState;
  readonly openPanel: (page?: string) => void;
  readonly seenFailures: () => void;
  readonly installAtQuit: () => void;
  /** Something that is shown has changed. */
  readonly refresh: () => void;
}

/** Does what was chosen in tray or menu. */
export function actions(parts: ActionParts): (action: Action) => void {
  const { around, places, settings, host, updates, openPanel } = parts;
  const { app, clipboard, shell } = around.electron;
  return (action) => {
    switch (action.do) {
      case 'open': return openPanel(action.path);
      case 'run': return host.send({ type: 'run', jobId: action.jobId });
      case 'pause': return host.send({ type: 'pause', until: action.minutes === undefined ? null : around.timers.now() + action.minutes * 60_000 });
      case 'resume': return host.send({ type: 'resume' });
      case 'failures':
        parts.seenFailures();
        return openPanel(FAILURES_PAGE);
      case 'logs': return void shell.openPath(places.logs);
      case 'set':
        settings.change({ [action.setting]: action.to });
        putInForce(action.setting, around, settings.settings);
        return parts.refresh();
      case 'check-for-updates': return void updates.check();
      case 'install-update':
        parts.installAtQuit();
        return app.quit();
      case 'start-scheduler': return host.start();
      case 'copy-diagnostics': return clipboard.writeText(diagnostics(parts));
      case 'report': return openPanel('/settings');
      case 'quit': return app.quit();
    }
  };
}

/** What follows from a setting beyond what is shown anew anyway. */
export function putInForce(setting: keyof DesktopSettings, around: ShellSurroundings, settings: DesktopSettings): void {
  const { app } = around.electron;
  if (setting === 'openAtLogin') {
    const home = around.environment['HOME'] ?? app.getPath('home');
    setLoginStart(settings.openAtLogin, app, { platform: around.platform, program: around.environment['APPIMAGE'] ?? around.execPath, configHome: around.environment['XDG_CONFIG_HOME'] || `${home}/.config` });
  }
  if (setting === 'hideDockIcon' && around.platform === 'darwin') {
    if (settings.hideDockIcon) app.dock?.hide();
    else void app.dock?.show();
  }
}

/** For a report: versions, places and state; nothing secret is in them. */
function diagnostics({ around, places, settings, state }: ActionParts): string {
  const { phase, failures, update, noticesFail, scheduler } = state();
  const about = { version: VERSION, electron: process.versions['electron'], node: process.versions.node, platform: `${around.platform} ${process.arch}`, isPackaged: around.electron.app.isPackaged };
  return JSON.stringify({ ...about, places, settings: settings.settings, phase, running: scheduler?.running, failures, update, noticesFail }, undefined, 2);
}

/** Whether this copy may update itself. */
export function mayUpdate({ electron, platform, environment, hasFeed }: ShellSurroundings, { isPortable }: Places): boolean {
  return canUpdate({ isPackaged: electron.app.isPackaged, isPortable, platform, appImage: environment['APPIMAGE'], hasFeed, policy: environment['NATSJOBX_UPDATES'] });
}
