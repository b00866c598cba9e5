import path from 'node:path';
import { appMenuModel } from '../model/app-menu-model.ts';
import { CHANNELS } from '../model/bridge.ts';
import { FIRST_STATE, type DesktopState } from '../model/desktop-state.ts';
import type { Places } from '../model/places.ts';
import { LONGEST_QUIT_MS, quitOrder } from '../model/quit-order.ts';
import { textsFor } from '../model/texts.ts';
import { mayInstall } from '../model/updates.ts';
import { loopbackOrigin } from '../model/window-rules.ts';
import type { FromScheduler } from '../scheduler/messages.ts';
import { actions, mayUpdate, putInForce } from './actions.ts';
import { closing } from './closing.ts';
import { openRunMark, openSettingsFile } from './desktop-files.ts';
import { guardSession } from './guards.ts';
import { answerCalls } from './ipc.ts';
import { mainWindow } from './main-window.ts';
import { menuOf } from './menus.ts';
import { notifier } from './notifier.ts';
import { power } from './power.ts';
import { questions } from './questions.ts';
import { NoTokenError, schedulerHost } from './scheduler-host.ts';
import type { ShellSurroundings } from './surroundings.ts';
import { trayIcon } from './tray-icon.ts';
import { updater } from './updater.ts';

const PARTITION = 'persist:natsjob';
/** Countdowns in the tray go on, and the mark of a start is kept young. */
const REFRESH_MS = 30_000;
/** Of an installer that was started and does not end us. */
const INSTALLER_MS = 10_000;

export interface DesktopShell {
  readonly origin: () => string | undefined;
  openPanel(page?: string): void;
  /** Ends everything, once, and then the program. True: it has ended, and the program may go. */
  quit(): boolean;
  /** All windows are closed. */
  windowsGone(): void;
}

