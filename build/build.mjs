// npm run build: bundles every entry into dist/. Runs on the project's Node.
// A running scheduler or a second build at the same time never sees a half-written file.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PANEL_STAMP, STAMP, fingerprint, panelFingerprint } from './fingerprint.mjs';
import { existingEntries, nodeBundle } from './vite.node.mjs';
import { compressPanel, panelBundle } from './vite.panel.mjs';
import { buildSchedulerModule, buildWorkerPackage } from './worker-package.mjs';

/** Of the bundles' later parts. */
const CHUNKS = 'chunks';
/** A scheduler that runs may still load parts of an older build, whose names say what is inside. */
const CHUNK_LIFE_MS = 7 * 24 * 3_600_000;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

async function build() {
  const { build: bundle } = await import('vite');
  const started = performance.now();
  const entries = existingEntries(ROOT);
  if (!entries.some((entry) => entry.name === 'headless')) throw new Error('src-main/headless.ts is missing: nothing to build');
  const from = fingerprint(ROOT);
  const dist = path.join(ROOT, 'dist');
  const next = path.join(dist, `.next-${process.pid}`);
  mkdirSync(next, { recursive: true });
  try {
    for (const entry of entries) await bundle(nodeBundle({ root: ROOT, ...entry, outDir: next }));
    const made = readdirSync(next);
    const chunks = new Set(readdirSync(path.join(next, CHUNKS)));
    // First what others load.
    mkdirSync(path.join(dist, CHUNKS), { recursive: true });
    for (const name of chunks) renameSync(path.join(next, CHUNKS, name), path.join(dist, CHUNKS, name));
    for (const name of made) if (name !== CHUNKS) renameSync(path.join(next, name), path.join(dist, name));
    removeLeftovers(dist, new Set(made), 0);
    removeLeftovers(path.join(dist, CHUNKS), chunks, CHUNK_LIFE_MS);
    await buildSchedulerModule(bundle, ROOT, next);
    const withPanel = await buildPanel(bundle, dist, next);
    const withWorker = await buildWorkerPackage(bundle, ROOT, next);
    writeFileSync(path.join(next, 'stamp'), from);
    renameSync(path.join(next, 'stamp'), path.join(ROOT, STAMP));
    if (withPanel) entries.push({ name: 'panel' });
    if (withWorker) entries.push({ name: 'worker package' });
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
  const names = entries.map((entry) => entry.name).join(', ');
  process.stderr.write(`Built ${names} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

/** The panel takes longer than all else, so it is built only when its own sources changed. True when it was. */
async function buildPanel(bundle, dist, next) {
  const from = panelFingerprint(ROOT);
  const stamp = path.join(ROOT, PANEL_STAMP);
  if (existsSync(path.join(dist, 'panel')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === from) return false;
  const made = path.join(next, 'panel');
  await bundle(panelBundle({ root: ROOT, outDir: made }));
  await compressPanel(made);
  rmSync(stamp, { force: true });
  const old = path.join(next, 'old-panel');
  if (existsSync(path.join(dist, 'panel'))) renameSync(path.join(dist, 'panel'), old);
  renameSync(made, path.join(dist, 'panel'));
  writeFileSync(stamp, from);
  return true;
}

/** Bundles of entries that are gone. Whatever else lies in dist/ (a nats-server beside the app) stays. */
function removeLeftovers(folder, made, olderThanMs) {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (/\.mjs(\.map)?$/.test(name) && !made.has(name) && Date.now() - statSync(file).mtimeMs >= olderThanMs) rmSync(file, { force: true });
  }
}

if (!existsSync(path.join(ROOT, 'node_modules', 'vite'))) {
  process.stderr.write('vite is not installed: run npm ci\n');
  process.exitCode = 1;
} else {
  try {
    await build();
  } catch (error) {
    process.stderr.write(`Build failed: ${error.message}\n`);
    process.exitCode = 1;
  }
}
