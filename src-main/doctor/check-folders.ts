import { accessSync, constants, existsSync, statSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { DataDirUnusableError, prepareDataDir, readLockHolder, type Config, type LockHolder } from '../../src-core/system/index.ts';
import { fine, problem, type Finding } from './check.ts';

const LEAST_FREE_BYTES = 2 ** 30;

/** The running scheduler in the data folder, if there is one. */
export async function runningHere(config: Config, nativeBinding: string | undefined): Promise<LockHolder | undefined> {
  return readLockHolder(config.dataDir, nativeBinding === undefined ? {} : { nativeBinding }).catch(() => undefined);
}

/** Data, log and settings folders: whether they can be written, and how much room there is. */
export function checkFolders(config: Config): Finding[] {
  return [checkData(config.dataDir), checkRoom(config.dataDir), checkOther('logs', config.logDir, 'choose another one with --logs'), checkOther('conf', config.confDir, 'choose another one with --conf, or go on without a file')];
}

/** One that is there is tried by writing; one that is not is not made just for looking. */
function checkData(dir: string): Finding {
  if (!existsSync(dir)) return checkOther('data', dir, 'choose another one with --data');
  try {
    prepareDataDir(dir);
    return fine('data folder', `${dir} can be written`);
  } catch (error) {
    if (!(error instanceof DataDirUnusableError)) throw error;
    return problem('data folder', error.message, error.reason === 'full' ? 'make room' : 'choose another one with --data, or change its owner');
  }
}

function checkRoom(dir: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(nearestExisting(dir));
    const free = bavail * bsize;
    const text = `${(free / 2 ** 30).toFixed(1)} GiB free`;
    return free >= LEAST_FREE_BYTES ? fine('disk', text) : problem('disk', text, 'make room: the run log and the database grow there');
  } catch (error) {
    return problem('disk', `cannot be asked (${(error as NodeJS.ErrnoException).code})`, 'look at the data folder');
  }
}

function checkOther(name: string, dir: string, todo: string): Finding {
  const place = nearestExisting(dir);
  try {
    if (!statSync(place).isDirectory()) return problem(`${name} folder`, `${place} is not a folder`, todo);
    accessSync(place, constants.W_OK);
    return fine(`${name} folder`, existsSync(dir) ? `${dir} can be written` : `${dir} will be made`);
  } catch (error) {
    return problem(`${name} folder`, `${place} cannot be written (${(error as NodeJS.ErrnoException).code})`, todo);
  }
}

/** Files that hold secrets and can be read by others. Windows has no such modes. */
export function checkPermissions(config: Config): Finding {
  if (process.platform === 'win32') return fine('permissions', 'as the folders give them');
  const open = [path.join(config.confDir, 'config.yaml'), path.join(config.dataDir, 'secret.key'), path.join(config.dataDir, 'login.json'), ...(config.database.kind === 'sqlite' ? [config.database.file] : [])]
    .filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
  return open.length === 0 ? fine('permissions', 'secrets are readable by their owner only') : problem('permissions', `others can read ${open.join(', ')}`, `chmod 600 ${open.join(' ')}`);
}

function nearestExisting(dir: string): string {
  for (let place = dir; ; place = path.dirname(place)) {
    if (existsSync(place) || path.dirname(place) === place) return place;
  }
}
