// Everything foreign that a release holds.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { goParts } from './go-parts.mjs';
import { licenceTexts } from './licences.mjs';
import { ownTarget } from '../targets.mjs';
import { npmParts } from './npm-parts.mjs';

const SQLITE_TEXT = `SQLite is in the public domain: all of its code and documentation have been dedicated to it by the authors
(https://www.sqlite.org/copyright.html). Nothing has to go along; it is named here because it is inside.`;

/** @returns {Promise<import('./parts.d.mts').Part[]>} throws LicenceError. Runs on the Node that is shipped: it is asked what it is made of. */
export async function allParts({ root, goPrograms, hasDesktop }) {
  return [
    ...(await npmParts({ root, hasDesktop })), ...goParts(goPrograms), nodePart(root), sqlitePart(root), ...(hasDesktop ? [electronPart(root)] : []),
  ].sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

function nodePart(root) {
  const { node, ...inside } = process.versions;
  const folder = path.dirname(createRequire(path.join(root, 'node_modules', 'node', 'package.json')).resolve(`${ownTarget().nodePackage}/package.json`));
  return {
    ref: `pkg:generic/node@${node}`, name: 'Node.js', version: node, licence: 'MIT', texts: licenceTexts('Node.js', folder), uses: ['headless'], isApplication: true,
    holds: Object.entries(inside).filter(([name]) => !['modules', 'napi'].includes(name)).map(([name, version]) => ({ name, version })).sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function sqlitePart(root) {
  const Database = createRequire(path.join(root, 'package.json'))('better-sqlite3');
  const database = new Database(':memory:');
  const { version } = database.prepare('SELECT sqlite_version() AS version').get();
  database.close();
  return { ref: `pkg:generic/sqlite@${version}`, name: 'SQLite', version, licence: 'blessing', texts: [SQLITE_TEXT], uses: ['headless'] };
}

/** Its own texts and those of Chromium are in the files that electron-builder puts beside the program. */
function electronPart(root) {
  const folder = path.join(root, 'node_modules', 'electron');
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return { ref: `pkg:npm/electron@${version}`, name: 'electron', version, licence: 'MIT', texts: licenceTexts('electron', folder), uses: ['desktop'], isApplication: true };
}
