import type { MenuItemConstructorOptions, Notification, Tray } from 'electron';
import { EventEmitter } from 'node:events';
import type { Recorder, Unknown } from './recorder.ts';

/** Electron's Tray. */
export class StandInTray extends EventEmitter {
  tooltip = '';
  menu: readonly MenuItemConstructorOptions[] = [];
  readonly #recorder: Recorder;

  constructor(image: { path: string }, recorder: Recorder) {
    super();
    recorder.record('new Tray', image.path);
    this.#recorder = recorder;
  }

  setToolTip(text: string): void {
    this.#recorder.record('tray.setToolTip', text);
    this.tooltip = text;
  }

  setImage(image: { path: string }): void {
    this.#recorder.record('tray.setImage', image.path);
  }

  setContextMenu({ template }: { template: readonly MenuItemConstructorOptions[] }): void {
    this.#recorder.record('tray.setContextMenu', template);
    this.menu = template;
  }

  destroy(): void {
    this.#recorder.record('tray.destroy');
  }
}

/** Electron's Notification. */
export class StandInNotification extends EventEmitter {
  readonly options: Readonly<Record<string, unknown>>;
  readonly #recorder: Recorder;

  constructor(options: Readonly<Record<string, unknown>>, recorder: Recorder) {
    super();
    this.options = options;
    this.#recorder = recorder;
  }

  show(): void {
    this.#recorder.record('notification.show', this.options);
  }

  close(): void {
    this.#recorder.record('notification.close', this.options);
  }
}

null as unknown as Unknown<StandInTray, Tray, 'tooltip' | 'menu'> satisfies never;
null as unknown as Unknown<StandInNotification, Notification, 'options'> satisfies never;

/** Chooses the entry of a menu by the words on the way to it, as a person would. Throws when there is none, or it cannot be chosen. */
export function choose(menu: readonly MenuItemConstructorOptions[], ...labels: readonly string[]): void {
  const [label, ...rest] = labels;
  const item = menu.find((one) => one.label === label);
  if (!item) throw new Error(`no entry ${label} in ${menu.map((one) => one.label ?? one.role ?? one.type).join(', ')}`);
  if (rest.length > 0) return choose(item.submenu as MenuItemConstructorOptions[], ...rest);
  if (item.enabled === false || !item.click) throw new Error(`${label} cannot be chosen`);
  (item.click as () => void)();
}

/** All words in a menu. */
export function labelsOf(menu: readonly MenuItemConstructorOptions[]): readonly string[] {
  return menu.flatMap((one) => [...(one.label === undefined ? [] : [one.label]), ...labelsOf((one.submenu as MenuItemConstructorOptions[] | undefined) ?? [])]);
}
