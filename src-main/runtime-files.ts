import { createHash, randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { DataDirUnusableError } from '../src-core/system/index.ts';
import { DamagedProgramError, runtimeFolder, type NativeFile, type NativeManifest } from './native-manifest.ts';

/** Files in the data folder may not be run. */
export class NotExecutableError extends Error {
  override readonly name = 'NotExecutableError';
  constructor(file: string, cause: unknown) {
    super(`${file} cannot be run: the data folder is on a file system without programs (noexec), or a rule of this machine forbids it. Choose another folder with --data.`, { cause });
  }
}

/** Written last, beside the files: names, sizes and times as they were right after unpacking. */
const STAMP = 'unpacked.json';
const unpackZstd = promisify(zstdDecompress);

export interface UnpackOptions {
  readonly manifest: NativeManifest;
  readonly packedDir: string;
  readonly dataDir: string;
}

/**
 * Gives the folder with the program's native files, each as the manifest says. What lies there since an earlier start is
 * believed while size and time are those of the stamp, else read through and made anew if it differs. Several may start at
 * once: each file comes under its name whole. Rejects with DataDirUnusableError, NotExecutableError or DamagedProgramError.
 */
export async function unpackRuntime({ manifest, packedDir, dataDir }: UnpackOptions): Promise<string> {
  const folder = runtimeFolder(dataDir, manifest);
  if (!isAsStamped(folder, manifest)) {
    try {
      makeFolder(path.dirname(folder));
      makeFolder(folder);
      // All of them to their ends: what fails leaves no other still writing.
      const ends = await Promise.allSettled(manifest.files.map((file) => ensureFile(folder, file, packedDir)));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      writeStamp(folder, manifest);
    } catch (error) {
      throw isSystemError(error) ? new DataDirUnusableError(dataDir, error) : error;
    }
  }
  for (const { name } of manifest.files) requireExecutable(path.join(folder, name));
  return folder;
}

/**
 * Removes what other versions of the program unpacked, as far as nothing of it is in use, and what killed ones left half done.
 * Only for the one that has the data folder's lock. Does nothing for a program that has unpacked nothing.
 */
export function removeOtherRuntimes(dataDir: string, nativeBinding: string | undefined): void {
  const parent = path.join(dataDir, 'runtime');
  const used = nativeBinding === undefined ? '' : path.dirname(nativeBinding);
  if (path.dirname(used) !== parent) return;
  const others = namesIn(parent).map((name) => path.join(parent, name)).filter((folder) => folder !== used);
  const halfDone = namesIn(used).filter((name) => name.endsWith('.new')).map((name) => path.join(used, name));
  for (const left of [...others, ...halfDone]) {
    try {
      rmSync(left, { recursive: true, force: true });
    } catch {
      // Windows keeps a running program's file; the next start tries again.
    }
  }
}

/** One level: asked for several at once, a read-only file system is told as ENOENT. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
  }
}

async function ensureFile(folder: string, { name, packed, sha256, bytes }: NativeFile, packedDir: string): Promise<void> {
  const file = path.join(folder, name);
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isFile() && there.size === bytes && hashOf(readFileSync(file)) === sha256) {
    chmodSync(file, 0o755);
    return;
  }
  const content = await unpackZstd(readFileSync(path.join(packedDir, packed))).catch((error: unknown) => {
    throw new DamagedProgramError(name, error);
  });
  if (hashOf(content) !== sha256) throw new DamagedProgramError(name);
  const fresh = freshName(file);
  try {
    writeFileSync(fresh, content, { mode: 0o755, flush: true });
    // The mode above is less what umask takes.
    chmodSync(fresh, 0o755);
    replace(fresh, file, sha256);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** On Windows a file in use cannot be replaced: if it is the right one by now, that is as good. */
function replace(fresh: string, file: string, sha256: string): void {
  try {
    renameSync(fresh, file);
  } catch (error) {
    if (!isSystemError(error) || !statSync(file, { throwIfNoEntry: false })?.isFile() || hashOf(readFileSync(file)) !== sha256) throw error;
  }
}

function isAsStamped(folder: string, { files }: NativeManifest): boolean {
  try {
    return readFileSync(path.join(folder, STAMP), 'utf8') === stampOf(folder, files);
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

function writeStamp(folder: string, { files }: NativeManifest): void {
  const fresh = freshName(path.join(folder, STAMP));
  writeFileSync(fresh, stampOf(folder, files));
  renameSync(fresh, path.join(folder, STAMP));
}

/** Throws what node:fs throws when one is missing. */
function stampOf(folder: string, files: readonly NativeFile[]): string {
  return JSON.stringify(files.map(({ name, sha256 }) => {
    const { size, mtimeMs } = statSync(path.join(folder, name));
    return { name, sha256, size, mtimeMs };
  }));
}

/** Process ids are not enough: containers that share a folder have the same ones. */
function freshName(file: string): string {
  return `${file}.${randomBytes(4).toString('hex')}.new`;
}

function requireExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch (error) {
    throw new NotExecutableError(file, error);
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function hashOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
