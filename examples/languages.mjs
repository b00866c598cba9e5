// What the examples are and how each is set up and run. Commands are for an empty folder with the one file in it,
// as somebody has who copied it from the panel; versions come from the manifests beside the examples.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const EXAMPLES = fileURLToPath(new URL('.', import.meta.url));

/**
 * Every example: `id` is its folder, `file` the program in it. `install` and `run` are lines for a shell; the last
 * command of `run` is the worker itself. `tools` are the commands both need.
 */
export function languages() {
  const npm = JSON.parse(manifest('node/package.json')).dependencies;
  const node = Object.entries(npm).map(([name, version]) => `${name}@${version}`).join(' ');
  return [
    { id: 'python', label: 'Python', file: 'worker.py', tools: ['python3'], install: `python3 -m venv .venv && .venv/bin/pip install ${manifest('python/requirements.txt').trim()}`, run: '.venv/bin/python worker.py' },
    { id: 'node', label: 'Node.js', file: 'worker.mjs', tools: ['node', 'npm'], install: `npm install ${node}`, run: 'node worker.mjs' },
  ];
}

function manifest(file) {
  return readFileSync(path.join(EXAMPLES, file), 'utf8');
}
