import { EventEmitter } from 'node:events';
import type { MenuItemConstructorOptions } from 'electron';
import type { ElectronParts } from '../../../src-main/desktop/shell/electron-parts.ts';
import { Recorder } from './recorder.ts';
import { StandInApp, type AppOptions } from './stand-in-app.ts';
import { StandInNotification, StandInTray } from './stand-in-parts.ts';
import { StandInWindow } from './stand-in-window.ts';
import { StandInUtility } from './utility-process.ts';

export interface StandInOptions extends Omit<AppOptions, 'recorder'> {
  /** Of the scheduler process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default: the real bundle in a child process. */
  readonly fork?: (modulePath: string) => unknown;
}

export interface Frame {
  readonly url: string;
  readonly parent: unknown;
}

export interface StandIn {
  /** What the shell takes for Electron. */
  readonly electron: ElectronParts;
  readonly recorder: Recorder;
  readonly app: StandInApp;
  readonly windows: ReadonlySet<StandInWindow>;
  readonly trays: readonly StandInTray[];
  readonly notifications: readonly StandInNotification[];
  readonly utilities: readonly StandInUtility[];
  readonly powerMonitor: EventEmitter;
  readonly applicationMenu: () => readonly MenuItemConstructorOptions[];
  /** What dialogs are answered with, in turn; then 0. */
  readonly answers: number[];
  /** The handlers that were set on the window's session. */
  readonly session: Record<string, (...args: never[]) => unknown>;
  /** As ipcRenderer.invoke from that frame. */
  invoke(channel: string, frame: Frame | null): Promise<unknown>;
}

/** A stand-in for Electron that does what the shell can see of it and writes down every call. */
export function electronStandIn(options: StandInOptions): StandIn {
  const recorder = new Recorder();
  const app = new StandInApp({ ...options, recorder });
  const windows = new Set<StandInWindow>();
  const trays: StandInTray[] = [];
  const notifications: StandInNotification[] = [];
  const utilities: StandInUtility[] = [];
  const handlers = new Map<string, (event: { senderFrame: Frame | null }) => unknown>();
  const answers: number[] = [];
  const guards: Record<string, (...args: never[]) => unknown> = {};
  let applicationMenu: readonly MenuItemConstructorOptions[] = [];
  const powerMonitor = new EventEmitter();
  const note = (what: string) => (...args: unknown[]): void => recorder.record(what, ...args);
  const guard = (name: string) => (handler: (...args: never[]) => unknown): void => {
    recorder.record(`session.${name}`);
    guards[name] = handler;
  };
  const session = {
    setPermissionRequestHandler: guard('setPermissionRequestHandler'), setPermissionCheckHandler: guard('setPermissionCheckHandler'),
    setDevicePermissionHandler: guard('setDevicePermissionHandler'), webRequest: { onBeforeRequest: guard('webRequest.onBeforeRequest') },
  };

  const electron = {
    app,
    BrowserWindow: class extends StandInWindow {
      constructor(wanted: Readonly<Record<string, unknown>>) {
        super(wanted, { recorder, app, windows });
      }
    },
    Tray: class extends StandInTray {
      constructor(image: { path: string }) {
        super(image, recorder);
        trays.push(this);
      }
    },
    Notification: class extends StandInNotification {
      static isSupported = (): boolean => true;
      constructor(wanted: Readonly<Record<string, unknown>>) {
        super(wanted, recorder);
        notifications.push(this);
      }
    },
    Menu: {
      buildFromTemplate: (template: readonly MenuItemConstructorOptions[]) => ({ template }),
      setApplicationMenu(menu: { template: readonly MenuItemConstructorOptions[] }) {
        recorder.record('Menu.setApplicationMenu', menu.template);
        applicationMenu = menu.template;
      },
    },
    nativeImage: { createFromPath: (path: string) => ({ path, setTemplateImage: note('nativeImage.setTemplateImage') }) },
    nativeTheme: { shouldUseDarkColors: true },
    clipboard: { writeText: note('clipboard.writeText') },
    crashReporter: { start: note('crashReporter.start') },
    dialog: {
      async showMessageBox(...args: unknown[]) {
        recorder.record('dialog.showMessageBox', args.at(-1));
        return { response: answers.shift() ?? 0 };
      },
      showErrorBox: note('dialog.showErrorBox'),
    },
    ipcMain: {
      handle(channel: string, handler: (event: { senderFrame: Frame | null }) => unknown) {
        recorder.record('ipcMain.handle', channel);
        handlers.set(channel, handler);
      },
    },
    powerMonitor,
    powerSaveBlocker: {
      start(kind: string) {
        recorder.record('powerSaveBlocker.start', kind);
        return 7;
      },
      stop: note('powerSaveBlocker.stop'),
    },
    session: {
      fromPartition(name: string) {
        recorder.record('session.fromPartition', name);
        return session;
      },
    },
    shell: {
      openExternal: async (url: string) => recorder.record('shell.openExternal', url),
      async openPath(folder: string) {
        recorder.record('shell.openPath', folder);
        return '';
      },
    },
    utilityProcess: {
      fork(modulePath: string, args: readonly string[], forkOptions: object) {
        recorder.record('utilityProcess.fork', modulePath, args, forkOptions);
        if (options.fork) return options.fork(modulePath);
        const made = new StandInUtility(modulePath, { ...process.env, ...options.environment }, recorder);
        utilities.push(made);
        return made;
      },
    },
  } satisfies { [Name in keyof ElectronParts]: unknown };

  return {
    electron: electron as unknown as ElectronParts, recorder, app, windows, trays, notifications, utilities, powerMonitor, applicationMenu: () => applicationMenu, answers, session: guards,
    async invoke(channel, senderFrame) {
      const handler = handlers.get(channel);
      if (!handler) throw new Error(`nobody answers ${channel}`);
      return handler({ senderFrame });
    },
  };
}
