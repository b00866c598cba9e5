import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDirUnusableError } from '../../src-core/system/index.ts';
import { lookAtProgram } from '../../src-main/doctor/look-at-program.ts';
import { codeCacheFolder } from '../../src-main/code-cache.ts';
import { openProgramFiles } from '../../src-main/program-files.ts';
import { DamagedProgramError } from '../../src-main/native-manifest.ts';
import { NotExecutableError, removeOtherRuntimes } from '../../src-main/runtime-files.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const CONTENTS: Readonly<Record<string, string>> = { 'better_sqlite3.node': 'the addon', 'nats-server': 'the server', 'natsjob-helper.exe': 'the helper' };

let folder = '';
let programDir = '';
let dataDir = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-files-'));
  programDir = path.join(folder, 'program');
  dataDir = path.join(folder, 'data');
  mkdirSync(dataDir);
  pack(programDir, CONTENTS);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lays a program as the packer does. */
function pack(dir: string, contents: Readonly<Record<string, string>>): void {
  mkdirSync(path.join(dir, 'native'), { recursive: true });
  const files = Object.entries(contents).map(([name, text]) => {
    writeFileSync(path.join(dir, 'native', `${name}.zst`), zstdCompressSync(text));
    return { name, packed: `${name}.zst`, sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
  });
  writeFileSync(path.join(dir, 'native', 'manifest.json'), JSON.stringify({ files }));
}

function nativeDirOf({ nativeBinding }: { nativeBinding: string | undefined }): string {
  return path.dirname(nativeBinding ?? '');
}

describe('a packed program', () => {
  test('unpacks its native files below the data folder, to be run by their owner and read by all', async () => {
    const files = await openProgramFiles(programDir, dataDir);
    const dir = nativeDirOf(files);
    expect(path.dirname(dir)).toBe(path.join(dataDir, 'runtime'));
    for (const [name, text] of Object.entries(CONTENTS)) {
      expect(readFileSync(path.join(dir, name), 'utf8')).toBe(text);
      expect(statSync(path.join(dir, name)).mode & 0o777).toBe(0o755);
    }
    expect(files.natsServerDirs).toEqual([dir, programDir]);
    expect(files.helper).toBe(path.join(dir, 'natsjob-helper.exe'));
    expect(readdirSync(dir).sort()).toEqual([...Object.keys(CONTENTS), 'unpacked.json'].sort());
  });

  test('finds panel and reader beside its script', async () => {
    mkdirSync(path.join(programDir, 'panel'));
    writeFileSync(path.join(programDir, 'sql-reader.mjs'), '');
    expect(await openProgramFiles(programDir, dataDir)).toMatchObject({ panelDir: path.join(programDir, 'panel'), readerEntry: path.join(programDir, 'sql-reader.mjs') });
  });

  test('does not touch what lies there as it left it', async () => {
    const dir = nativeDirOf(await openProgramFiles(programDir, dataDir));
    const before = readdirSync(dir).map((name) => [name, statSync(path.join(dir, name)).ino]);
    // Nothing of the package is read again but its manifest.
    for (const name of Object.keys(CONTENTS)) rmSync(path.join(programDir, 'native', `${name}.zst`));
    await openProgramFiles(programDir, dataDir);
    expect(readdirSync(dir).map((name) => [name, statSync(path.join(dir, name)).ino])).toEqual(before);
  });

  test.each([
    ['cut short', (file: string) => writeFileSync(file, 'the ser')],
    ['changed to as many bytes', (file: string) => writeFileSync(file, 'THE SERVER')],
    ['gone', (file: string) => rmSync(file)],
    ['no longer to be run', (file: string) => { chmodSync(file, 0o644); utimesSync(file, 1, 1); }],
  ])('makes a file anew that is %s', async (_what, spoil) => {
    const file = path.join(nativeDirOf(await openProgramFiles(programDir, dataDir)), 'nats-server');
    spoil(file);
    await openProgramFiles(programDir, dataDir);
    expect(readFileSync(file, 'utf8')).toBe('the server');
    expect(statSync(file).mode & 0o777).toBe(0o755);
  });

  test('reads through a file whose time is another, and leaves it when it is whole', async () => {
    const file = path.join(nativeDirOf(await openProgramFiles(programDir, dataDir)), 'nats-server');
    const { ino } = statSync(file);
    utimesSync(file, 1, 1);
    await openProgramFiles(programDir, dataDir);
    expect(statSync(file).ino).toBe(ino);
  });

  test('may be started many times at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => openProgramFiles(programDir, dataDir)));
    expect(new Set(all.map(nativeDirOf)).size).toBe(1);
    expect(readdirSync(nativeDirOf(all[0]!)).sort()).toEqual([...Object.keys(CONTENTS), 'unpacked.json'].sort());
  });

  test('removes what other versions left, and its own half-done files, but not itself', async () => {
    const old = path.join(folder, 'old');
    pack(old, { ...CONTENTS, 'nats-server': 'an older server' });
    const oldDir = nativeDirOf(await openProgramFiles(old, dataDir));
    const files = await openProgramFiles(programDir, dataDir);
    writeFileSync(path.join(nativeDirOf(files), 'nats-server.0.new'), 'the se');
    expect(existsSync(oldDir)).toBe(true);
    removeOtherRuntimes(dataDir, files.nativeBinding);
    expect(readdirSync(path.join(dataDir, 'runtime'))).toEqual([path.basename(nativeDirOf(files))]);
    expect(readdirSync(nativeDirOf(files)).sort()).toEqual([...Object.keys(CONTENTS), 'unpacked.json'].sort());
  });

  test('leaves the folder of another program alone when it has unpacked nothing itself', async () => {
    const dir = nativeDirOf(await openProgramFiles(programDir, dataDir));
    removeOtherRuntimes(dataDir, path.join(folder, 'resources', 'native', 'better_sqlite3.node'));
    removeOtherRuntimes(dataDir, undefined);
    expect(existsSync(dir)).toBe(true);
  });
});

