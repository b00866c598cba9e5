// npm pack: the package that other programs install. Its manifest has what the bundles import, and nothing of what they are built
// from. `slim` puts it in the place of package.json before packing, `whole` undoes that.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MANIFEST = path.join(ROOT, 'package.json');
const ASIDE = path.join(ROOT, '.cache', 'package.json.whole');
const SQLITE = 'better-sqlite3';
const KEPT = ['name', 'version', 'description', 'license', 'type', 'engines', 'exports', 'files'];

function slim() {
  whole(); // an npm pack that was killed
  const bundle = path.join(ROOT, 'dist', 'worker', 'index.js');
  const missing = [bundle, path.join(ROOT, 'dist', 'scheduler', 'index.mjs')].find((file) => !existsSync(file));
  if (missing) throw new Error(`${missing} is missing: npm run build`);
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'));
  const imported = [...readFileSync(bundle, 'utf8').matchAll(/^import [^;]*from "((?:@[^/"]+\/)?[^/"]+)/gm)].map(([, name]) => name).filter((name) => !isBuiltin(name));
  const known = new Set(Object.keys(manifest.dependencies));
  const unknown = imported.find((name) => !known.has(name));
  if (unknown) throw new Error(`dist/worker imports ${unknown}, which is no dependency`);
  const dependencies = Object.fromEntries(Object.entries(manifest.dependencies).filter(([name]) => imported.includes(name)));
  // Only the scheduler needs it, and whoever has a worker shall not have to build it.
  const peerDependencies = { [SQLITE]: manifest.dependencies[SQLITE] };
  mkdirSync(path.dirname(ASIDE), { recursive: true });
  renameSync(MANIFEST, ASIDE);
  writeFileSync(MANIFEST, `${JSON.stringify({ ...Object.fromEntries(KEPT.map((key) => [key, manifest[key]])), dependencies, peerDependencies, peerDependenciesMeta: { [SQLITE]: { optional: true } } }, null, 2)}\n`);
}

/** The very file, with the time it had, by which builds are known to be up to date. */
function whole() {
  if (existsSync(ASIDE)) renameSync(ASIDE, MANIFEST);
}

const actions = { slim, whole };
try {
  actions[process.argv[2]]();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
