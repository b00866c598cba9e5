// The headless program as one file for each target: stage, pack, then what the platform wants done to it.
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { NODE, PrepareError, say } from '../../prepare.mjs';
import { binaryName } from '../targets.mjs';
import { finish } from './finish.mjs';
import { mendPkg } from './mend-pkg.mjs';
import { nodeVersion, pkgTarget, seedNode } from './node-binaries.mjs';
import { bundlePacked, stage } from './stage.mjs';

/** Leaves natsjob-<version>-<target>[.exe] in `out` for each target. Throws PrepareError. */
export async function run({ root, out, cache, version, targets }) {
  const home = path.join(cache, 'home');
  mendPkg(root);
  seedNode({ root, home, cache, targets });
  const bundles = await bundlePacked({ root, cache });
  for (const target of targets) {
    const started = Date.now();
    const folder = stage({ root, cache, version, target, bundles });
    const made = path.join(cache, 'packed', binaryName(version, target));
    pack({ root, home, folder, made, target });
    finish(made, target);
    mkdirSync(out, { recursive: true });
    const file = path.join(out, path.basename(made));
    renameSync(made, file);
    say(`Packed ${path.basename(file)}: ${(statSync(file).size / 1e6).toFixed(1)} MB in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}

/** One run of pkg for each target: a joint run would put every platform's files into every one. pkg keeps its Node below HOME. */
function pack({ root, home, folder, made, target }) {
  rmSync(made, { force: true });
  mkdirSync(path.dirname(made), { recursive: true });
  const script = path.join(root, 'build', 'package', 'node_modules', '@yao-pkg', 'pkg', 'lib-es5', 'bin.js');
  const words = [script, '.', '--sea', '-t', pkgTarget(nodeVersion(root), target), '-o', made];
  // The name of pkg's own temporary folder gets into the file: the same place everywhere, as far as the system has it.
  const env = { ...process.env, HOME: home, USERPROFILE: home, ...(process.platform === 'win32' ? {} : { TMPDIR: '/tmp' }) };
  const { status, stdout, stderr } = spawnSync(NODE, words, { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0) throw new PrepareError(`pkg failed for ${target.name}:\n${`${stdout}${stderr}`.trim().split('\n').slice(-12).join('\n')}`);
  forgetFolderName(made);
  chmodSync(made, 0o755);
}

/** The six random characters in the name of that folder would make every file another one. Node only shows the path in a stack. */
function forgetFolderName(file) {
  const handle = openSync(file, 'r+');
  try {
    const bytes = readFileSync(handle);
    const end = bytes.indexOf(`${path.sep}sea-main.js`);
    if (end < 0 || bytes.toString('latin1', end - 14, end - 6) !== 'pkg-sea-') throw new PrepareError(`${path.basename(file)} does not hold the path that pkg puts into it; see forgetFolderName in build/package/headless/step.mjs`);
    writeSync(handle, 'XXXXXX', end - 6, 'latin1');
  } finally {
    closeSync(handle);
  }
}