describe('a packed program that cannot unpack', () => {
  test('says that it is damaged when a part is not what was packed', async () => {
    writeFileSync(path.join(programDir, 'native', 'nats-server.zst'), zstdCompressSync('another server'));
    await expect(openProgramFiles(programDir, dataDir)).rejects.toThrow(DamagedProgramError);
    writeFileSync(path.join(programDir, 'native', 'nats-server.zst'), 'not packed at all');
    await expect(openProgramFiles(programDir, dataDir)).rejects.toThrow(/part nats-server is not what was packed/);
    writeFileSync(path.join(programDir, 'native', 'manifest.json'), '{');
    await expect(openProgramFiles(programDir, dataDir)).rejects.toThrow(DamagedProgramError);
    expect(existsSync(path.join(dataDir, 'runtime', 'nats-server'))).toBe(false);
  });

  test('says that the data folder is full, read-only or not for programs', async (context) => {
    using disk = mountSmallDisk(1);
    if (disk === undefined) return context.skip();
    pack(programDir, { ...CONTENTS, 'nats-server': 'x'.repeat(600_000) });
    disk.fill();
    await expect(openProgramFiles(programDir, disk.dir)).rejects.toThrow(new DataDirUnusableError(disk.dir, Object.assign(new Error(), { code: 'ENOSPC' })).message);
    disk.free();
    const dir = nativeDirOf(await openProgramFiles(programDir, disk.dir));
    expect(readdirSync(dir).filter((name) => name.endsWith('.new'))).toEqual([]);
    rmSync(path.join(disk.dir, 'runtime'), { recursive: true });
    disk.readOnly();
    await expect(openProgramFiles(programDir, disk.dir)).rejects.toThrow(/read-only file system; choose another one with --data/);
    spawnSync('mount', ['-o', 'remount,rw,noexec', disk.dir]);
    await expect(openProgramFiles(programDir, disk.dir)).rejects.toThrow(NotExecutableError);
  });
});

describe('a program that is not packed', () => {
  test('uses the raw files of an installer where they lie', async () => {
    rmSync(programDir, { recursive: true });
    mkdirSync(path.join(programDir, 'native'), { recursive: true });
    for (const [name, text] of Object.entries(CONTENTS)) writeFileSync(path.join(programDir, 'native', name), text);
    const files = await openProgramFiles(programDir, dataDir);
    expect(files.nativeBinding).toBe(path.join(programDir, 'native', 'better_sqlite3.node'));
    expect(files.natsServerDirs[0]).toBe(path.join(programDir, 'native'));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('has neither when it was only built', async () => {
    rmSync(programDir, { recursive: true });
    expect(await openProgramFiles(programDir, dataDir)).toMatchObject({ nativeBinding: undefined, helper: undefined, panelDir: undefined });
    expect(await lookAtProgram(programDir, dataDir)).toMatchObject({ findings: [] });
  });
});

describe('the doctor', () => {
  test('does not make the data folder to look at a packed program', async () => {
    rmSync(dataDir, { recursive: true });
    const { files, findings } = await lookAtProgram(programDir, dataDir);
    expect([files, findings[0]?.ok, existsSync(dataDir)]).toEqual([undefined, true, false]);
  });

  test('tells what keeps it from unpacking', async () => {
    writeFileSync(path.join(programDir, 'native', 'nats-server.zst'), '');
    expect((await lookAtProgram(programDir, dataDir)).findings).toMatchObject([{ name: 'program', ok: false }]);
  });
});

describe('the folder for compiled code', () => {
  const around = (more: object) => ({ argv: ['serve'], environment: {}, cwd: folder, programDir, ...more });

  test('is beside the unpacked files, wherever flag, environment or default put the data', async () => {
    expect(codeCacheFolder(around({}))).toBeUndefined();
    const runtime = nativeDirOf(await openProgramFiles(programDir, dataDir));
    const expected = path.join(runtime, 'code');
    expect(codeCacheFolder(around({}))).toBe(expected);
    expect(codeCacheFolder(around({ cwd: '/', environment: { NATSJOB_DATA_DIR: dataDir } }))).toBe(expected);
    expect(codeCacheFolder(around({ cwd: '/', argv: ['serve', '--data', dataDir] }))).toBe(expected);
    expect(codeCacheFolder(around({ argv: [`--data=${dataDir}`, 'serve'], environment: { NATSJOB_DATA_DIR: '/nowhere' } }))).toBe(expected);
  });

  test('is none for a program that is not packed, or where nothing is unpacked yet', async () => {
    await openProgramFiles(programDir, dataDir);
    expect(codeCacheFolder(around({ argv: ['serve', '--data', path.join(folder, 'other')] }))).toBeUndefined();
    expect(codeCacheFolder(around({ argv: ['serve', '--data'], cwd: path.join(folder, 'program') }))).toBeUndefined();
    rmSync(path.join(programDir, 'native'), { recursive: true });
    expect(codeCacheFolder(around({}))).toBeUndefined();
    expect(existsSync(path.join(dataDir, 'code'))).toBe(false);
  });
});
