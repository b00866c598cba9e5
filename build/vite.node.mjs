// Vite settings for every bundle that runs on Node: one self-contained ES module for each entry.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Name of the bundle in dist/ → its entry. Those that do not exist are left out. */
const ENTRIES = {
  headless: 'src-main/headless.ts',
  demo: 'src-main/demo/main.ts',
  'demo-worker': 'src-main/demo/worker.ts',
  'sql-reader': 'src-core/sql/reader-thread.ts',
};

/** Name of the bundle in dist/desktop → its entry; `preload` is apart, as a sandboxed one cannot be a module. */
const DESKTOP_ENTRIES = { main: 'src-main/desktop.ts', 'scheduler-process': 'src-main/desktop/scheduler-process.ts' };

/** Native code stays outside the bundle and is found in node_modules. */
const EXTERNAL = ['better-sqlite3'];

export function existingEntries(root) {
  return Object.entries(ENTRIES)
    .map(([name, file]) => ({ name, file: path.join(root, file) }))
    .filter(({ file }) => existsSync(file));
}

/** Vite's configuration for one entry. `outDir` may be one folder deeper than dist/; source maps are as seen from dist/. */
export function nodeBundle({ root, name, file, outDir }) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const dist = path.join(root, 'dist');
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { __NATSJOB_VERSION__: JSON.stringify(version) },
    ssr: { noExternal: true, external: EXTERNAL },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      target: 'node22',
      rolldownOptions: {
        input: { [name]: file },
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          codeSplitting: false,
          sourcemapPathTransform: (source, map) => path.relative(dist, path.resolve(path.dirname(map), source)),
        },
      },
    },
  };
}

/**
 * Settings of the desktop's bundles for electron-vite: like the other bundles, and nothing is left to node_modules, as the packed
 * program has none. What the two processes share is written once, into dist/desktop/chunks.
 */
export function desktopBundles(root) {
  const { define, publicDir, build } = nodeBundle({ root, name: 'main', file: '', outDir: path.join(root, 'dist', 'desktop') });
  const { ssr: _ssr, rolldownOptions: _options, ...shared } = build;
  const bundle = (input, output) => ({ define, publicDir, build: { ...shared, sourcemap: false, externalizeDeps: false, rolldownOptions: { input, output } } });
  return {
    main: bundle(absolute(root, DESKTOP_ENTRIES), { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' }),
    preload: bundle(absolute(root, { preload: 'src-main/preload.ts' }), { format: 'cjs', entryFileNames: '[name].cjs' }),
  };
}

function absolute(root, entries) {
  return Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path.join(root, file)]));
}
