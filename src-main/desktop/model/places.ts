import path from 'node:path';

export interface PlaceSurroundings {
  /** app.getPath('userData'). */
  readonly userData: string;
  /** app.getPath('logs'). */
  readonly logs: string;
  /** Windows: the folder for what stays on this machine, while `userData` may follow its person to others; undefined elsewhere. */
  readonly localData: string | undefined;
  /** Folder of the program's own file. */
  readonly programDir: string;
  /** Set by the portable build's launcher: where its file lies, not where it unpacked itself to. */
  readonly portableDir: string | undefined;
  /** Whether `portable.flag` lies beside the program. */
  readonly hasFlag: boolean;
}

export interface Places {
  readonly isPortable: boolean;
  /** The browser's profile and the shell's own files. */
  readonly userData: string;
  /** Of the scheduler. */
  readonly data: string;
  readonly conf: string;
  readonly logs: string;
}

export const PORTABLE_FLAG = 'portable.flag';

/** Where everything lies: in the user's folder, or beside a portable program. */
export function placesOf({ userData, logs, localData, programDir, portableDir, hasFlag }: PlaceSurroundings): Places {
  const isPortable = portableDir !== undefined || hasFlag;
  const home = isPortable ? path.join(portableDir ?? programDir, 'natsjob-data') : userData;
  const own = isPortable ? home : (localData ?? home);
  return { isPortable, userData: home, data: path.join(own, 'data'), conf: path.join(own, 'conf'), logs: own === userData ? logs : path.join(own, 'logs') };
}
