// What stands beside the programs on a release page.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError, isOnProjectNode, say } from '../../prepare.mjs';
import { natsServerFor, windowsHelperFor } from '../headless/go-parts.mjs';
import { binaryName } from '../targets.mjs';
import { tarGz, zip } from './archives.mjs';
import { feedDocument, licenceDocument, notesOf, sumsDocument } from './documents.mjs';
import { allParts } from './parts.mjs';
import { makeSbom, validateSbom } from './sbom.mjs';

/** A person on a slow line waits long enough for this. */
const MOST_BYTES = 55e6;
const LICENCES = 'THIRD-PARTY-LICENSES.txt';
const SUMS = 'SHA256SUMS';
/** What the desktop step leaves when it could make whole programs. */
const DESKTOP = /^natsjob-desktop-/;

/**
 * From the binaries in `out`: an archive for each, the licences and the bill of materials of what is inside, latest.json and the
 * sums of all files there. Needs Go, which knows what the Go programs hold. The same inputs and commit give the same bytes.
 * Throws PrepareError or LicenceError.
 */
export async function run({ root, out, version, targets }) {
  // It is asked what it is made of, and how it compresses is in the archives.
  if (!isOnProjectNode()) throw new PrepareError('the release step runs on the Node that is shipped: npm run package -- release');
  const at = releaseTime(root);
  const found = targets.filter((target) => existsSync(path.join(out, binaryName(version, target))));
  if (found.length === 0) throw new PrepareError(`there is no binary in ${path.relative(root, out)}: run npm run package -- headless`);
  for (const { name } of targets.filter((target) => !found.includes(target))) say(`release: no binary for ${name}, so no download for it`);
  for (const name of readdirSync(out)) if (!name.includes(version) && ![LICENCES, SUMS, 'latest.json'].includes(name) && !/^latest.*\.yml$/.test(name)) say(`release: ${name} is of no version ${version}; it is summed up with the rest`);

  const goPrograms = found.flatMap((target) => [{ file: natsServerFor(target), use: 'nats-server' }, { file: windowsHelperFor(target, root), use: 'natsjob-helper' }]).filter(({ file }) => file !== undefined);
  const parts = await allParts({ root, goPrograms, hasDesktop: readdirSync(out).some((name) => DESKTOP.test(name)) });
  writeFileSync(path.join(out, LICENCES), licenceDocument(version, parts));
  const seconds = Math.floor(at.getTime() / 1000);
  const downloads = found.map((target) => writeArchive({ root, out, version, target, seconds }));
  writeFileSync(path.join(out, 'latest.json'), feedDocument({ version, at, notes: notesOf(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'), version), files: downloads }));
  const sbom = makeSbom({ version, at, parts, files: downloads });
  await validateSbom(sbom);
  writeFileSync(path.join(out, `natsjob-${version}.cdx.json`), `${JSON.stringify(sbom, null, 2)}\n`);
  rmSync(path.join(out, SUMS), { force: true });
  const files = readdirSync(out).filter((name) => statSync(path.join(out, name)).isFile()).sort();
  writeFileSync(path.join(out, SUMS), sumsDocument(files.map((name) => summed(out, name))));
  say(`release: ${downloads.length} downloads, ${parts.length} parts of others, ${files.length} files in ${SUMS}`);
}

/** The moment of the commit, so that the same commit makes the same files; SOURCE_DATE_EPOCH beats it. */
function releaseTime(root) {
  const seconds = process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim();
  if (!/^\d{1,10}$/.test(seconds)) throw new PrepareError(`SOURCE_DATE_EPOCH must be whole seconds since 1970, not "${seconds}"`);
  return new Date(Number(seconds) * 1000);
}

/** One folder with the program under its plain name and what has to go along. */
function writeArchive({ root, out, version, target, seconds }) {
  const binary = binaryName(version, target);
  const folder = `natsjob-${version}-${target.name}`;
  const isZip = target.suffix !== '';
  const name = `${folder}${isZip ? '.zip' : '.tar.gz'}`;
  const texts = [['LICENSE', root], [LICENCES, out], ['README.md', root], ['README.zh-CN.md', root]].map(([file, from]) => ({ name: `${folder}/${file}`, data: readFileSync(path.join(from, file)) }));
  const files = [{ name: `${folder}/natsjob${target.suffix}`, data: readFileSync(path.join(out, binary)), isExecutable: true }, ...texts];
  const packed = (isZip ? zip : tarGz)(files, seconds);
  if (packed.length > MOST_BYTES) throw new PrepareError(`${name} has ${(packed.length / 1e6).toFixed(1)} MB, more than ${MOST_BYTES / 1e6}`);
  writeFileSync(path.join(out, name), packed);
  say(`release: ${name} ${(packed.length / 1e6).toFixed(1)} MB`);
  return { target: target.name, ...summed(out, name) };
}

function summed(out, name) {
  const data = readFileSync(path.join(out, name));
  return { name, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
}
