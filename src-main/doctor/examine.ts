import type { LoadedConfig, LockHolder } from '../../src-core/system/index.ts';
import { checkDatabase } from './check-database.ts';
import { checkFolders, checkPermissions } from './check-folders.ts';
import { checkClock, checkPassword, checkPort } from './check-machine.ts';
import { checkNats } from './check-nats.ts';
import type { ProgramFiles } from '../program-files.ts';
import { fine, type Finding } from './check.ts';

export interface Examined {
  readonly loaded: LoadedConfig;
  /** The scheduler that works in the data folder, if there is one. */
  readonly running: LockHolder | undefined;
  /** Undefined: they are not unpacked, see lookAtProgram. */
  readonly files: ProgramFiles | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absent: the file is read through. A scheduler that looks at itself knows better, and shall not stand still. */
  readonly database?: () => Finding;
}

/** Everything a start needs, and whether it is there. */
export async function examine({ loaded, running, files, environment, database }: Examined): Promise<readonly Finding[]> {
  const { config, notes, file } = loaded;
  return [
    fine('settings', file.found ? file.path : `no ${file.path}, defaults are used`),
    ...notes.map((note) => ({ ...fine('settings', note), isNote: true })),
    fine('running', running ? `natsjob runs here with process id ${running.pid ?? 'unknown'} at ${running.url ?? 'an address it has not told yet'}` : 'no natsjob runs in this data folder'),
    ...checkFolders(config),
    checkPermissions(config),
    await checkPort(config, running),
    checkPassword(loaded),
    ...(await checkNats(config, files?.natsServerDirs, environment)),
    database === undefined ? await checkDatabase(config, files?.nativeBinding) : database(),
    await checkClock(config),
  ];
}
