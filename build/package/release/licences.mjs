// Which licences may be inside, and what licence a text is.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Permissive ones, whose only demand is that their text goes along. A new one is added here after it was read. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'Python-2.0', 'Unicode-3.0', 'Unlicense', 'Zlib']);

/** A part whose licence is unknown, has no text, or asks for more than its text. The message names the part. */
export class LicenceError extends Error {
  name = 'LicenceError';
}

/** Throws LicenceError when a part's SPDX expression does not let us ship it. Of A OR B one has to, of A AND B both. */
export function requireAllowed(part, expression) {
  if (!isAllowed(expression ?? '')) throw new LicenceError(`${part}: the licence ${expression ? `"${expression}" is not among the allowed ones` : 'is unknown'} (build/package/release/licences.mjs)`);
}

function isAllowed(expression) {
  const plain = expression.trim().replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(plain) || (plain.includes(' AND ') && plain.includes(' OR '))) return false; // none of ours is that twisted
  if (plain.includes(' OR ')) return plain.split(' OR ').some((one) => ALLOWED.has(one.trim()));
  return plain.split(' AND ').every((one) => ALLOWED.has(one.trim()));
}

const PHRASES = [
  [/GNU\s+(LESSER\s+|AFFERO\s+)?GENERAL\s+PUBLIC\s+LICENSE/i, 'GPL'],
  [/Mozilla\s+Public\s+License/i, 'MPL-2.0'],
  [/Eclipse\s+Public\s+License/i, 'EPL-2.0'],
  [/Apache\s+License\s+Version\s+2\.0/, 'Apache-2.0'],
  [/Permission\s+is\s+hereby\s+granted,\s+free\s+of\s+charge/, 'MIT'],
  [/Permission\s+to\s+use,\s+copy,\s+modify,\s+and\/or\s+distribute|Permission\s+to\s+use,\s+copy,\s+modify,\s+and\s+distribute/, 'ISC'],
  [/Redistributions\s+of\s+source\s+code(?=[\s\S]*Neither\s+the\s+name)/, 'BSD-3-Clause'],
  [/Redistributions\s+of\s+source\s+code(?![\s\S]*Neither\s+the\s+name)/, 'BSD-2-Clause'],
  [/This\s+is\s+free\s+and\s+unencumbered\s+software/, 'Unlicense'],
];

/** SPDX expression of a licence text, all that it holds; undefined when it is none that is known. */
export function recognise(text) {
  const found = PHRASES.filter(([phrase]) => phrase.test(text)).map(([, id]) => id);
  return found.length === 0 ? undefined : found.sort().join(' AND ');
}

/**
 * Texts of licence and notice files of a package's folder, in the order of their names. Throws LicenceError when there is none
 * and `declared` (a package's own word) does not help either.
 * @param {{ licence: string, author: string }} [declared]
 */
export function licenceTexts(part, folder, declared) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice|patents)([.-].*)?$/i.test(name)).sort() : [];
  const texts = names.map((name) => readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  if (names.some((name) => /^(licen[cs]e|copying)/i.test(name))) return texts;
  return [...texts, standardText(part, declared)];
}

/** Some packages only name their licence. */
function standardText(part, declared) {
  const text = { 'Apache-2.0': () => readFileSync(APACHE, 'utf8').trim(), MIT: () => MIT }[declared?.licence];
  if (text === undefined || !declared.author) throw new LicenceError(`${part}: it brings no licence file`);
  return `Copyright (c) ${declared.author}\n(The package names the licence and brings no text; this is the standard one.)\n\n${text()}`;
}

/** Our own. */
const APACHE = fileURLToPath(new URL('../../../LICENSE', import.meta.url));

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;
