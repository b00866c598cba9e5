// Tells whether dist/ was made from the sources as they are now, by names, sizes and times.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Files and folders that decide what the build makes. */
const PANEL_SOURCES = ['src-renderer', 'src-core/http/contract.ts', 'src-core/http/contract', 'build/vite.panel.mjs', 'package.json', 'package-lock.json'];
const SOURCES = ['src-core', 'src-main', 'build/vite.node.mjs', 'build/stand-ins', 'build/build.mjs', 'build/worker-package.mjs', ...PANEL_SOURCES];

export const STAMP = path.join('dist', '.built-from');
export const PANEL_STAMP = path.join('dist', '.panel-built-from');

export function isBuilt(root) {
  const stamp = path.join(root, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root);
}

export function fingerprint(root) {
  return fingerprintOf(root, SOURCES);
}

export function panelFingerprint(root) {
  return fingerprintOf(root, PANEL_SOURCES);
}

function fingerprintOf(root, sources) {
  const hash = createHash('sha256');
  for (const source of sources) add(hash, path.join(root, source), source);
  return hash.digest('hex');
}

function add(hash, file, name) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) {
    hash.update(`${name}\0${stat.size}\0${stat.mtimeMs}\n`);
    return;
  }
  for (const entry of readdirSync(file).sort()) add(hash, path.join(file, entry), `${name}/${entry}`);
}