/** Everything after Electron is ready: the scheduler process, tray, window, menus, notices, updates. */
export function openShell(around: ShellSurroundings, places: Places, log: (line: string) => void, wish: string | undefined): DesktopShell {
  const { electron, timers, platform } = around;
  const { app } = electron;
  const texts = textsFor(app.getLocale());
  const settings = openSettingsFile(path.join(places.userData, 'desktop.json'), log);
  const mark = openRunMark(path.join(places.userData, 'running.json'), log);
  const ask = questions(electron.dialog, texts);
  const order = quitOrder();
  let state: DesktopState = FIRST_STATE;
  let wished = wish;
  let lastProblem = '';
  let startsAgain = false;
  let cancelRefresh = (): void => {};
  let shownMenu = '';

  const change = (changes: Partial<DesktopState>): void => {
    state = { ...state, ...changes };
    refresh();
  };
  const origin = (): string | undefined => (state.url === undefined ? undefined : loopbackOrigin(state.url));

  const window = mainWindow({
    electron, timers, texts, preload: path.join(around.bundleDir, 'preload.cjs'), partition: PARTITION,
    zoomLevel: () => settings.settings.zoomLevel, keepZoom: (zoomLevel) => zoomLevel !== settings.settings.zoomLevel && settings.change({ zoomLevel }),
    onClose: closing({ app, places, settings, ask, openAtLogin: () => act({ do: 'set', setting: 'openAtLogin', to: true }), isElsewhere: () => state.phase === 'elsewhere' }),
    onSessionEnd: () => void quit(), isQuitting: () => order.isQuitting,
  });
  const host = schedulerHost({
    fork: () => electron.utilityProcess.fork(path.join(around.bundleDir, 'scheduler-process.mjs'), [], { serviceName: 'scheduler', stdio: ['ignore', 'ignore', 'pipe'] }),
    start: () => ({ dataDir: places.data, confDir: places.conf, logDir: places.logs, programDir: around.coreDir, shareOnNetwork: settings.settings.shareOnNetwork }),
    timers, onMessage, log,
    onPhase(phase) {
      change({ phase, ...(phase === 'running' ? {} : { scheduler: undefined }) });
      if (phase === 'gave-up') sayGaveUp();
    },
  });
  const notices = notifier({ electron, timers, texts, isWanted: () => settings.settings.notices, onClick: openPanel, onFailed: () => change({ noticesFail: true }) });
  const updates = updater({ load: around.loadUpdater, timers, isWanted: () => settings.settings.lookForUpdates, canUpdate: mayUpdate(around, places), onState: (update) => change({ update }), log });
  const act = actions({
    around, places, settings, host, updates, state: () => state, openPanel, refresh,
    seenFailures: () => change({ failures: 0, noticesFail: false }), installAtQuit: () => { startsAgain = true; },
  });
  const tray = trayIcon({ electron, platform, iconDir: around.trayIconDir, act });
  const computer = power({ electron, onEvent: (event) => host.send({ type: 'power', event }), onShutdown: () => void quit() });

  guardSession(electron.session.fromPartition(PARTITION), { origin });
  answerCalls(electron.ipcMain, origin, {
    oneTimeToken: () => (state.phase === 'elsewhere' ? Promise.reject(new NoTokenError('This window shows another natsjob, which has its own login.')) : host.token()),
    openLogs: () => act({ do: 'logs' }),
    checkForUpdates: () => updates.check(),
    getState: () => state,
    quit: () => app.quit(),
  });
  putInForce('hideDockIcon', around, settings.settings);
  if (mark.before) notices.take({ kind: 'dirty-exit', ...mark.before });
  keepMark();
  tick();
  change({ update: updates.state });
  host.start();
  return { origin, openPanel, quit, windowsGone };

  function onMessage(message: FromScheduler): void {
    switch (message.type) {
      case 'ready':
        change({ url: message.url });
        window.moveTo(message.url);
        if (wished !== undefined) openPanel(wished);
        break;
      case 'state': change({ scheduler: message.state }); break;
      case 'happened':
        if (message.happening.kind === 'failure') change({ failures: state.failures + 1 });
        notices.take(message.happening);
        break;
      case 'locked': void connectElsewhere(message.pid, message.url); break;
      case 'cannot-start':
        ask.cannotStart(message.message);
        app.quit();
        break;
      case 'refused':
        lastProblem = message.message;
        log(message.message);
        if (state.phase === 'running') ask.tell(message.message);
        break;
      case 'token': break;
    }
  }

  async function connectElsewhere(pid: number | undefined, url: string | undefined): Promise<void> {
    const reachable = url !== undefined && loopbackOrigin(url) !== undefined ? url : undefined;
    if (!(await ask.connectElsewhere(pid, reachable)) || reachable === undefined) return app.quit();
    change({ phase: 'elsewhere', url: reachable, scheduler: undefined });
    openPanel(wished);
  }

  function openPanel(page?: string): void {
    if (state.url === undefined) {
      wished = page ?? wished ?? '/';
      if (state.phase === 'gave-up') sayGaveUp();
      return;
    }
    wished = undefined;
    window.show(state.url, page);
    if (state.phase === 'gave-up') sayGaveUp();
  }

  function sayGaveUp(): void {
    if (window.isOpen) window.showProblem(texts.gaveUp, lastProblem);
    else ask.tell(texts.gaveUp, lastProblem);
  }

  function windowsGone(): void {
    if (state.phase === 'elsewhere' || (platform !== 'darwin' && !settings.settings.closeToTray)) app.quit();
  }

  function refresh(): void {
    if (order.isDone) return;
    const shown = { state, settings: settings.settings, texts, platform, now: timers.now() };
    tray.show(shown);
    const entries = appMenuModel(shown);
    if (JSON.stringify(entries) !== shownMenu) {
      shownMenu = JSON.stringify(entries);
      electron.Menu.setApplicationMenu(menuOf(entries, electron.Menu, act));
    }
    app.setBadgeCount(state.noticesFail ? state.failures : 0);
    computer.keepAwake(settings.settings.keepAwake && (state.scheduler?.running ?? 0) > 0);
    window.tell(CHANNELS.state, state);
  }

  function keepMark(): void {
    mark.keep({ lastSeenAt: timers.now(), running: state.scheduler?.running ?? 0 });
  }

  function tick(): void {
    cancelRefresh = timers.after(REFRESH_MS, () => {
      keepMark();
      refresh();
      tick();
    });
  }

  function quit(): boolean {
    if (!order.isDone && order.ask()) void end();
    return order.isDone;
  }

  async function end(): Promise<void> {
    const installs = mayInstall(updates.state, state.scheduler?.running ?? 0);
    change({ phase: 'stopping' });
    cancelRefresh();
    updates.stop();
    notices.stop();
    computer.keepAwake(false);
    await host.stop(LONGEST_QUIT_MS);
    mark.clear();
    tray.remove();
    order.done();
    if (!installs) return app.exit(0);
    updates.install(startsAgain);
    timers.after(INSTALLER_MS, () => app.exit(0));
  }
}
