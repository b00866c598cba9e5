import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** native/manifest.json of a packed program. */
export interface NativeManifest {
  readonly files: readonly NativeFile[];
  /** Of the manifest's text, shortened: names the folder the files are unpacked to. */
  readonly sha: string;
}

export interface NativeFile {
  /** What it is unpacked as. */
  readonly name: string;
  /** Its name in the package, packed by zstd. */
  readonly packed: string;
  /** Hex, of the unpacked file. */
  readonly sha256: string;
  /** Of the unpacked file. */
  readonly bytes: number;
}

/** What lies in the program's own file is not what was packed. */
export class DamagedProgramError extends Error {
  override readonly name = 'DamagedProgramError';
  constructor(part: string, cause?: unknown) {
    super(`The natsjob program is damaged (its part ${part} is not what was packed): download it again and compare its SHA-256.`, { cause });
  }
}

/** Of a packed program's native folder; undefined when there is none. Throws DamagedProgramError. */
export function readManifest(packedDir: string): NativeManifest | undefined {
  let text: string;
  try {
    text = readFileSync(path.join(packedDir, 'manifest.json'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { files } = JSON.parse(text) as { files: readonly NativeFile[] };
    return { files, sha: createHash('sha256').update(text).digest('hex').slice(0, 16) };
  } catch (error) {
    throw new DamagedProgramError('native/manifest.json', error);
  }
}

/** Where the program with this manifest has its native files. */
export function runtimeFolder(dataDir: string, { sha }: NativeManifest): string {
  return path.join(dataDir, 'runtime', sha);
}
