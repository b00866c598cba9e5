import { chmodSync, closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../src-core/system/index.ts';

export interface Backup {
  /** Of the file. */
  readonly name: string;
  readonly bytes: number;
  /** Epoch ms. */
  readonly at: number;
}

export interface Backups {
  /** Newest first. */
  list(): readonly Backup[];
  /** Makes a copy by way of `copy`, which fills the empty file it is given; what is half done has another name and goes. One at a time is the caller's care. */
  make(copy: (file: string) => Promise<void>): Promise<Backup>;
}

const MOST_KEPT = 10;
const NAME = /^natsjob-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z\.sqlite$/;

/** Copies of the database in a folder, named by the moment they were made; the newest ten stay. */
export function openBackups(dir: string, now: () => number): Backups {
  return {
    list,
    async make(copy) {
      makeFolders(dir, 0o700);
      const at = now();
      const name = `natsjob-${new Date(at).toISOString().replace(/[-:]/g, '')}.sqlite`;
      const file = path.join(dir, name);
      for (const left of readdirSync(dir)) if (left.endsWith('.new')) rmSync(path.join(dir, left), { force: true });
      try {
        closeSync(openSync(`${file}.new`, 'w', 0o600));
        await copy(`${file}.new`);
        if (process.platform !== 'win32') chmodSync(`${file}.new`, 0o600);
        renameSync(`${file}.new`, file);
      } catch (error) {
        rmSync(`${file}.new`, { force: true });
        throw error;
      }
      syncFolder(dir);
      for (const old of list().slice(MOST_KEPT)) rmSync(path.join(dir, old.name), { force: true });
      return { name, bytes: statSync(file).size, at };
    },
  };

  function list(): Backup[] {
    const backups: Backup[] = [];
    for (const name of namesIn(dir)) {
      const parts = NAME.exec(name)?.slice(1).map(Number) as [number, number, number, number, number, number, number] | undefined;
      const stat = parts && statSync(path.join(dir, name), { throwIfNoEntry: false });
      if (parts && stat?.isFile()) backups.push({ name, bytes: stat.size, at: Date.UTC(parts[0], parts[1] - 1, ...(parts.slice(2) as [number, number, number, number, number])) });
    }
    return backups.sort((a, b) => b.at - a.at);
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The new name survives a power cut. Windows cannot open folders, and does so by itself. */
function syncFolder(dir: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
