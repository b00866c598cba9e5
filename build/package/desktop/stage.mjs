// Lays out what goes into the desktop program, before electron-builder packs it.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError, runNode } from '../../prepare.mjs';
import { natsServerFor, windowsHelperFor } from '../headless/go-parts.mjs';
import { licenceDocument } from '../release/documents.mjs';
import { allParts } from '../release/parts.mjs';
import { LINUX_NAME } from './electron-builder.config.mjs';

/** What electron-vite leaves in dist/desktop; the preload is CommonJS because a sandboxed one has to be. */
const BUNDLES = ['main.mjs', 'scheduler-process.mjs', 'preload.cjs'];

/** The folder that becomes app.asar: the bundles and a package.json that names the first of them. Throws PrepareError. */
export async function stageApp({ root, folder, version }) {
  await runNode([path.join(root, 'build', 'desktop.mjs')]);
  const made = path.join(root, 'dist', 'desktop');
  const missing = BUNDLES.filter((name) => !existsSync(path.join(made, name)));
  if (missing.length > 0) throw new PrepareError(`dist/desktop holds no ${missing.join(', ')}: npm run build:desktop has to make them`);
  rmSync(folder, { recursive: true, force: true });
  cpSync(made, folder, { recursive: true, filter: (file) => !file.endsWith('.map') });
  const { description, license, homepage } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const settings = {
    // Electron's name for windows on Linux comes from desktopName, and has to be that of the file in the menu.
    name: LINUX_NAME, productName: 'natsjob', desktopName: `${LINUX_NAME}.desktop`, version, description, license, homepage: homepage ?? 'https://natsjob.invalid',
    author: { name: 'natsjob' }, type: 'module', main: 'main.mjs',
  };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

/**
 * `folder/<arch>` for each target of one system: native files raw, the panel, and the script of the reader thread, as
 * src-main/program-files.ts looks for them. `nativeFiles` gives [name, path] for a target, `bundles` is where the reader lies.
 */
export function stageParts({ root, folder, targets, bundles, nativeFiles }) {
  rmSync(folder, { recursive: true, force: true });
  for (const target of targets) {
    const parts = path.join(folder, target.arch);
    mkdirSync(path.join(parts, 'native'), { recursive: true });
    for (const [name, file] of nativeFiles(root, target)) cpSync(file, path.join(parts, 'native', name));
    cpSync(path.join(bundles, 'sql-reader.mjs'), path.join(parts, 'sql-reader.mjs'));
    // Electron's own window reads Brotli: the other packing is for browsers.
    cpSync(path.join(root, 'dist', 'panel'), path.join(parts, 'panel'), { recursive: true, filter: (file) => !file.endsWith('.gz') });
  }
}

/** The licences of all that is inside, beside those of Electron and Chromium that come with them. Throws LicenceError. */
export async function stageLicences({ root, file, version, targets }) {
  const goPrograms = targets.flatMap((target) => [{ file: natsServerFor(target), use: 'nats-server' }, { file: windowsHelperFor(target, root), use: 'natsjob-helper' }]);
  const parts = await allParts({ root, goPrograms: goPrograms.filter((program) => program.file !== undefined), hasDesktop: true });
  writeFileSync(file, licenceDocument(version, parts));
}
