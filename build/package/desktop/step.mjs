// The desktop console: installers where Electron is to be had, else the same layout around files that stand in for Electron.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE, PrepareError, isOnProjectNode, say } from '../../prepare.mjs';
import { bundlePacked, nativeFiles } from '../headless/stage.mjs';
import { desktopPlaces } from './places.mjs';
import { planDesktop, signingOf } from './plan.mjs';
import { stageApp, stageLicences, stageParts } from './stage.mjs';
import { layAppImageTools } from './stand-in/appimage-tools.mjs';
import { layStandIn } from './stand-in/dist.mjs';
import { layNsisTools } from './stand-in/nsis-tools.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * NATSJOB_ELECTRON=download lets electron-builder fetch Electron, a path names a folder with its zip archives: then installers and
 * update feed go to `out`. Without it nothing that looks like an installer gets there: the results stay where `desktopPlaces` says.
 * NATSJOB_UPDATE_FEED is the address that the programs look for updates at. Throws PrepareError.
 */
export async function run({ root, out, cache, version, targets }) {
  if (!isOnProjectNode()) throw new PrepareError('the desktop step runs on the Node that is shipped: npm run package -- desktop');
  const tools = findTools();
  const plan = planDesktop({ targets, host: process.platform, electron: process.env.NATSJOB_ELECTRON || undefined, tools: canMake(tools) });
  const { home, made: installers, standIn } = desktopPlaces(root);
  const app = path.join(home, 'app');
  await stageApp({ root, folder: app, version });
  const licences = path.join(home, 'THIRD-PARTY-LICENSES.txt');
  await stageLicences({ root, file: licences, version, targets });
  const bundles = await bundlePacked({ root, cache });
  for (const { os, arches, kinds } of plan.builds) {
    const started = Date.now();
    const parts = path.join(home, 'parts', os);
    stageParts({ root, folder: parts, targets: targets.filter((target) => target.os === os && arches.includes(target.arch)), bundles, nativeFiles });
    if (!plan.isReal) for (const arch of arches) layStandIn(path.join(home, 'electron', `${os}-${arch}`), os, arch);
    const made = path.join(plan.isReal ? installers : standIn, os);
    rmSync(made, { recursive: true, force: true });
    const config = {
      root, os, app, parts, licences, out: made, isStandIn: !plan.isReal, dist: plan.isReal ? plan.dist : path.join(home, 'electron'),
      electronVersion: JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).devDependencies.electron,
      feed: process.env.NATSJOB_UPDATE_FEED || undefined, signing: plan.isReal ? signingOf(process.env) : { mac: false, notarize: false, azure: undefined },
    };
    build({ home, os, arches, kinds, config, tools });
    if (plan.isReal) publish(made, out);
    say(`Packed the desktop console for ${os} (${arches.join(', ')}; ${kinds.join(', ')}) in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  if (plan.left.length > 0) say(`Desktop installers for ${plan.left.join(', ')} are made on that system, by the same command`);
  if (!plan.isReal) say(`NOT INSTALLABLE: Electron is not to be had here, so ${path.relative(root, standIn)} shows the desktop console's layout around files that stand in for it. NATSJOB_ELECTRON=download makes the installers.`);
}

/** electron-builder in a process of its own. The key of a signature goes to the build that signs and to no other. */
function build({ home, os, arches, kinds, config, tools }) {
  const file = path.join(home, `build-${os}.json`);
  writeFileSync(file, `${JSON.stringify({ os, arches, kinds, config }, null, 2)}\n`);
  const { GITHUB_TOKEN: _hub, GH_TOKEN: _other, ...env } = process.env;
  env.SOURCE_DATE_EPOCH ??= execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: config.root, encoding: 'utf8' }).trim();
  if (process.platform === 'linux' && tools.deb !== undefined) env.CUSTOM_FPM_PATH = path.join(HERE, 'make-deb.mjs');
  if (config.isStandIn) {
    Object.assign(env, { CSC_IDENTITY_AUTO_DISCOVERY: 'false' });
    if (kinds.includes('zip')) env.ELECTRON_BUILDER_7ZIP_PATH = tools.zip;
    if (kinds.includes('nsis')) Object.assign(env, layNsisTools(path.join(home, 'nsis-tools')));
    if (kinds.includes('AppImage')) Object.assign(env, layAppImageTools(path.join(home, 'appimage-tools'), tools));
  }
  const { status, stdout, stderr } = spawnSync(NODE, [path.join(HERE, 'build.mjs'), file], { cwd: config.root, env, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  writeFileSync(path.join(home, `build-${os}.log`), `${stdout}${stderr}`);
  if (status !== 0) throw new PrepareError(`electron-builder failed for ${os}:\n${faultLines(`${stdout}${stderr}`)}`);
}

/** What a person can do something with: the lines that name an error, without the stack. */
function faultLines(output) {
  const lines = output.trim().split('\n').filter((line) => !/^\s+at /.test(line));
  const faults = lines.filter((line) => /⨯|error|warning: /i.test(line));
  return (faults.length > 0 ? faults : lines).slice(-12).join('\n');
}

/** What a release page offers: the installers, what a differential update reads, and the feed. */
function publish(made, out) {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(made).filter((one) => /^natsjob-desktop-.*\.(AppImage|deb|dmg|exe|zip)(\.blockmap)?$|^latest.*\.yml$/.test(one))) cpSync(path.join(made, name), path.join(out, name));
}

/** Paths of the machine's own packers; undefined for those that are not there. */
function findTools() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const find = (...names) => names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => existsSync(file));
  return { zip: find('7za', '7zz', '7z'), deb: find('dpkg-deb'), nsis: find('makensis'), mksquashfs: find('mksquashfs'), validate: find('desktop-file-validate') };
}

function canMake({ zip, deb, nsis, mksquashfs, validate }) {
  const isLinux = process.platform === 'linux';
  return { zip: zip !== undefined, deb: deb !== undefined, nsis: isLinux && nsis !== undefined, AppImage: isLinux && mksquashfs !== undefined && validate !== undefined };
}
