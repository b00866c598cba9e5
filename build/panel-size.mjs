// npm run check panel-size: what a browser has to load, after gzip. Needs a build.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const PANEL = fileURLToPath(new URL('../dist/panel', import.meta.url));
const KB = 1000;
const LIMITS = { 'JS before the first screen': 120 * KB, 'all JS': 200 * KB, 'largest JS file': 70 * KB, 'all CSS': 20 * KB };

process.exitCode = check();

function check() {
  if (!existsSync(path.join(PANEL, 'index.html'))) {
    process.stderr.write('dist/panel is missing: npm run build makes it\n');
    return 1;
  }
  const sizes = new Map(readdirSync(PANEL, { recursive: true }).map(String).filter((name) => /\.(js|css)$/.test(name))
    .map((name) => [name.replaceAll('\\', '/'), gzipSync(readFileSync(path.join(PANEL, name)), { level: 9 }).length]));
  const js = [...sizes].filter(([name]) => name.endsWith('.js'));
  const found = {
    'JS before the first screen': sum([...firstFiles()].map((name) => sizes.get(name) ?? 0)),
    'all JS': sum(js.map(([, size]) => size)),
    'largest JS file': Math.max(...js.map(([, size]) => size)),
    'all CSS': sum([...sizes].filter(([name]) => name.endsWith('.css')).map(([, size]) => size)),
  };
  let code = 0;
  for (const [name, size] of Object.entries(found)) {
    const isOver = size > LIMITS[name];
    if (isOver) code = 1;
    process.stdout.write(`${isOver ? 'OVER  ' : 'ok    '} ${name}: ${(size / KB).toFixed(1)} kB of ${LIMITS[name] / KB} kB gzip\n`);
  }
  return code;
}

/** Scripts of the page, all they import at once, one language, and the overview. */
function firstFiles() {
  const page = readFileSync(path.join(PANEL, 'index.html'), 'utf8');
  const files = new Set();
  for (const [, file] of page.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)) add(file, files);
  const lazy = readdirSync(path.join(PANEL, 'assets'));
  for (const name of lazy) if (/^(zh-CN|Overview)-[^.]*\.js$/.test(name)) add(`assets/${name}`, files);
  return files;
}

function add(file, files) {
  if (files.has(file)) return;
  files.add(file);
  const text = readFileSync(path.join(PANEL, file), 'utf8');
  for (const [, other] of text.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[^"';()]*?from)?\s*["']\.\/([^"']+\.js)["']/g)) add(path.posix.join(path.posix.dirname(file), other), files);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
