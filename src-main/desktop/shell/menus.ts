import type { Menu, MenuItemConstructorOptions } from 'electron';
import type { Action, MenuEntry } from '../model/menu-entry.ts';
import type { ElectronParts } from './electron-parts.ts';

/** Makes one of Electron's menus of our entries. */
export function menuOf(entries: readonly MenuEntry[], menus: ElectronParts['Menu'], act: (action: Action) => void): Menu {
  return menus.buildFromTemplate(template(entries, act));
}

function template(entries: readonly MenuEntry[], act: (action: Action) => void): MenuItemConstructorOptions[] {
  return entries.map((entry): MenuItemConstructorOptions => {
    switch (entry.kind) {
      case 'separator': return { type: 'separator' };
      case 'line': return { label: plain(entry.label), enabled: false };
      case 'role': return { role: entry.role };
      case 'menu': return { label: plain(entry.label), ...(entry.role === undefined ? {} : { role: entry.role }), submenu: template(entry.entries, act) };
      case 'item': return {
        label: plain(entry.label), enabled: entry.enabled ?? true, click: () => act(entry.action),
        ...(entry.checked === undefined ? {} : { type: 'checkbox', checked: entry.checked }),
        ...(entry.accelerator === undefined ? {} : { accelerator: entry.accelerator }),
      };
    }
  });
}

/** A job may have any name; & would mark a key. */
function plain(label: string): string {
  return label.replaceAll('&', '&&');
}
