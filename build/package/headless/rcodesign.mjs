// The signer for macOS: a Mac refuses arm64 programs without any signature. Ad hoc is enough to be run; Apple's own is for a Mac with the keys.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../nats-server/pin.mjs';
import { PrepareError, say } from '../../prepare.mjs';

const VERSION = '0.29.0';
const IDENTIFIER = 'natsjob';

/** Signs the file in place and gives true; false, with loud words, when there is no signer and no cargo to make one. Throws PrepareError. */
export function signAdHoc(file) {
  const signer = findSigner();
  if (signer === undefined) {
    say(`*** NOT SIGNED *** ${path.basename(file)}: no rcodesign on PATH and no cargo to install it (https://rustup.rs). Macs with Apple silicon will not run this file.`);
    return false;
  }
  const { status, stdout, stderr } = spawnSync(signer, ['sign', '--binary-identifier', IDENTIFIER, file], { encoding: 'utf8' });
  if (status !== 0) throw new PrepareError(`rcodesign failed on ${path.basename(file)}: ${`${stdout}${stderr}`.trim().split('\n').slice(-4).join('\n')}`);
  return true;
}

/** The command; it is made when it is missing. Undefined: there is no cargo to make it. Throws PrepareError. */
export function findSigner() {
  if (works('rcodesign')) return 'rcodesign';
  const root = path.join(cacheFolder(), 'tools', `apple-codesign-${VERSION}`);
  const cached = path.join(root, 'bin', process.platform === 'win32' ? 'rcodesign.exe' : 'rcodesign');
  if (existsSync(cached) && works(cached)) return cached;
  if (!works('cargo')) return undefined;
  say(`Installing apple-codesign ${VERSION} by cargo, about ten minutes, once for this user …`);
  const { status, stderr } = spawnSync('cargo', ['install', `apple-codesign@${VERSION}`, '--no-default-features', '--locked', '--root', root], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  if (status !== 0) throw new PrepareError(`cargo install apple-codesign failed: ${stderr.trim().split('\n').slice(-4).join('\n')}`);
  return cached;
}

function works(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}
