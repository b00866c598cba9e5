import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { desktopPlaces, packedProgram, type PackedProgram } from '../../build/package/desktop/places.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGING = createRequire(path.join(ROOT, 'build', 'package', 'package.json'));
export type Os = 'linux' | 'macos' | 'win';
export type Arch = 'x64' | 'arm64';

/** A packed program as it would lie on a person's disk. */
export interface PackedDesktop extends PackedProgram {
  readonly os: Os;
  readonly arch: Arch;
}

/** One of the packers' own modules, from build/package. */
export function packagingModule<T>(name: string): T {
  return PACKAGING(name) as T;
}

/** Runs the step for all targets. Throws with what it said when it fails. */
export function packDesktop(environment: Readonly<Record<string, string>>): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'build', 'package', 'index.mjs'), 'desktop'], {
    cwd: ROOT, env: { ...process.env, NATSJOB_ELECTRON: '', ...environment }, encoding: 'utf8', maxBuffer: 64 * 2 ** 20,
  });
  if (status !== 0) throw new Error(`npm run package -- desktop ended with ${status}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Folder of the archives and of the feed for a system. */
export const madeFor = (os: Os): string => path.join(desktopPlaces(ROOT).standIn, os);

export function packedDesktop(os: Os, arch: Arch): PackedDesktop {
  return { os, arch, ...packedProgram(madeFor(os), os, arch) };
}

/** Relative paths of all files below, sorted, with slashes. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(path.join(folder, name)).isFile()).map((name) => name.replaceAll(path.sep, '/')).sort();
}

/** Kind and architecture by the head of the file: `elf-x64`, `macho-arm64`, `pe-x64`; undefined for anything else. */
export function kindOfExecutable(file: string): string | undefined {
  const bytes = readFileSync(file);
  if (bytes.length < 64) return undefined;
  if (bytes.readUInt32BE(0) === 0x7f454c46) return `elf-${{ 0x3e: 'x64', 0xb7: 'arm64' }[bytes.readUInt16LE(18)]}`;
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return `macho-${{ 0x01000007: 'x64', 0x0100000c: 'arm64' }[bytes.readUInt32LE(4)]}`;
  if (bytes.readUInt16BE(0) !== 0x4d5a) return undefined;
  const header = bytes.readUInt32LE(60);
  return bytes.readUInt32BE(header) === 0x50450000 ? `pe-${{ 0x8664: 'x64', 0xaa64: 'arm64' }[bytes.readUInt16LE(header + 4)]}` : undefined;
}
