import path from 'node:path';
import { pageOfArguments, pageOfLink } from '../model/deep-link.ts';
import { startsHidden } from '../model/login-item.ts';
import { shellLog } from './desktop-files.ts';
import { openShell, type DesktopShell } from './desktop-shell.ts';
import { settleEarly } from './early.ts';
import { guardContents } from './guards.ts';
import type { ShellSurroundings } from './surroundings.ts';

/** The last line before an end that nobody foresaw. */
export interface StartedDesktop {
  readonly log: (line: string) => void;
}

/**
 * Starts the desktop console. What comes before Electron is ready is done before this returns; resolves when the shell is up,
 * with undefined when another instance runs already and this one ends.
 */
export async function startDesktop(around: ShellSurroundings): Promise<StartedDesktop | undefined> {
  const { app, shell } = around.electron;
  const places = settleEarly(around);
  if (!places) {
    app.quit();
    return undefined;
  }
  const log = shellLog(path.join(places.logs, 'desktop.log'), () => around.timers.now());
  let desktop: DesktopShell | undefined = undefined;
  let early: string | undefined = pageOfArguments(around.argv);
  const openPanel = (page?: string): void => {
    if (desktop) desktop.openPanel(page);
    else early = page ?? early ?? '/';
  };
  app.on('open-url', (event, link) => {
    event.preventDefault();
    const page = pageOfLink(link);
    if (page !== undefined) openPanel(page);
  });
  // One that the system starts at login, when a person was faster, shall not open a window either.
  app.on('second-instance', (_event, argv) => {
    const page = pageOfArguments(argv);
    if (page !== undefined || !startsHidden(argv, false)) openPanel(page);
  });
  app.on('activate', () => openPanel());
  app.on('window-all-closed', () => desktop?.windowsGone());
  app.on('before-quit', (event) => {
    if (desktop && !desktop.quit()) event.preventDefault();
  });
  app.on('web-contents-created', (_event, contents) => guardContents(contents, { origin: () => desktop?.origin(), shell, log }));
  app.on('child-process-gone', (_event, { type, reason, exitCode, serviceName, name }) => log(`A process is gone: ${serviceName ?? name ?? type}, ${reason}, code ${exitCode}`));
  await app.whenReady();
  const isHidden = startsHidden(around.argv, around.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin);
  desktop = openShell(around, places, log, early ?? (isHidden ? undefined : '/'));
  return { log };
}
