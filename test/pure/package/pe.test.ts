import { expect, test } from 'vitest';
import { PeError, inspectPe, withoutCertificates } from '../../../build/package/headless/pe.mjs';

const HEADER = 64;
const OPTIONAL = HEADER + 24;
const SECTION = OPTIONAL + 240;

/** The least that a linker would write: headers, one section of 16 bytes, and what comes behind it. */
function program({ machine = 0x8664, certificate = Buffer.alloc(0), behind = Buffer.alloc(0) } = {}): Buffer {
  const body = Buffer.alloc(512);
  body.write('MZ', 0, 'latin1');
  body.writeUInt32LE(HEADER, 60);
  body.writeUInt32LE(0x4550, HEADER);
  body.writeUInt16LE(machine, HEADER + 4);
  body.writeUInt16LE(1, HEADER + 6);
  body.writeUInt16LE(240, HEADER + 20);
  body.writeUInt16LE(0x20b, OPTIONAL);
  body.writeUInt32LE(16, OPTIONAL + 108);
  body.writeUInt32LE(16, SECTION + 16);
  body.writeUInt32LE(496, SECTION + 20);
  body.fill(0xab, 496);
  if (certificate.length > 0) {
    body.writeUInt32LE(body.length, OPTIONAL + 112 + 32);
    body.writeUInt32LE(certificate.length, OPTIONAL + 112 + 36);
  }
  return Buffer.concat([body, certificate, behind]);
}

test('tells the architecture and where certificates are', () => {
  expect(inspectPe(program())).toMatchObject({ arch: 'x64', certificates: { offset: 0, size: 0 } });
  expect(inspectPe(program({ machine: 0xaa64, certificate: Buffer.alloc(24, 1) }))).toMatchObject({ arch: 'arm64', certificates: { offset: 512, size: 24 } });
});

test('takes the certificates off and leaves every other byte but the checksum', () => {
  const signed = program({ certificate: Buffer.alloc(24, 1) });
  const bare = withoutCertificates(signed);
  expect(bare.length).toBe(512);
  const { certificates, checksum, rightChecksum } = inspectPe(bare);
  expect([certificates.size, checksum]).toEqual([0, rightChecksum]);
  const [expected, found] = [program(), Buffer.from(bare)];
  for (const bytes of [expected, found]) bytes.fill(0, OPTIONAL + 64, OPTIONAL + 68);
  expect(found.equals(expected)).toBe(true);
});

test('leaves the bytes that the entry names when by now they are of a section', () => {
  const moved = program();
  moved.writeUInt32LE(500, OPTIONAL + 112 + 32);
  moved.writeUInt32LE(8, OPTIONAL + 112 + 36);
  expect(withoutCertificates(moved).equals(withoutCertificates(program()))).toBe(true);
});

test('sums as Windows does: words with the carry added back, without the sum itself, plus the length', () => {
  const bytes = withoutCertificates(program());
  let sum = 0n;
  for (let at = 0; at < bytes.length; at += 2) if (at < OPTIONAL + 64 || at >= OPTIONAL + 68) sum += BigInt(bytes.readUInt16LE(at));
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  expect(inspectPe(bytes).checksum).toBe(Number(sum) + bytes.length);
  expect(withoutCertificates(bytes).equals(bytes)).toBe(true);
});

test.each([
  ['no program', Buffer.from('#!/bin/sh\n'), /not a Windows program/],
  ['another machine', program({ machine: 0x14c }), /not a 64-bit program/],
  ['something behind the table', program({ certificate: Buffer.alloc(24, 1), behind: Buffer.alloc(16, 2) }), /behind the certificate table/],
  ['a section cut short', program().subarray(0, 500), /section 1 reaches beyond the file/],
])('refuses %s', (_what, bytes, message) => {
  expect(() => withoutCertificates(bytes)).toThrow(PeError);
  expect(() => withoutCertificates(bytes)).toThrow(message);
});
