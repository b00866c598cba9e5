/** What a person can ask for in tray and menus. */
export type Action =
  | { readonly do: 'open'; readonly path?: string }
  | { readonly do: 'run'; readonly jobId: string }
  /** Without minutes: until it is resumed. */
  | { readonly do: 'pause'; readonly minutes?: number }
  | { readonly do: 'set'; readonly setting: 'openAtLogin' | 'closeToTray' | 'notices' | 'keepAwake' | 'lookForUpdates' | 'hideDockIcon'; readonly to: boolean }
  | { readonly do: 'resume' | 'failures' | 'logs' | 'check-for-updates' | 'install-update' | 'start-scheduler' | 'copy-diagnostics' | 'report' | 'quit' };

/** Menus as values: Electron's own are made of them in one place. Roles are Electron's, which translates and binds them. */
export type MenuEntry =
  | { readonly kind: 'line'; readonly label: string }
  | { readonly kind: 'item'; readonly label: string; readonly action: Action; readonly enabled?: boolean; readonly checked?: boolean; readonly accelerator?: string }
  | { readonly kind: 'menu'; readonly label: string; readonly entries: readonly MenuEntry[]; readonly role?: 'help' | 'window' }
  | { readonly kind: 'role'; readonly role: Role }
  | { readonly kind: 'separator' };

export type Role =
  | 'about' | 'services' | 'hide' | 'hideOthers' | 'unhide' | 'undo' | 'redo' | 'cut' | 'copy' | 'paste' | 'selectAll'
  | 'reload' | 'resetZoom' | 'zoomIn' | 'zoomOut' | 'togglefullscreen' | 'minimize' | 'zoom' | 'front' | 'close';

export const SEPARATOR: MenuEntry = { kind: 'separator' };
