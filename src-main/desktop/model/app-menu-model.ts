import { SEPARATOR, type MenuEntry, type Role } from './menu-entry.ts';
import type { Shown } from './tray-model.ts';
import { updateEntry } from './updates.ts';

/** The application menu: the full native one on macOS, where it is the only way to many things, and a lean one elsewhere. */
export function appMenuModel(shown: Pick<Shown, 'state' | 'texts' | 'platform'>): readonly MenuEntry[] {
  return shown.platform === 'darwin' ? macMenu(shown) : leanMenu(shown);
}

function macMenu({ state, texts }: Pick<Shown, 'state' | 'texts'>): readonly MenuEntry[] {
  return [
    {
      kind: 'menu', label: 'natsjob',
      entries: [
        role('about'), updateEntry(state.update, state.scheduler?.running ?? 0, texts), SEPARATOR,
        { kind: 'item', label: texts.settings, action: { do: 'open', path: '/settings' }, accelerator: 'Command+,' }, SEPARATOR,
        role('services'), SEPARATOR, role('hide'), role('hideOthers'), role('unhide'), SEPARATOR,
        { kind: 'item', label: texts.quit, action: { do: 'quit' }, accelerator: 'Command+Q' },
      ],
    },
    { kind: 'menu', label: texts.file, entries: [{ kind: 'item', label: texts.open, action: { do: 'open' }, accelerator: 'Command+N' }, role('close')] },
    { kind: 'menu', label: texts.edit, entries: [role('undo'), role('redo'), SEPARATOR, role('cut'), role('copy'), role('paste'), role('selectAll')] },
    viewMenu(texts.view),
    { kind: 'menu', label: texts.window, role: 'window', entries: [role('minimize'), role('zoom'), SEPARATOR, role('front')] },
    helpMenu({ texts }),
  ];
}

function leanMenu({ texts }: Pick<Shown, 'texts'>): readonly MenuEntry[] {
  return [
    {
      kind: 'menu', label: texts.file,
      entries: [{ kind: 'item', label: texts.settings, action: { do: 'open', path: '/settings' }, accelerator: 'Ctrl+,' }, SEPARATOR, { kind: 'item', label: texts.quit, action: { do: 'quit' }, accelerator: 'Ctrl+Q' }],
    },
    viewMenu(texts.view),
    helpMenu({ texts }),
  ];
}

function viewMenu(label: string): MenuEntry {
  return { kind: 'menu', label, entries: [role('reload'), SEPARATOR, role('resetZoom'), role('zoomIn'), role('zoomOut'), SEPARATOR, role('togglefullscreen')] };
}

function helpMenu({ texts }: Pick<Shown, 'texts'>): MenuEntry {
  return {
    kind: 'menu', label: texts.help, role: 'help',
    entries: [
      { kind: 'item', label: texts.logs, action: { do: 'logs' } },
      { kind: 'item', label: texts.copyDiagnostics, action: { do: 'copy-diagnostics' } },
      { kind: 'item', label: texts.report, action: { do: 'report' } },
    ],
  };
}

function role(name: Role): MenuEntry {
  return { kind: 'role', role: name };
}
