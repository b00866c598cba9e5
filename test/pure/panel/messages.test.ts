import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { en } from '../../../src-renderer/i18n/en.ts';

const PANEL = fileURLToPath(new URL('../../../src-renderer', import.meta.url));

/** All that is written outside of the texts themselves. */
function sources(): string {
  const files = readdirSync(PANEL, { recursive: true }).map(String).filter((name) => /\.(ts|svelte)$/.test(name) && !name.startsWith('i18n'));
  return files.map((name) => readFileSync(path.join(PANEL, name), 'utf8')).join('\n');
}

it('no text of the panel is left that nothing shows', () => {
  const written = sources();
  // After a dot, as a word of its own in quotes, or taken apart with others.
  const isUsed = (key: string): boolean => new RegExp(`\\.${key}\\b|['"\`]${key}['"\`]|\\{[^{}=]*\\b${key}\\b[^{}=]*\\} =`).test(written);
  const unused = Object.entries(en).flatMap(([area, texts]) => Object.keys(texts).filter((key) => !isUsed(key)).map((key) => `${area}.${key}`));
  expect(unused).toEqual([]);
});
