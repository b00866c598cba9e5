import type { Menu, Tray } from 'electron';
import path from 'node:path';
import type { Action } from '../model/menu-entry.ts';
import { trayModel, type Shown, type TrayIcon } from '../model/tray-model.ts';
import type { ElectronParts } from './electron-parts.ts';
import { menuOf } from './menus.ts';

export interface TrayOptions {
  readonly electron: Pick<ElectronParts, 'Tray' | 'Menu' | 'nativeImage'>;
  readonly platform: NodeJS.Platform;
  /** Folder with the tray's pictures. */
  readonly iconDir: string;
  readonly act: (action: Action) => void;
}

/** The picture of a state: a template on macOS, which the system colours, several sizes in one on Windows. */
export function trayIconFile(icon: TrayIcon, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return `${icon}Template.png`;
  return `${icon}.${platform === 'win32' ? 'ico' : 'png'}`;
}

/** Shows the model in the tray. Its menu is made anew on every change: Linux takes nothing less. */
export function trayIcon({ electron, platform, iconDir, act }: TrayOptions): { show(shown: Shown): void; remove(): void } {
  const pictureOf = (icon: TrayIcon) => {
    const image = electron.nativeImage.createFromPath(path.join(iconDir, trayIconFile(icon, platform)));
    if (platform === 'darwin') image.setTemplateImage(true);
    return image;
  };
  let tray: Tray | undefined;
  let last = '';
  let lastIcon: TrayIcon | undefined;
  return {
    show(shown) {
      const model = trayModel(shown);
      const text = JSON.stringify(model);
      if (text === last) return;
      last = text;
      if (!tray) {
        tray = new electron.Tray(pictureOf(model.icon));
        // Windows: left opens, right shows the menu. Elsewhere the menu comes by itself, and a click need not arrive.
        tray.on('click', () => {
          if (platform === 'win32') act({ do: 'open' });
        });
        tray.on('double-click', () => act({ do: 'open' }));
      } else if (lastIcon !== model.icon) {
        tray.setImage(pictureOf(model.icon));
      }
      lastIcon = model.icon;
      tray.setToolTip(model.tooltip);
      const menu: Menu = menuOf(model.entries, electron.Menu, act);
      tray.setContextMenu(menu);
    },
    remove() {
      tray?.destroy();
      tray = undefined;
    },
  };
}
