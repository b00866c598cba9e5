import path from 'node:path';
import { isSea } from 'node:sea';

/** How this very program is started, word by word: the packed binary alone, or node with its flags and the script. */
export function runningProgram(): readonly string[] {
  const isPacked = isSea() || 'pkg' in process;
  const script = process.argv[1];
  return isPacked || script === undefined ? [process.execPath] : [process.execPath, ...process.execArgv, path.resolve(script)];
}
