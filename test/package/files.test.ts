import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inspectElf } from '../../build/package/headless/elf.mjs';
import { inspectMachO } from '../../build/package/headless/macho.mjs';
import { inspectPe } from '../../build/package/headless/pe.mjs';
import { ALL_TARGETS, type Target } from '../../build/package/targets.mjs';
import { packedFile } from '../support/packed-program.ts';

const MOST_BYTES = 135_000_000;
/** Nothing can be this small and hold Node. */
const LEAST_BYTES = 70_000_000;

for (const { name } of ALL_TARGETS) {
  const packed = packedFile(name);

  describe.skipIf(packed === undefined)(`natsjob for ${name}`, () => {
    test('is at most 135 MB', () => {
      const { size, mode } = statSync(packed!.file);
      expect(size).toBeLessThanOrEqual(MOST_BYTES);
      expect(size).toBeGreaterThan(LEAST_BYTES);
      expect(mode & 0o111).toBe(0o111);
    });

    test('is a program of that system and architecture, signed as it has to be', () => {
      expect(problemsOf(readFileSync(packed!.file), packed!.target)).toEqual([]);
    });

    test('brings SQLite and nats-server of that system and architecture', () => {
      const bytes = readFileSync(packed!.file);
      for (const { name: file, sha256, content } of nativeFiles(bytes)) {
        expect(createHash('sha256').update(content).digest('hex'), file).toBe(sha256);
        expect(archOf(content, packed!.target), file).toBe(packed!.target.arch);
      }
      expect(nativeFiles(bytes).map((one) => one.name)).toEqual(expect.arrayContaining(['better_sqlite3.node', `nats-server${packed!.target.suffix}`]));
    });
  });
}

function problemsOf(bytes: Buffer, { platform, arch }: Target): string[] {
  if (platform === 'linux') return inspectElf(bytes).arch === arch ? [] : ['another architecture'];
  if (platform === 'win32') {
    const { arch: found, certificates, checksum, rightChecksum } = inspectPe(bytes);
    return [...(found === arch ? [] : ['another architecture']), ...(certificates.size === 0 ? [] : ['a certificate table that does not fit']), ...(checksum === rightChecksum ? [] : ['a wrong checksum'])];
  }
  const { arch: found, signature } = inspectMachO(bytes);
  if (signature === undefined) return ['no signature'];
  return [
    ...(found === arch ? [] : ['another architecture']), ...(signature.isAdHoc ? [] : ['not signed ad hoc']), ...(signature.identifier === 'natsjob' ? [] : [`signed as ${signature.identifier}`]),
    ...(signature.badPages === 0 && signature.pages > 10_000 ? [] : [`${signature.badPages} of ${signature.pages} pages are not what was signed`]),
  ];
}

interface NativeFile {
  readonly name: string;
  readonly sha256: string;
  readonly content: Buffer;
}

/** pkg lays files side by side in the order of their names: SQLite's, the manifest, and what else it lists. */
function nativeFiles(bytes: Buffer): NativeFile[] {
  const start = bytes.indexOf('{\n  "files": [\n    {\n      "name": "better_sqlite3.node"');
  const end = bytes.indexOf('\n}\n', start) + 3;
  const { files } = JSON.parse(bytes.toString('utf8', start, end)) as { files: { name: string; sha256: string; packedBytes: number }[] };
  const [sqlite, ...others] = files;
  let at = start - sqlite!.packedBytes;
  const found = [{ ...sqlite!, at }];
  at = end;
  for (const file of others.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    found.push({ ...file, at });
    at += file.packedBytes;
  }
  return found.map((file) => ({ name: file.name, sha256: file.sha256, content: zstdDecompressSync(bytes.subarray(file.at, file.at + file.packedBytes)) }));
}

function archOf(content: Buffer, { platform }: Target): string | undefined {
  if (platform === 'linux') return inspectElf(content).arch;
  return platform === 'win32' ? inspectPe(content).arch : inspectMachO(content).arch;
}
