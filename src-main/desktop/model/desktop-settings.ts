/** Settings of the desktop shell, kept in desktop.json; those of the scheduler are in config.yaml. */
export interface DesktopSettings {
  readonly openAtLogin: boolean;
  /** Whether the person has been asked about it. */
  readonly openAtLoginAsked: boolean;
  /** Closing the window leaves the scheduler running. */
  readonly closeToTray: boolean;
  /** Whether it has been told that closing does so. */
  readonly closeExplained: boolean;
  readonly notices: boolean;
  /** The computer does not go to sleep by itself while runs are active. */
  readonly keepAwake: boolean;
  readonly lookForUpdates: boolean;
  /** macOS: only the menu bar shows that it runs. */
  readonly hideDockIcon: boolean;
  /** Of the window; Chromium's steps, 0 = 100 %. */
  readonly zoomLevel: number;
  /** Listen beyond this machine; the login is asked for then as usual. */
  readonly shareOnNetwork: boolean;
}

export const DEFAULT_SETTINGS: DesktopSettings = {
  openAtLogin: false, openAtLoginAsked: false, closeToTray: true, closeExplained: false, notices: true, keepAwake: false, lookForUpdates: true,
  hideDockIcon: false, zoomLevel: 0, shareOnNetwork: false,
};

/** What a file says, over the defaults; a value of the wrong kind counts as absent. Undefined when it is no JSON object. */
export function readSettings(text: string): { settings: DesktopSettings; unknown: Readonly<Record<string, unknown>> } | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  const unknown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (!Object.hasOwn(DEFAULT_SETTINGS, name)) unknown[name] = value;
    else if (typeof value === typeof settings[name] && (typeof value !== 'number' || Math.abs(value) <= 10)) settings[name] = value;
  }
  return { settings: settings as unknown as DesktopSettings, unknown };
}

/** The file's text. Keys of a newer version, which this one does not know, are kept. */
export function settingsText(settings: DesktopSettings, unknown: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ ...unknown, ...settings }, undefined, 2)}\n`;
}
