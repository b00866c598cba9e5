import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from './make-folders.ts';

/** The data folder cannot be written. `reason` tells mistakes of set-up from a disk that may have room again later. */
export class DataDirUnusableError extends Error {
  override readonly name = 'DataDirUnusableError';
  readonly reason: 'read-only' | 'full' | 'not-a-folder' | 'other';
  constructor(dir: string, cause: NodeJS.ErrnoException) {
    const [reason, sentence] = explain(cause);
    super(`The data folder ${dir} ${sentence}.`, { cause });
    this.reason = reason;
  }
}

const PROBE_BYTES = 4_096;

/** Makes the folder if need be and sees that a file can be written there. Throws DataDirUnusableError. */
export function prepareDataDir(dir: string): void {
  const probe = path.join(dir, `.probe-${process.pid}`);
  try {
    // The database and the key in it are nobody else's business.
    makeFolders(dir, 0o700);
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
  } catch (error) {
    throw new DataDirUnusableError(dir, error as NodeJS.ErrnoException);
  } finally {
    try {
      rmSync(probe, { force: true });
    } catch {
      // Where nothing could be written there is nothing to remove.
    }
  }
}

function explain({ code, message }: NodeJS.ErrnoException): ['read-only' | 'full' | 'not-a-folder' | 'other', string] {
  if (code === 'EROFS') return ['read-only', 'is on a read-only file system; choose another one with --data'];
  if (code === 'EACCES' || code === 'EPERM') return ['read-only', 'cannot be written by this user; give it to this user or choose another one with --data'];
  if (code === 'ENOSPC' || code === 'EDQUOT') return ['full', 'is on a full disk; make room or choose another one with --data'];
  if (code === 'ENOTDIR' || code === 'EEXIST') return ['not-a-folder', 'is not a folder; choose another one with --data'];
  return ['other', `cannot be used (${code ?? message})`];
}
