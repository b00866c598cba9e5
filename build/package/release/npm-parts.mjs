// Which npm packages are inside: those of which a bundle really holds code, found by bundling once more without writing.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { desktopBundles, existingEntries, nodeBundle } from '../../vite.node.mjs';
import { panelBundle } from '../../vite.panel.mjs';
import { licenceTexts, requireAllowed } from './licences.mjs';

/** Compiled into native code, pressed into a style sheet, or put around it all by the packer; no list of modules names them. */
const UNSEEN = [['better-sqlite3', 'headless'], ['node-addon-api', 'headless'], ['tailwindcss', 'panel'], ['@yao-pkg/pkg', 'headless']];
/** Entries that are not shipped. */
const HOME_ONLY = /^demo/;

/**
 * @param {{ root: string, hasDesktop: boolean }} what
 * @returns {Promise<import('./parts.d.mts').Part[]>} by name; throws LicenceError
 */
export async function npmParts({ root, hasDesktop }) {
  const lock = { ...lockOf(path.join(root, 'build', 'package')), ...lockOf(root) };
  const folders = new Map();
  for (const [use, config] of bundles(root, hasDesktop)) {
    for (const folder of await packageFolders(config)) folders.set(folder, new Set([...(folders.get(folder) ?? []), use]));
  }
  for (const [name, use] of UNSEEN) folders.set([root, path.join(root, 'build', 'package')].map((home) => path.join(home, 'node_modules', name)).find(existsSync), new Set([use]));
  return [...folders].map(([folder, uses]) => npmPart(root, lock, folder, [...uses].sort())).sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

function lockOf(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8')).packages;
}

/** Name of the program → Vite's configuration of one of its bundles. */
function bundles(root, hasDesktop) {
  const outDir = path.join(root, 'dist', 'never-written');
  const list = existingEntries(root).filter(({ name }) => !HOME_ONLY.test(name)).map((entry) => ['headless', { ...nodeBundle({ root, ...entry, outDir }), ssr: { noExternal: true } }]);
  list.push(['panel', panelBundle({ root, outDir })]);
  for (const config of hasDesktop ? Object.values(desktopBundles(root)) : []) {
    const { input } = config.build.rolldownOptions;
    if (!Object.values(input).every((file) => existsSync(file))) continue;
    // electron-vite does the rest of this where the bundle is made.
    list.push(['desktop', { ...config, root, configFile: false, logLevel: 'warn', ssr: { noExternal: true, external: ['electron', 'better-sqlite3'] }, build: { ...config.build, ssr: true, externalizeDeps: undefined } }]);
  }
  return list;
}

async function packageFolders(config) {
  const made = await build({ ...config, logLevel: 'error', build: { ...config.build, write: false } });
  const modules = [made].flat().flatMap(({ output }) => output).flatMap((chunk) => Object.entries(chunk.modules ?? {}));
  return new Set(modules.filter(([, { renderedLength }]) => renderedLength > 0).map(([id]) => folderOf(id)).filter((folder) => folder !== undefined));
}

/** Folder of the package that a module belongs to; undefined for our own. */
function folderOf(id) {
  const [, folder] = /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id) ?? [];
  return folder;
}

function npmPart(root, lock, folder, uses) {
  const { name, version, license, author } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const part = `${name}@${version}`;
  requireAllowed(part, license);
  const integrity = lock[folder.slice(folder.search(/node_modules/)).split(path.sep).join('/')]?.integrity;
  return {
    ref: `pkg:npm/${name.replace('@', '%40')}@${version}`, name, version, licence: license, texts: licenceTexts(part, folder, { licence: license, author: author?.name ?? author }), uses,
    ...(integrity?.startsWith('sha512-') ? { hash: { alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') } } : {}),
  };
}
