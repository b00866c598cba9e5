// The Node that goes into each file: npm's packages of it, checked against pinned hashes and laid where pkg looks for them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError, npmEnvironment, say } from '../../prepare.mjs';
import { ownTarget } from '../targets.mjs';

const CHECKSUMS = JSON.parse(readFileSync(new URL('./node-checksums.json', import.meta.url), 'utf8'));

/** The version that is embedded is the one everything is tested with. */
export function nodeVersion(root) {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).devDependencies.node;
}

/** What pkg calls the Node of a target. */
export function pkgTarget(version, { os, arch }) {
  return `node${version}-${os}-${arch}`;
}

/**
 * Puts the Node of the targets where pkg finds it below `home`, and this machine's as well, which pkg runs to make its blob.
 * Throws PrepareError.
 */
export function seedNode({ root, home, cache, targets }) {
  const version = nodeVersion(root);
  const own = ownTarget();
  if (own === undefined) throw new PrepareError(`packing is not possible on ${process.platform}-${process.arch}: it needs the Node of this machine from npm`);
  for (const target of new Set([own, ...targets])) seed(target, version, home, cache);
}

/** `name.ok` beside a file tells pkg that it was downloaded and checked; an empty archive spares the download. */
function seed(target, version, home, cache) {
  const isWindows = target.platform === 'win32';
  const stem = path.join(home, '.pkg-cache', 'sea', `node-v${version}-${isWindows ? 'win' : target.platform}-${target.arch}`);
  const binary = isWindows ? `${stem}.exe` : path.join(stem, 'bin', 'node');
  const archive = `${stem}.${isWindows ? 'zip' : 'tar.gz'}`;
  if (existsSync(`${binary}.ok`) && existsSync(binary)) return;
  const tarball = fetchTarball(target.nodePackage, version, cache);
  mkdirSync(path.dirname(binary), { recursive: true });
  extract(tarball, `package/bin/${isWindows ? 'node.exe' : 'node'}`, binary);
  for (const file of [archive, `${archive}.ok`, `${binary}.ok`]) writeFileSync(file, '');
}

function fetchTarball(name, version, cache) {
  const expected = CHECKSUMS[version]?.[name];
  if (expected === undefined) throw new PrepareError(`no pinned hash of ${name}@${version} in build/package/headless/node-checksums.json: add what npm view ${name}@${version} dist.integrity says`);
  const folder = path.join(cache, 'tarballs');
  const file = path.join(folder, `${name}-${version}.tgz`);
  if (existsSync(file) && integrityOf(file) === expected) return file;
  mkdirSync(folder, { recursive: true });
  say(`Fetching ${name}@${version} …`);
  const { command, args, options } = npmEnvironment(['pack', `${name}@${version}`, '--pack-destination', folder, '--silent', '--prefer-offline']);
  const { status, stdout, stderr } = spawnSync(command, args, { ...options, cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new PrepareError(`npm pack ${name}@${version} failed, is the npm registry reachable?\n${`${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n')}`);
  const found = integrityOf(file);
  if (found !== expected) throw new PrepareError(`${name}@${version} has the integrity ${found}, pinned is ${expected}`);
  return file;
}

function extract(tarball, member, file) {
  const part = `${file}.${process.pid}.new`;
  const { status, stdout, stderr } = spawnSync('tar', ['-xzOf', tarball, member], { maxBuffer: 512 * 2 ** 20 });
  if (status !== 0) throw new PrepareError(`${path.basename(tarball)} holds no ${member}: ${String(stderr).trim()}`);
  rmSync(part, { force: true });
  writeFileSync(part, stdout);
  chmodSync(part, 0o755);
  renameSync(part, file);
}

function integrityOf(file) {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
}
