// npm run check layers: who imports whom in the real tree, and the canary that proves the nets still catch.
// A rule that silently sees nothing is worse than none: so every source file must have been cruised, and every
// planted breach of every rule (layers, lint, pure types) must be reported.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import config from './dependency-cruiser.mjs';
import { CLEAN, LAYER_BREACHES, LINT_BREACHES, TYPE_BREACHES } from './planted.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['src-core', 'src-main', 'src-renderer'];

const problems = [...(await checkTree()), ...(await checkLayerCanary()), ...checkLintCanary(), ...checkTypeCanary()];
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function checkTree() {
  const files = sourceFiles(ROOT);
  const { modules, summary } = await cruiseIn(ROOT);
  const seen = new Set(modules.map((module) => module.source));
  const missed = files.filter((file) => !seen.has(file));
  const edges = modules.reduce((sum, module) => sum + module.dependencies.length, 0);
  const written = files.reduce((sum, file) => sum + countImports(readFileSync(path.join(ROOT, file), 'utf8')), 0);
  const found = summary.violations.map((v) => `${v.rule.name}: ${v.from} → ${v.to}`);
  if (missed.length > 0) found.push(`canary: ${missed.length} of ${files.length} source files were not looked at: ${missed.slice(0, 5).join(', ')}`);
  if (edges < written) found.push(`canary: ${edges} imports seen, at least ${written} are written`);
  process.stdout.write(`${files.length} source files, ${edges} imports\n`);
  return found;
}

async function checkLayerCanary() {
  return inPlantedTree(LAYER_BREACHES.map(([, file, content]) => [file, content]), async (folder) => {
    const { summary } = await cruiseIn(folder);
    const found = [];
    for (const { name } of config.forbidden) {
      if (!LAYER_BREACHES.some(([rule]) => rule === name)) found.push(`canary: no breach is planted for the layer rule ${name}`);
    }
    for (const [rule, file] of LAYER_BREACHES) {
      const seen = summary.violations.some((v) => v.rule.name === rule && v.from === file);
      if (!seen) found.push(`canary: the planted breach of ${rule} in ${file} went unseen`);
    }
    for (const v of summary.violations) {
      if (v.from in CLEAN && v.rule.name !== 'no-circular') found.push(`canary: ${v.rule.name} reports ${v.from} → ${v.to}, which breaks nothing`);
    }
    return found;
  });
}

function checkLintCanary() {
  const planted = LINT_BREACHES.map(([, file, content]) => [file, content]);
  planted.push(['src-core/system/env.ts', 'export const home = () => process.env.HOME;\n']);
  return inPlantedTree(planted, (folder) => {
    cpSync(path.join(ROOT, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
    const { stdout } = runTool('oxlint/bin/oxlint', ['--format', 'json', 'src-core'], folder);
    const { diagnostics } = JSON.parse(stdout);
    const reports = diagnostics.map((d) => ({ rule: d.code ?? 'syntax', file: d.filename.replaceAll('\\', '/') }));
    const found = [];
    for (const [rule, file] of LINT_BREACHES) {
      if (!reports.some((report) => report.rule.includes(`(${rule})`) && report.file.endsWith(file))) {
        found.push(`canary: the planted breach of ${rule} in ${file} went unseen`);
      }
    }
    if (reports.some((report) => report.file.endsWith('system/env.ts'))) found.push('canary: lint forbids process.env in src-core/system');
    return found;
  });
}

function checkTypeCanary() {
  return inPlantedTree(TYPE_BREACHES, (folder) => {
    mkdirSync(path.join(folder, 'build/rules'), { recursive: true });
    cpSync(path.join(ROOT, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
    cpSync(path.join(ROOT, 'build/rules/tsconfig.pure.json'), path.join(folder, 'build/rules/tsconfig.pure.json'));
    const { stdout } = runTool('typescript/bin/tsc', ['-p', 'build/rules/tsconfig.pure.json', '--pretty', 'false'], folder);
    return TYPE_BREACHES.filter(([file]) => !stdout.includes(`${file}(`)).map(([file]) => `canary: the pure types let ${file} pass`);
  }, ['node_modules/@types']);
}

async function cruiseIn(folder) {
  const before = process.cwd();
  process.chdir(folder);
  try {
    const { tsConfig, ...options } = config.options;
    const paths = FOLDERS.filter((name) => readdirSync(folder).includes(name));
    const compilerOptions = extractTSConfig(path.join(ROOT, tsConfig.fileName));
    const { output } = await cruise(
      paths,
      { ...options, baseDir: folder, validate: true, ruleSet: { forbidden: config.forbidden, options } },
      options.enhancedResolveOptions,
      { tsConfig: compilerOptions },
    );
    return output;
  } finally {
    process.chdir(before);
  }
}

/** Makes the planted tree in a temporary folder, asks `look` what is wrong with it, and removes it. */
function inPlantedTree(planted, look, links = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-planted-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  for (const [file, content] of [...Object.entries(CLEAN), ...planted]) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  }
  for (const link of links) symlinkSync(path.join(ROOT, link), path.join(folder, link), 'junction');
  let result;
  try {
    result = look(folder);
  } catch (error) {
    remove();
    throw error;
  }
  if (result instanceof Promise) return result.finally(remove);
  remove();
  return result;
}

function runTool(script, args, cwd) {
  return spawnSync(process.execPath, [path.join(ROOT, 'node_modules', script), ...args], { cwd, encoding: 'utf8' });
}

function sourceFiles(root) {
  return FOLDERS.flatMap((folder) => {
    let names = [];
    try {
      names = readdirSync(path.join(root, folder), { recursive: true });
    } catch {
      return [];
    }
    return names.filter((name) => /[.](ts|svelte)$/.test(name)).map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
  });
}

/** A lower bound of the imports of a file: whole lines of the plainest form, each module once. */
function countImports(text) {
  return new Set([...text.matchAll(/^(?:import|export)\b[^'"\n;]*from '([^']+)';$/gm)].map((match) => match[1])).size;
}
