import type { App } from 'electron';
import { EventEmitter } from 'node:events';
import { cancellable } from './events.ts';
import type { Recorder, Unknown } from './recorder.ts';

export interface AppOptions {
  readonly recorder: Recorder;
  /** A folder of the test's own; userData, logs and home lie in it. */
  readonly folder: string;
  readonly isPackaged?: boolean;
  readonly isFirstInstance?: boolean;
  readonly locale?: string;
  readonly wasOpenedAtLogin?: boolean;
  /** Not ready before that; default: the next turn. */
  readonly readyAfter?: Promise<unknown>;
  /** Called by app.exit, after 'quit'. */
  readonly onExit?: (code: number) => void;
}

/** Electron's `app`. */
export class StandInApp extends EventEmitter {
  readonly isPackaged: boolean;
  readonly dock = { hide: () => this.#recorder.record('app.dock.hide'), show: async () => this.#recorder.record('app.dock.show') };
  readonly #recorder: Recorder;
  readonly #options: AppOptions;
  readonly #paths: Record<string, string>;
  readonly #ready: Promise<void>;

  constructor(options: AppOptions) {
    super();
    this.#options = options;
    this.#recorder = options.recorder;
    this.isPackaged = options.isPackaged ?? false;
    this.#paths = { userData: `${options.folder}/profile`, logs: `${options.folder}/logs`, home: options.folder };
    // As Electron: not in the same turn, so what has to be said before ready must not wait for anything.
    this.#ready = (options.readyAfter ?? new Promise((resolve) => setImmediate(resolve))).then(() => this.#recorder.record('ready'));
  }

  whenReady(): Promise<void> {
    return this.#ready;
  }

  getPath(name: string): string {
    const found = this.#paths[name];
    if (found === undefined) throw new Error(`app.getPath: ${name} is not in the stand-in`);
    return found;
  }

  setPath(name: string, value: string): void {
    this.#recorder.record('app.setPath', name, value);
    this.#paths[name] = value;
  }

  setAppLogsPath(value: string): void {
    this.#recorder.record('app.setAppLogsPath', value);
  }

  setAppUserModelId(id: string): void {
    this.#recorder.record('app.setAppUserModelId', id);
  }

  setToastActivatorCLSID(id: string): void {
    this.#recorder.record('app.setToastActivatorCLSID', id);
  }

  enableSandbox(): void {
    this.#recorder.record('app.enableSandbox');
  }

  requestSingleInstanceLock(): boolean {
    this.#recorder.record('app.requestSingleInstanceLock');
    return this.#options.isFirstInstance ?? true;
  }

  setAsDefaultProtocolClient(scheme: string): boolean {
    this.#recorder.record('app.setAsDefaultProtocolClient', scheme);
    return true;
  }

  getLocale(): string {
    return this.#options.locale ?? 'en-GB';
  }

  getLoginItemSettings(): { wasOpenedAtLogin: boolean } {
    return { wasOpenedAtLogin: this.#options.wasOpenedAtLogin ?? false };
  }

  setLoginItemSettings(settings: object): void {
    this.#recorder.record('app.setLoginItemSettings', settings);
  }

  setBadgeCount(count: number): boolean {
    this.#recorder.record('app.setBadgeCount', count);
    return true;
  }

  quit(): void {
    this.#recorder.record('app.quit');
    const event = cancellable();
    this.emit('before-quit', event);
    if (!event.defaultPrevented) this.exit(0);
  }

  /** As Electron's: no before-quit. */
  exit(code = 0): void {
    this.#recorder.record('app.exit', code);
    this.emit('quit', {}, code);
    this.#options.onExit?.(code);
  }
}

null as unknown as Unknown<StandInApp, App> satisfies never;
