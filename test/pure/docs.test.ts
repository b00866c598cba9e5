import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allRoutes } from '../../src-core/http/routes/all-routes.ts';
import { API_BASE } from '../../src-core/http/contract.ts';
import { fullPath } from '../../src-core/http/routes/route.ts';
import { SETTING_LIST } from '../../src-core/system/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What a clone holds beside the files of the repository. */
const NOT_OURS = new Set(['node_modules', 'dist', 'data', 'conf', 'logs', 'coverage']);
const DOCUMENTS = filesIn('').filter((file) => file.endsWith('.md'));

describe.each(['README.md', 'README.zh-CN.md'])('the configuration table of %s', (file) => {
  it('names exactly the settings there are, with their flags and defaults', () => {
    const rows = [...read(file).matchAll(/^\| `(NATSJOB_\w+)`( ¹)? \| `--([\w-]+)` \| (?:`([^`]*)`|–) \|/gm)];
    const told = rows.map(([, name, secret, flag, value]) => ({ name, secret: secret !== undefined, flag, default: value ?? '' }));
    expect(told).toEqual(SETTING_LIST.map(({ name, secret, flag, default: value }) => ({ name, secret: secret !== false, flag, default: value })));
  });
});

it('docs/api.md names exactly the routes that are served', () => {
  const told = [...read('docs/api.md').matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/[^`\s]*)`/g)].map(([, method, at]) => `${method} ${at}`);
  const served = allRoutes({ api: {}, clock: {}, session: {}, version: '', scrape: () => Promise.resolve('') } as unknown as Parameters<typeof allRoutes>[0])
    .map((route) => `${route.method} ${fullPath(route).replace(API_BASE, '')}`);
  expect([...new Set(told)].sort()).toEqual(served.sort());
});

describe.each(DOCUMENTS)('%s', (file) => {
  it('links only to files and headings that are there', () => {
    const dead = linksOf(read(file)).filter((link) => !leadsSomewhere(file, link));
    expect(dead).toEqual([]);
  });
});

it('every page of docs is reached from README.md', () => {
  const reached = new Set(['README.md']);
  for (const file of reached) {
    for (const link of linksOf(read(file))) {
      const target = path.join(path.dirname(file), link.split('#')[0] ?? '');
      if (target.endsWith('.md') && DOCUMENTS.includes(target)) reached.add(target);
    }
  }
  expect(DOCUMENTS.filter((file) => file.startsWith('docs') && !reached.has(file))).toEqual([]);
});

describe.each(DOCUMENTS)('the programs of %s', (file) => {
  it('are those of examples/worker as they are', () => {
    const shown = [...read(file).matchAll(/^```js\n\/\/ (examples\/worker\/\S+)\n([\s\S]*?)^```$/gm)];
    for (const [, example = '', program] of shown) expect(program, example).toBe(read(example));
  });
});

it('every program of examples/worker is shown in a page', () => {
  const shown = new Set(DOCUMENTS.flatMap((file) => [...read(file).matchAll(/^\/\/ (examples\/worker\/\S+)$/gm)].map(([, example]) => example)));
  expect(readdirSync(path.join(ROOT, 'examples', 'worker')).filter((name) => name.endsWith('.mjs') && !shown.has(`examples/worker/${name}`))).toEqual([]);
});

it('no file names a folder outside of the repository', () => {
  // Put together, so that this file does not name it either.
  const outside = ['..', 'shared'].join('/');
  expect(filesIn('').filter((file) => read(file).includes(outside))).toEqual([]);
});

function linksOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(from: string, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? from : path.join(path.dirname(from), target);
  if (file.startsWith('..') || !existsSync(path.join(ROOT, file))) return false;
  return anchor === undefined || headingsOf(read(file)).includes(anchor);
}

/** As GitHub makes them: lower case, blanks to hyphens, without punctuation. */
function headingsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title as string).toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/ /g, '-'));
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}

function filesIn(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (!entry.isDirectory()) return entry.isFile() && /\.(ts|mjs|js|json|md|ya?ml|sql|go)$|^run$/.test(entry.name) ? [file] : [];
    return NOT_OURS.has(entry.name) || (entry.name.startsWith('.') && entry.name !== '.ci') ? [] : filesIn(file);
  });
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}
