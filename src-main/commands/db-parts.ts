import type { Log } from '../../src-core/system/index.ts';
import { prepareDataDir, type Config } from '../../src-core/system/index.ts';
import { openProgramFiles } from '../program-files.ts';
import type { CommandContext } from '../cli/command.ts';

/** What a command that looks into a database has to say it says itself. */
export const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

/** Where better-sqlite3's native part lies; a packed program unpacks it into the data folder, which is made for that. */
export async function sqliteBinding({ programDir }: CommandContext, { dataDir }: Config): Promise<{ nativeBinding?: string }> {
  prepareDataDir(dataDir);
  const { nativeBinding } = await openProgramFiles(programDir, dataDir);
  return nativeBinding === undefined ? {} : { nativeBinding };
}
