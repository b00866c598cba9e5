import type { BrowserWindow } from 'electron';
import { afterPageGone, staticPage } from '../model/crash-rules.ts';
import type { Texts } from '../model/texts.ts';
import { isOfPanel, loopbackOrigin, pageUrl, windowOptions } from '../model/window-rules.ts';
import type { ElectronParts, Timers } from './electron-parts.ts';

export interface MainWindowOptions {
  readonly electron: Pick<ElectronParts, 'BrowserWindow' | 'dialog' | 'nativeTheme'>;
  readonly timers: Timers;
  readonly texts: Texts;
  readonly preload: string;
  readonly partition: string;
  readonly zoomLevel: () => number;
  readonly keepZoom: (level: number) => void;
  /** Asked when a person closes it; 'hide': it stays, out of sight. */
  readonly onClose: () => 'hide' | 'close';
  /** Windows: the session of the person ends, and the program with it. */
  readonly onSessionEnd: () => void;
  /** No more windows are opened. */
  readonly isQuitting: () => boolean;
}

export interface MainWindow {
  /** Shows the panel at the address; without a page where it was. Brings it to the front. */
  show(url: string, page?: string): void;
  /** The panel is at this address now: a window that is not there goes there. */
  moveTo(url: string): void;
  /** Where the panel was, when there is none any more. A window that is not open stays closed. */
  showProblem(title: string, body: string): void;
  tell(channel: string, value: unknown): void;
  readonly isOpen: boolean;
}

/** The one window. It is made when it is first shown, and painted before it is seen. */
export function mainWindow(options: MainWindowOptions): MainWindow {
  const { electron, timers, texts } = options;
  let window: BrowserWindow | undefined;
  /** Where the window is or is on its way to; undefined while it shows something else than the panel. */
  let shownOrigin: string | undefined;
  let shownPage = '/';
  let reloadedAt: number | undefined;

  function open(url: string, page: string): void {
    const made = new electron.BrowserWindow(windowOptions({ isDark: electron.nativeTheme.shouldUseDarkColors, preload: options.preload, partition: options.partition }));
    window = made;
    const { webContents } = made;
    made.once('ready-to-show', () => made.show());
    made.on('close', (event) => {
      options.keepZoom(webContents.getZoomLevel());
      if (options.isQuitting() || options.onClose() === 'close') return;
      event.preventDefault();
      made.hide();
    });
    made.on('closed', () => {
      if (window === made) window = undefined;
    });
    made.on('query-session-end', options.onSessionEnd);
    made.on('session-end', options.onSessionEnd);
    made.on('unresponsive', () => void askAboutHanging(made));
    webContents.on('did-finish-load', () => webContents.setZoomLevel(options.zoomLevel()));
    webContents.on('render-process-gone', (_event, { reason }) => {
      const now = timers.now();
      const next = afterPageGone(reason, reloadedAt, now);
      if (next === 'nothing' || made.isDestroyed()) return;
      reloadedAt = now;
      if (next === 'reload') webContents.reload();
      else showStatic(made, texts.crashedTitle, texts.crashedBody);
    });
    go(made, url, page);
  }

  function go(target: BrowserWindow, url: string, page: string): void {
    const origin = loopbackOrigin(url);
    if (origin === undefined) return;
    [shownOrigin, shownPage] = [origin, page];
    target.loadURL(pageUrl(origin, page)).catch((error: unknown) => {
      // One that another load overtakes is no failure; otherwise nobody listens there now, and moveTo tries again.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_ABORTED') shownOrigin = undefined;
    });
  }

  function showStatic(target: BrowserWindow, title: string, body: string): void {
    shownOrigin = undefined;
    target.loadURL(staticPage(title, body)).catch(() => undefined);
  }

  async function askAboutHanging(hanging: BrowserWindow): Promise<void> {
    const { response } = await electron.dialog.showMessageBox(hanging, { type: 'warning', message: texts.hangsTitle, detail: texts.hangsBody, buttons: [texts.wait, texts.reload], defaultId: 0, cancelId: 0 });
    if (response === 1 && !hanging.isDestroyed()) hanging.webContents.forcefullyCrashRenderer();
  }

  return {
    get isOpen() {
      return window !== undefined;
    },
    show(url, page) {
      if (options.isQuitting()) return;
      if (!window) return open(url, page ?? '/');
      const isAtPanel = isOfPanel(window.webContents.getURL(), loopbackOrigin(url));
      if (page !== undefined || !isAtPanel) go(window, url, page ?? shownPage);
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    moveTo(url) {
      if (window && loopbackOrigin(url) !== shownOrigin) go(window, url, shownPage);
    },
    showProblem(title, body) {
      if (window) showStatic(window, title, body);
    },
    tell: (channel, value) => window?.webContents.send(channel, value),
  };
}
