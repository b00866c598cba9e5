import { existsSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from './native-manifest.ts';
import { unpackRuntime } from './runtime-files.ts';

/** The parts of the running program beside its own script. */
export interface ProgramFiles {
  readonly panelDir: string | undefined;
  /** Script of the reader thread. */
  readonly readerEntry: string;
  /** Path of better-sqlite3's native part; undefined: it is found in node_modules. */
  readonly nativeBinding: string | undefined;
  /** Looked into first for nats-server. */
  readonly natsServerDirs: readonly string[];
  /** natsjob-helper.exe, on Windows only. */
  readonly helper: string | undefined;
}

/**
 * Finds the parts of the running program: packed into one file, laid out raw by an installer, built, or as sources. A packed
 * one unpacks its native files once into `<dataDir>/runtime/<sha>/`; the data folder must be there then. Rejects with
 * DataDirUnusableError, NotExecutableError or DamagedProgramError.
 */
export async function openProgramFiles(programDir: string, dataDir: string): Promise<ProgramFiles> {
  const packedDir = path.join(programDir, 'native');
  const manifest = readManifest(packedDir);
  const nativeDir = manifest === undefined ? packedDir : await unpackRuntime({ manifest, packedDir, dataDir });
  return {
    panelDir: existing(path.join(programDir, 'panel')),
    readerEntry: readerEntry(programDir),
    nativeBinding: existing(path.join(nativeDir, 'better_sqlite3.node')),
    natsServerDirs: [nativeDir, programDir],
    helper: existing(path.join(nativeDir, 'natsjob-helper.exe')),
  };
}

/** Whether it brings its native files packed. */
export function isPacked(programDir: string): boolean {
  return existsSync(path.join(programDir, 'native', 'manifest.json'));
}

/** Bundled it lies beside the program; from the sources it is the source. */
function readerEntry(programDir: string): string {
  return existing(path.join(programDir, 'sql-reader.mjs')) ?? path.join(programDir, '..', 'src-core', 'sql', 'reader-thread.ts');
}

function existing(file: string): string | undefined {
  return existsSync(file) ? file : undefined;
}
