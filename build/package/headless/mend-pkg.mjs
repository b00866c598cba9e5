// What pkg's start does otherwise than a program that anybody may run.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError } from '../../prepare.mjs';

/**
 * pkg asks for the home folder at each start, for native files that we never load that way, and dies where there is none: of
 * a user without an account and without HOME, as container platforms give. The folder for temporary files is always known.
 */
const ASKS = 'path.join(homedir(), ".cache")';
const MENDED = 'path.join(require("os").tmpdir(), "pkg")';

/** Throws PrepareError when pkg is not as it was when this was written. */
export function mendPkg(root) {
  const file = path.join(root, 'build', 'package', 'node_modules', '@yao-pkg', 'pkg', 'prelude', 'sea-bootstrap.bundle.js');
  const text = readFileSync(file, 'utf8');
  if (text.includes(MENDED)) return;
  // Once for the program, once for its threads.
  if (text.split(ASKS).length !== 3) throw new PrepareError('pkg asks for the home folder in another way than build/package/headless/mend-pkg.mjs knows');
  writeFileSync(`${file}.${process.pid}`, text.replaceAll(ASKS, MENDED));
  renameSync(`${file}.${process.pid}`, file);
}
