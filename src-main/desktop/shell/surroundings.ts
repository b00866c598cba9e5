import type { AppUpdater } from 'electron-updater';
import type { ElectronParts, Timers } from './electron-parts.ts';

/** All that the shell gets from outside. */
export interface ShellSurroundings {
  readonly electron: ElectronParts;
  readonly timers: Timers;
  readonly platform: NodeJS.Platform;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The program's own file. */
  readonly execPath: string;
  /** Folder of this bundle: preload and scheduler process lie beside it. */
  readonly bundleDir: string;
  /** Folder of the parts: panel, reader script, native files. */
  readonly coreDir: string;
  /** Folder of the tray's pictures. */
  readonly trayIconDir: string;
  /** Whether a feed of updates was built in. */
  readonly hasFeed: boolean;
  readonly loadUpdater: () => Promise<AppUpdater>;
}
