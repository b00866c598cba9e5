import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tarGz, zip } from '../../../build/package/release/archives.mjs';

const AT = Date.UTC(2026, 0, 31, 12, 0, 2) / 1000;
const FILES = [
  { name: 'top/program', data: Buffer.alloc(100_000, 'ab'), isExecutable: true },
  { name: 'top/empty', data: Buffer.alloc(0) },
  { name: 'top/block', data: Buffer.alloc(512, 1) },
];

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'natsjob-archives-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What an independent program takes out of the archive. */
function unpacked(): Record<string, { mode: number; mtime: number; data: Buffer }> {
  return Object.fromEntries(readdirSync(path.join(folder, 'top')).map((name) => {
    const file = path.join(folder, 'top', name);
    return [`top/${name}`, { mode: statSync(file).mode & 0o777, mtime: statSync(file).mtimeMs / 1000, data: readFileSync(file) }];
  }));
}

it('a .tar.gz is read by tar, with contents, modes and times', () => {
  writeFileSync(path.join(folder, 'a.tar.gz'), tarGz(FILES, AT));
  execFileSync('tar', ['-xpzf', 'a.tar.gz'], { cwd: folder });
  const found = unpacked();
  for (const { name, data, isExecutable } of FILES) expect(found[name], name).toEqual({ mode: isExecutable ? 0o755 : 0o644, mtime: AT, data });
  expect(execFileSync('tar', ['-tvzf', 'a.tar.gz', '--numeric-owner'], { cwd: folder, encoding: 'utf8' })).toMatch(/^-rwxr-xr-x 0\/0 +100000 2026-01-31 \d\d:\d\d top\/program$/m);
});

it('a .zip is read by Python, with contents, modes and times', () => {
  writeFileSync(path.join(folder, 'a.zip'), zip(FILES, AT));
  const script = 'import zipfile,json; z=zipfile.ZipFile("a.zip"); assert z.testzip() is None; z.extractall("."); print(json.dumps([[i.filename,i.external_attr>>16,list(i.date_time)] for i in z.infolist()]))';
  expect(JSON.parse(execFileSync('python3', ['-c', script], { cwd: folder, encoding: 'utf8' }))).toEqual([
    ['top/program', 0o100755, [2026, 1, 31, 12, 0, 2]], ['top/empty', 0o100644, [2026, 1, 31, 12, 0, 2]], ['top/block', 0o100644, [2026, 1, 31, 12, 0, 2]],
  ]);
  const found = unpacked();
  for (const { name, data } of FILES) expect(found[name]?.data.equals(data), name).toBe(true);
});

it('the same files make the same bytes, and another time other ones', () => {
  for (const pack of [tarGz, zip]) {
    expect(pack(FILES, AT).equals(pack(FILES, AT))).toBe(true);
    expect(pack(FILES, AT).equals(pack(FILES, AT + 2))).toBe(false);
  }
});

it('a name that does not fit is refused', () => {
  expect(() => tarGz([{ name: 'x'.repeat(100), data: Buffer.alloc(0) }], AT)).toThrow('at most 99 ASCII');
});
