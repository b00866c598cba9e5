// node build/snippets.mjs [--check]: makes src-renderer/generated/snippets.json, the examples as templates for the panel.
// The defaults between natsjob:begin and natsjob:end become {{placeholders}}; the two marks themselves go.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { languages } from '../examples/languages.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const GENERATED = 'src-renderer/generated/snippets.json';

/** Text in an example's block → what stands in the template. Longer ones first: the last four stand in the first ones, too. */
const DEFAULTS = [
  ['nats://127.0.0.1:4222', '{{url}}'],
  ['natsjob.job.client-start.app.shop.report.worker-1', 'natsjob.job.client-start.{{namespace}}.{{app}}.{{job}}.{{workerId}}'],
  ['natsjob.job.start.app.shop.report', '{{subject}}'],
  [/(?<=["'])app(?=["'])/g, '{{namespace}}'],
  [/(?<=["'])shop(?=["'])/g, '{{app}}'],
  [/(?<=["'])worker-1(?=["'])/g, '{{workerId}}'],
];

/** Each must stand in the block of every example. */
const PLACEHOLDERS = ['url', 'namespace', 'app', 'subject', 'workerId'];

/** Makes a template of a program's text. Throws when it has no block, or the block lacks a default. */
export function templateOf(source) {
  const lines = source.split('\n');
  const begin = lines.findIndex((line) => line.includes('natsjob:begin'));
  const end = lines.findIndex((line) => line.includes('natsjob:end'));
  if (begin < 0 || end < begin) throw new Error('no block between natsjob:begin and natsjob:end');
  let block = lines.slice(begin + 1, end).join('\n');
  for (const [text, placeholder] of DEFAULTS) block = block.replaceAll(text, placeholder);
  const missing = PLACEHOLDERS.find((name) => !block.includes(`{{${name}}}`));
  if (missing) throw new Error(`the block has no default for ${missing}`);
  return [...lines.slice(0, begin), block, ...lines.slice(end + 1)].join('\n');
}

/** All examples, in the order the panel shows them. */
export function snippets() {
  return languages().map(({ id, label, file, install, run }) => {
    try {
      return { id, label, file, install, run, text: templateOf(readFileSync(path.join(ROOT, 'examples', id, file), 'utf8')) };
    } catch (cause) {
      throw new Error(`examples/${id}/${file}: ${cause.message}`, { cause });
    }
  });
}

/** The generated file's text. */
export function generatedFile() {
  return `${JSON.stringify(snippets(), null, 2)}\n`;
}

function main() {
  const file = path.join(ROOT, GENERATED);
  const text = generatedFile();
  if (!process.argv.includes('--check')) return writeFileSync(file, text);
  if (readFileSync(file, 'utf8') === text) return;
  process.stderr.write(`${GENERATED} is not what the examples give: node build/snippets.mjs\n`);
  process.exitCode = 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
