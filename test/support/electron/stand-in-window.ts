import type { BrowserWindow, WebContents } from 'electron';
import { EventEmitter } from 'node:events';
import { cancellable } from './events.ts';
import type { Recorder, Unknown } from './recorder.ts';
import type { StandInApp } from './stand-in-app.ts';

type OpenHandler = (details: { url: string }) => { action: string };

/** A page: what it was told to load, and the guards that were put on it. */
export class StandInContents extends EventEmitter {
  readonly #recorder: Recorder;
  #url = '';
  #zoom = 0;
  openHandler: OpenHandler = () => ({ action: 'allow' });

  constructor(recorder: Recorder) {
    super();
    this.#recorder = recorder;
  }

  getURL(): string {
    return this.#url;
  }

  get mainFrame(): { url: string; parent: null } {
    return { url: this.#url, parent: null };
  }

  getZoomLevel(): number {
    return this.#zoom;
  }

  setZoomLevel(level: number): void {
    this.#recorder.record('webContents.setZoomLevel', level);
    this.#zoom = level;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#recorder.record('webContents.setWindowOpenHandler');
    this.openHandler = handler;
  }

  reload(): void {
    this.#recorder.record('webContents.reload');
  }

  forcefullyCrashRenderer(): void {
    this.#recorder.record('webContents.forcefullyCrashRenderer');
    this.emit('render-process-gone', {}, { reason: 'killed', exitCode: 1 });
  }

  send(channel: string, ...args: unknown[]): void {
    this.#recorder.record('webContents.send', channel, ...args);
  }

  /** As the window does it; not Electron's. */
  arrive(url: string): void {
    this.#url = url;
    this.emit('did-finish-load');
  }

  /** As a page that follows a link. True when it was let. */
  navigate(event: 'will-navigate' | 'will-frame-navigate' | 'will-redirect', url: string): boolean {
    const details = cancellable({ url });
    this.emit(event, details);
    return !details.defaultPrevented;
  }
}

/** Electron's BrowserWindow; `windows` of the stand-in holds those that are open. */
export class StandInWindow extends EventEmitter {
  readonly webContents: StandInContents;
  readonly options: Readonly<Record<string, unknown>>;
  /** Nobody listens at the address. */
  loadFails = false;
  readonly #recorder: Recorder;
  readonly #app: StandInApp;
  readonly #windows: Set<StandInWindow>;
  #isVisible = false;
  #isDestroyed = false;

  constructor(options: Readonly<Record<string, unknown>>, { recorder, app, windows }: { recorder: Recorder; app: StandInApp; windows: Set<StandInWindow> }) {
    super();
    recorder.record('new BrowserWindow', options);
    this.options = options;
    this.#recorder = recorder;
    this.#app = app;
    this.#windows = windows;
    this.#isVisible = options['show'] !== false;
    this.webContents = new StandInContents(recorder);
    windows.add(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    this.#recorder.record('window.loadURL', url);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.loadFails && url.startsWith('http:')) throw Object.assign(new Error('ERR_CONNECTION_REFUSED'), { code: 'ERR_CONNECTION_REFUSED' });
    this.webContents.arrive(url);
    this.#recorder.record('ready-to-show');
    this.emit('ready-to-show');
  }

  show(): void {
    this.#recorder.record('window.show');
    this.#isVisible = true;
  }

  hide(): void {
    this.#recorder.record('window.hide');
    this.#isVisible = false;
  }

  focus(): void {
    this.#recorder.record('window.focus');
  }

  restore(): void {
    this.#recorder.record('window.restore');
  }

  isMinimized(): boolean {
    return false;
  }

  isVisible(): boolean {
    return this.#isVisible;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** As a person closes it. */
  close(): void {
    const event = cancellable();
    this.emit('close', event);
    if (event.defaultPrevented) return;
    this.#isDestroyed = true;
    this.#windows.delete(this);
    this.emit('closed');
    if (this.#windows.size === 0) this.#app.emit('window-all-closed');
  }
}

null as unknown as Unknown<StandInWindow, BrowserWindow, 'options' | 'loadFails'> satisfies never;
null as unknown as Unknown<StandInContents, WebContents, 'arrive' | 'navigate' | 'openHandler'> satisfies never;
