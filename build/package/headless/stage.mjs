// One folder for each target with exactly what goes into its file: bundles, panel and packed native files.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { nodeBundle } from '../../vite.node.mjs';
import { natsServerFor, windowsHelperFor } from './go-parts.mjs';

/** Name of the bundle → its entry. */
const BUNDLES = { packed: 'src-main/packed.ts', headless: 'src-main/headless.ts', 'sql-reader': 'src-core/sql/reader-thread.ts' };
const ZSTD_LEVEL = 19;

/**
 * Bundles as dist/ has them, but with better-sqlite3's script inside, without source maps and made small: functions and
 * classes keep their names, so that a stack can be read. Gives the folder they are in.
 */
export async function bundlePacked({ root, cache }) {
  const { build } = await import('vite');
  const outDir = path.join(cache, 'bundles');
  rmSync(outDir, { recursive: true, force: true });
  for (const [name, file] of Object.entries(BUNDLES)) {
    const settings = nodeBundle({ root, name, file: path.join(root, file), outDir });
    const { rolldownOptions } = settings.build;
    const output = { ...rolldownOptions.output, minify: { compress: { keepNames: { function: true, class: true } }, mangle: { keepNames: true }, codegen: true } };
    await build({ ...settings, ssr: { noExternal: true }, build: { ...settings.build, sourcemap: false, rolldownOptions: { ...rolldownOptions, output } } });
  }
  return outDir;
}

/** Lays the stage folder of a target and gives its path. Throws PrepareError. */
export function stage({ root, cache, version, target, bundles }) {
  const folder = path.join(cache, 'stage', target.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'native'), { recursive: true });
  for (const name of [...Object.keys(BUNDLES).map((bundle) => `${bundle}.mjs`), 'chunks']) cpSync(path.join(bundles, name), path.join(folder, name), { recursive: true });
  // Brotli's form is enough: what others need is made from it when they ask.
  cpSync(path.join(root, 'dist', 'panel'), path.join(folder, 'panel'), { recursive: true, filter: (file) => !file.endsWith('.gz') && !existsSync(`${file}.br`) });
  const files = nativeFiles(root, target).map(([name, file]) => ({ name, ...packFile(file, path.join(folder, 'native', `${name}.zst`), cache) }));
  writeFileSync(path.join(folder, 'native', 'manifest.json'), `${JSON.stringify({ files }, null, 2)}\n`);
  const settings = { name: 'natsjob', version, type: 'module', bin: 'packed.mjs', pkg: { assets: ['headless.mjs', 'chunks/*.mjs', 'sql-reader.mjs', 'panel/**/*', 'native/*'] } };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(settings, null, 2)}\n`);
  return folder;
}

/** What the platform's own code is in, as [name in the manifest, path]. Throws PrepareError. */
export function nativeFiles(root, target) {
  const helper = windowsHelperFor(target, root);
  return [
    ['better_sqlite3.node', path.join(root, 'node_modules', 'better-sqlite3', 'prebuilds', target.sqliteAddon)],
    [`nats-server${target.suffix}`, natsServerFor(target)],
    ...(helper === undefined ? [] : [[`natsjob-helper${target.suffix}`, helper]]),
  ];
}

/** Packs a file by zstd; what was packed before is kept in the cache by its hash, as this level takes seconds. */
function packFile(file, packed, cache) {
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const kept = path.join(cache, 'zstd', `${sha256}-${process.versions.zstd}-${ZSTD_LEVEL}`);
  if (!existsSync(kept)) {
    mkdirSync(path.dirname(kept), { recursive: true });
    writeFileSync(`${kept}.${process.pid}`, zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } }));
    renameSync(`${kept}.${process.pid}`, kept);
  }
  cpSync(kept, packed);
  return { packed: path.basename(packed), packedBytes: statSync(kept).size, sha256, bytes: bytes.length };
}
