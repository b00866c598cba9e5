import { existsSync } from 'node:fs';
import path from 'node:path';
import { isPacked, openProgramFiles, type ProgramFiles } from '../program-files.ts';
import { fine, problem, type Finding } from './check.ts';

export interface ProgramLook {
  /** Undefined when the native files of a packed program are not there to look with. */
  readonly files: ProgramFiles | undefined;
  /** What there is to say of it; of a program that is not packed, nothing. */
  readonly findings: readonly Finding[];
}

/** Opens the parts of the program. The data folder, which a packed one unpacks into, is not made just for looking. */
export async function lookAtProgram(programDir: string, dataDir: string): Promise<ProgramLook> {
  if (!isPacked(programDir)) return { files: await openProgramFiles(programDir, dataDir), findings: [] };
  if (!existsSync(dataDir)) return { files: undefined, findings: [fine('program', `its native parts will be unpacked into ${path.join(dataDir, 'runtime')}`)] };
  try {
    const files = await openProgramFiles(programDir, dataDir);
    return { files, findings: [fine('program', `its native parts are in ${files.natsServerDirs[0]}`)] };
  } catch (error) {
    return { files: undefined, findings: [problem('program', error instanceof Error ? error.message : String(error), 'see what is said')] };
  }
}
