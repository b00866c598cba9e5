import { closeSync, existsSync, fsyncSync, linkSync, openSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { UnavailableError } from '../../domain/index.ts';

/** Left free beside a copy: the log of NATS mostly lies on the same disk. */
const SPARE_BYTES = 64 * 2 ** 20;

/** Where a snapshot that is given away lies; the tail tells one from the other. */
export function givenFile(file: string, tail: string): string {
  return `${file}.given-${tail}`;
}

/** Where one that is being taken grows. */
export function takenFile(file: string): string {
  return `${file}.taken`;
}

/** The view before the last snapshot that was taken: kept until the next. */
export function replacedFile(file: string): string {
  return `${file}.replaced`;
}

/** Of an earlier process: copies half made, and a swap without hard links that was cut short. For the start, under the lock. */
export function settleFiles(file: string): void {
  if (!existsSync(file) && existsSync(takenFile(file)) && existsSync(replacedFile(file))) renameSync(replacedFile(file), file);
  const base = path.basename(file);
  for (const name of readdirSync(path.dirname(file))) {
    if (name.startsWith(`${base}.given-`) || name.startsWith(`${base}.taken`)) rmSync(path.join(path.dirname(file), name), { force: true });
  }
}

/** Removes a copy and what SQLite may have put beside it. */
export function removeCopy(file: string): void {
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

/**
 * Puts the taken file in the place of the database, which nobody has open and which is one file without a log beside it. With
 * hard links, as almost everywhere, there is at no moment no database; without them settleFiles() gives the old one back.
 */
export function swapIn(file: string): void {
  removeCopy(replacedFile(file));
  try {
    linkSync(file, replacedFile(file));
  } catch {
    renameSync(file, replacedFile(file));
  }
  syncFolder(file);
  try {
    renameSync(takenFile(file), file);
  } catch (error) {
    if (!existsSync(file)) renameSync(replacedFile(file), file);
    throw error;
  }
  syncFolder(file);
}

/** The new file cannot be used after all: the old one comes back. */
export function swapBack(file: string): void {
  removeCopy(file);
  renameSync(replacedFile(file), file);
  syncFolder(file);
}

/** Throws UnavailableError unless so many bytes fit beside the file with something to spare. */
export function ensureRoom(file: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(path.dirname(file));
  if (bavail * bsize >= bytes + SPARE_BYTES) return;
  throw new UnavailableError(`There is no room for a snapshot beside ${file}: it takes ${megabytes(bytes)} MB and ${megabytes(SPARE_BYTES)} MB to spare, ${megabytes(bavail * bsize)} MB are free.`);
}

/** What the file system throws, in words. */
export function fileTrouble(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new UnavailableError(isFull ? `The disk is full: the snapshot ${file} does not fit on it.` : `The snapshot ${file} cannot be read or written (${String(error.code)}).`, { cause: error });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

/** The new names survive a power cut. Windows cannot open folders, and does so by itself. */
function syncFolder(file: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path.dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
