import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..', '..');

it.each([['worker.md', 'worker.mjs'], ['worker.md', 'map.mjs'], ['queue.md', 'queue.mjs'], ['locks.md', 'locks.mjs'], ['declare.md', 'service.mjs'], ['declare.md', 'merged.mjs']])('docs/worker/%s shows examples/worker/%s as it is', (page, name) => {
  const docs = readFileSync(path.join(ROOT, 'docs', 'worker', page), 'utf8');
  const program = readFileSync(path.join(ROOT, 'examples', 'worker', name), 'utf8');
  expect(docs).toContain(`\`\`\`js\n// examples/worker/${name}\n${program}\`\`\``);
});
