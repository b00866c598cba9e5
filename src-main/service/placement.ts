import path from 'node:path';
import type { ManagerKind } from './places.ts';
import type { ServiceSpec } from './service-spec.ts';

export interface Placement {
  /** Why such a service would not start, with what to do; '' when nothing stands against it. */
  readonly problem: string;
  /** Sentences worth saying. */
  readonly warnings: readonly string[];
}

/** Hidden from the system service on Linux: other people's homes, and the temporary folders of others. */
const HIDDEN = ['/home', '/root', '/run/user', '/tmp', '/var/tmp'];

/** Looks at where the program and the folders lie. */
export function judgePlacement(spec: ServiceSpec, manager: ManagerKind, { home, temporaryDir }: { home: string; temporaryDir: string }): Placement {
  const files = spec.program.filter((word) => isAbsolute(word));
  const named = spec.flags.map((flag) => flag.slice(flag.indexOf('=') + 1)).filter(isAbsolute);
  const hidden = manager === 'systemd' && spec.scope === 'system' ? [...files, spec.dataDir, spec.confDir, spec.logDir, ...named].find((file) => HIDDEN.some((folder) => isInside(file, folder))) : undefined;
  const passing = [temporaryDir, '/tmp', '/var/tmp', join(home, 'Downloads'), '/Volumes', '/private/var/folders'];
  return {
    problem: hidden === undefined ? '' : `A service of the whole machine cannot see ${hidden}: homes and temporary folders are hidden from it. ${files.includes(hidden) ? advice(spec.program, hidden) : named.includes(hidden) ? 'Put it somewhere else, as in /etc/natsjob' : 'Choose another folder with --data, --conf and --logs'}, or install it for yourself with --user.`,
    warnings: files.filter((file) => passing.some((folder) => isInside(file, folder))).map((file) => `${file} lies where files come and go. The service needs it at every start: move it to a place where it stays, and install from there.`),
  };
}

function advice(program: readonly string[], hidden: string): string {
  return program.length === 1 ? `Put the program where it stays (sudo install -m 755 '${hidden}' /usr/local/bin/natsjob) and install from there` : 'Put the program where it stays, as in /opt/natsjob, and install from there';
}

function isInside(file: string, folder: string): boolean {
  return folder !== '' && (file === folder || file.startsWith(folder.endsWith(separator(folder)) ? folder : folder + separator(folder)));
}

function separator(folder: string): string {
  return folder.includes('\\') ? '\\' : '/';
}

function isAbsolute(word: string): boolean {
  return path.posix.isAbsolute(word) || /^[A-Za-z]:\\/.test(word);
}

function join(home: string, name: string): string {
  return `${home}${separator(home)}${name}`;
}
