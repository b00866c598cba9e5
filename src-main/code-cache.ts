import { existsSync } from 'node:fs';
import path from 'node:path';
import { readManifest, runtimeFolder } from './native-manifest.ts';

export interface Started {
  /** Without the program and its script. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly programDir: string;
}

/**
 * Where a packed program may keep what V8 has compiled: beside its unpacked files, once there are some. Undefined otherwise,
 * and when it cannot be seen at a glance where they are (a settings file names the data folder): that start is only slower.
 */
export function codeCacheFolder({ argv, environment, cwd, programDir }: Started): string | undefined {
  const manifest = readManifest(path.join(programDir, 'native'));
  if (manifest === undefined) return undefined;
  const runtime = runtimeFolder(path.resolve(cwd, givenDataDir(argv) || environment['NATSJOB_DATA_DIR'] || './data'), manifest);
  return existsSync(runtime) ? path.join(runtime, 'code') : undefined;
}

function givenDataDir(argv: readonly string[]): string | undefined {
  const at = argv.findLastIndex((word) => word === '--data' || word.startsWith('--data='));
  return argv[at] === '--data' ? argv[at + 1] : argv[at]?.slice('--data='.length);
}
