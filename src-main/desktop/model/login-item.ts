/** Given to the program when the system starts it: no window is opened. */
export const HIDDEN_FLAG = '--hidden';

export interface LoginSurroundings {
  readonly platform: NodeJS.Platform;
  /** The program that runs; of an AppImage the file itself, as what it unpacks to is gone at the next start. */
  readonly program: string;
  /** $XDG_CONFIG_HOME, or ~/.config. */
  readonly configHome: string;
}

export type LoginPlan =
  /** For app.setLoginItemSettings. */
  | { readonly kind: 'system'; readonly settings: { readonly openAtLogin: boolean; readonly path?: string; readonly args?: string[] } }
  /** Linux has no call for it: a file, or its absence. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string | undefined };

/** What makes the system start the program at login, or no longer do so. */
export function loginPlan(openAtLogin: boolean, { platform, program, configHome }: LoginSurroundings): LoginPlan {
  if (platform === 'linux') return { kind: 'file', path: `${configHome}/autostart/natsjob.desktop`, text: openAtLogin ? autostartFile(program) : undefined };
  // macOS tells by wasOpenedAtLogin; it passes no arguments on.
  if (platform === 'darwin') return { kind: 'system', settings: { openAtLogin } };
  return { kind: 'system', settings: { openAtLogin, path: program, args: [HIDDEN_FLAG] } };
}

/** Whether this start was the system's at login, and so opens no window. */
export function startsHidden(argv: readonly string[], wasOpenedAtLogin: boolean): boolean {
  return wasOpenedAtLogin || argv.includes(HIDDEN_FLAG);
}

function autostartFile(program: string): string {
  return ['[Desktop Entry]', 'Type=Application', 'Name=natsjob', 'Comment=Job scheduler over NATS', `Exec=${quoted(program)} ${HIDDEN_FLAG}`, 'Terminal=false', 'X-GNOME-Autostart-enabled=true', ''].join('\n');
}

/** As the Desktop Entry Specification wants it: quoted for the command line, and backslashes once more for the file; % would be a field. */
function quoted(program: string): string {
  const forCommand = program.replace(/["`$\\]/g, (sign) => `\\${sign}`);
  return `"${forCommand.replaceAll('\\', '\\\\').replaceAll('%', '%%')}"`;
}
