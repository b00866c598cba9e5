import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../build/package/headless/step.mjs';
import { packedFile } from '../support/packed-program.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const packed = process.platform === 'linux' ? packedFile(`linux-${process.arch}`) : undefined;

describe.skipIf(packed === undefined)('packing the same sources again', () => {
  test('in another folder gives the same bytes', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-repack-'));
    try {
      const cache = path.join(folder, 'some', 'other', 'cache');
      mkdirSync(cache, { recursive: true });
      // Only what was downloaded and hash-checked is taken over: everything that is made is made anew.
      symlinkSync(path.join(ROOT, '.cache', 'package', 'tarballs'), path.join(cache, 'tarballs'));
      const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
      const [first, second] = [path.join(folder, 'first'), path.join(folder, 'second')];
      await run({ root: ROOT, out: first, cache: path.join(ROOT, '.cache', 'package'), version, targets: [packed!.target] });
      await run({ root: ROOT, out: second, cache, version, targets: [packed!.target] });
      expect(hashes(second)).toEqual(hashes(first));
      expect(readdirSync(second)).toEqual([path.basename(packed!.file)]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 600_000);
});

function hashes(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, createHash('sha256').update(readFileSync(path.join(folder, name))).digest('hex')]));
}
