import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { MachOError, inspectMachO } from '../../../build/package/headless/macho.mjs';

const LIMIT = 2 * 4096 + 100;

/** A Mach-O file of three pages with the least a signer writes: one code directory by SHA-256. */
function program({ isSigned = true, cpu = 0x0100000c, flags = 2 } = {}): Buffer {
  const code = Buffer.alloc(LIMIT, 0x55);
  code.fill(0, 0, 200);
  code.writeUInt32LE(0xfeedfacf, 0);
  code.writeUInt32LE(cpu, 4);
  code.writeUInt32LE(isSigned ? 2 : 1, 16);
  code.writeUInt32LE(0x19, 32);
  code.writeUInt32LE(72, 36);
  code.write('__LINKEDIT', 40, 'latin1');
  code.writeBigUInt64LE(BigInt(4096), 72);
  const signature = 20 + 44 + 8 + 3 * 32;
  code.writeBigUInt64LE(BigInt(LIMIT - 4096 + (isSigned ? signature : 0)), 80);
  if (!isSigned) return code;
  code.writeUInt32LE(0x1d, 104);
  code.writeUInt32LE(16, 108);
  code.writeUInt32LE(LIMIT, 112);
  code.writeUInt32LE(signature, 116);
  const blob = Buffer.alloc(signature);
  for (const [at, value] of [[0, 0xfade0cc0], [4, signature], [8, 1], [16, 20]] as const) blob.writeUInt32BE(value, at);
  const directory = blob.subarray(20);
  for (const [at, value] of [[0, 0xfade0c02], [4, directory.length], [8, 0x20400], [12, flags], [16, 52], [20, 44], [28, 3], [32, LIMIT]] as const) directory.writeUInt32BE(value, at);
  directory.set([32, 2, 0, 12], 36);
  directory.write('natsjob\0', 44, 'latin1');
  for (let page = 0; page < 3; page += 1) directory.set(createHash('sha256').update(code.subarray(page * 4096, Math.min(LIMIT, (page + 1) * 4096))).digest(), 52 + page * 32);
  return Buffer.concat([code, blob]);
}

test('tells architecture, identifier and that every page is what was signed', () => {
  expect(inspectMachO(program())).toEqual({ arch: 'arm64', signature: { identifier: 'natsjob', isAdHoc: true, pages: 3, badPages: 0 } });
  expect(inspectMachO(program({ cpu: 0x01000007, flags: 0 }))).toMatchObject({ arch: 'x64', signature: { isAdHoc: false } });
});

test('tells a file without a signature', () => {
  expect(inspectMachO(program({ isSigned: false }))).toEqual({ arch: 'arm64', signature: undefined });
});

test.each([0x300, 4096, LIMIT - 1])('sees the byte at %i changed after signing', (at) => {
  const bytes = program();
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  expect(inspectMachO(bytes).signature?.badPages).toBe(1);
});

test('refuses what is none, and a signature that does not cover the file', () => {
  expect(() => inspectMachO(Buffer.from('#!/bin/sh\n'))).toThrow(MachOError);
  expect(() => inspectMachO(program({ cpu: 7 }))).toThrow(/architecture/);
  expect(() => inspectMachO(Buffer.concat([program(), Buffer.alloc(16)]))).toThrow(/not in the last segment/);
  const short = program();
  short.writeUInt32BE(2, LIMIT + 20 + 28);
  expect(() => inspectMachO(short)).toThrow(/does not cover/);
});
