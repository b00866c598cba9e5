import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder with those it lies in, as far as they are missing. Throws what node:fs throws.
 *
 * Node's own recursive mkdirSync never returns where a folder that is there refuses a new one with ENOENT, as /proc does.
 */
export function makeFolders(dir: string, mode = 0o777): void {
  if (isFolder(dir)) return;
  const parent = path.dirname(dir);
  if (parent !== dir) makeFolders(parent, mode);
  try {
    mkdirSync(dir, { mode });
  } catch (error) {
    // Another process may have been first.
    if (!isFolder(dir)) throw error;
  }
}

function isFolder(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;
}
