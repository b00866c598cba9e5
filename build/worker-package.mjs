// The part of natsjob that other programs install: dist/worker, made from src-core/worker. Bundled but for the NATS client,
// which a program may use beside it and hand in, so that there must be one of it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeBundle, plainText } from './vite.node.mjs';

/** What the worker's layer rule lets it import, and what shapes the bundle. */
const SOURCES = ['src-core/worker', 'src-core/domain', 'src-core/wire', 'src-core/schedule', 'src-core/ports', 'src-core/nats', 'build/worker-package.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];
const STAMP = path.join('dist', '.worker-built-from');
const LEFT_OUT = /^@nats-io\//;

/** Takes a while because of the types, so it is made only when its own sources changed. True when it was. */
export async function buildWorkerPackage(bundle, root, next) {
  const from = fingerprint(root);
  const dist = path.join(root, 'dist', 'worker');
  if (existsSync(dist) && existsSync(path.join(root, STAMP)) && readFileSync(path.join(root, STAMP), 'utf8') === from) return false;
  const made = path.join(next, 'worker');
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const [types] = await Promise.all([writeTypes(root, path.join(made, 'types')), bundle(workerBundle({ root, version, outDir: made }))]);
  if (types !== 0) throw new Error('the types of natsjob/worker could not be made');
  useJsNames(path.join(made, 'types'));
  // The doorway's types lie where Node finds the doorway.
  writeFileSync(path.join(made, 'index.d.ts'), "export * from './types/worker/index.js';\n");
  rmSync(path.join(root, STAMP), { force: true });
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(path.dirname(dist), { recursive: true });
  renameSync(made, dist);
  writeFileSync(path.join(root, STAMP), from);
  return true;
}

/** `natsjob/scheduler`, for programs that have the scheduler in their process: dist/scheduler, whole each time. */
export async function buildSchedulerModule(bundle, root, next) {
  const file = path.join(root, 'src-main', 'embedded.ts');
  if (!existsSync(file)) return;
  const made = path.join(next, 'scheduler');
  const config = nodeBundle({ root, name: 'index', file, outDir: made });
  config.build.sourcemap = false;
  config.build.rolldownOptions.output = { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' };
  await bundle(config);
  const { default: typescript } = await import('typescript');
  const { outputText, diagnostics } = typescript.transpileDeclaration(readFileSync(file, 'utf8'), { fileName: file, compilerOptions: { isolatedDeclarations: true, stripInternal: true } });
  if (diagnostics.length > 0 || /^import /m.test(outputText)) throw new Error('src-main/embedded.ts: its types must stand in the file itself');
  writeFileSync(path.join(made, 'index.d.mts'), outputText);
  const dist = path.join(root, 'dist', 'scheduler');
  rmSync(dist, { recursive: true, force: true });
  renameSync(made, dist);
}

function workerBundle({ root, version, outDir }) {
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { __NATSJOB_VERSION__: JSON.stringify(version) },
    ssr: { noExternal: true },
    plugins: [plainText()],
    build: {
      ssr: true, outDir, emptyOutDir: false, minify: false, sourcemap: false, target: 'node20',
      rolldownOptions: {
        input: { index: path.join(root, 'src-core', 'worker', 'index.ts') },
        external: LEFT_OUT,
        output: { format: 'es', entryFileNames: '[name].js', codeSplitting: false },
      },
    },
  };
}

function writeTypes(root, outDir) {
  const args = [
    '--ignoreConfig', path.join(root, 'src-core', 'worker', 'index.ts'), '--declaration', '--emitDeclarationOnly', '--outDir', outDir, '--rootDir', path.join(root, 'src-core'),
    '--target', 'ES2023', '--lib', 'ES2023', '--module', 'NodeNext', '--moduleResolution', 'NodeNext', '--types', 'node', '--strict', '--exactOptionalPropertyTypes',
    '--verbatimModuleSyntax', '--allowImportingTsExtensions', '--skipLibCheck', '--stripInternal',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Declarations name the sources' files, which the package does not have. */
function useJsNames(folder) {
  for (const entry of readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, entry);
    if (!file.endsWith('.d.ts')) continue;
    writeFileSync(file, readFileSync(file, 'utf8').replace(/((?:from |import\()['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

function fingerprint(root) {
  const hash = createHash('sha256');
  const add = (file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const entry of readdirSync(file).sort()) add(path.join(file, entry));
    else if (stat) hash.update(`${path.relative(root, file)}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const source of SOURCES) add(path.join(root, source));
  return hash.digest('hex');
}
