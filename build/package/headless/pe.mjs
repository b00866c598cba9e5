// The certificate table of a Windows program: Node's own no longer fits once our files are in, and a signature that does not
// fit is worse than none. Only PE32+ files.

const MACHINES = { 0x8664: 'x64', 0xaa64: 'arm64' };
const CERTIFICATES = 4;

/** No PE file that this can read; the message says what is wrong. */
export class PeError extends Error {
  name = 'PeError';
}

/**
 * Reads a PE file: `arch` in Node's word, `certificates` ({ offset, size }; zeros when there are none), `checksum` as it is
 * written and `rightChecksum` as it should be. Throws PeError, also when a section reaches beyond the file.
 */
export function inspectPe(bytes) {
  const { arch, certificatesAt, checksumAt } = locate(bytes);
  const certificates = { offset: bytes.readUInt32LE(certificatesAt), size: bytes.readUInt32LE(certificatesAt + 4) };
  if (certificates.offset + certificates.size > bytes.length) throw new PeError('the certificate table reaches beyond the file');
  return { arch, certificates, checksum: bytes.readUInt32LE(checksumAt), rightChecksum: checksumOf(bytes, checksumAt) };
}

/**
 * A copy that names no certificate table and has the right checksum. The table's bytes go if they are still there, behind all
 * sections; after injection the entry points into a section, which stays. Throws PeError when something lies behind the table.
 */
export function withoutCertificates(bytes) {
  const { certificatesAt, checksumAt, sectionsEnd } = locate(bytes);
  const { offset, size } = inspectPe(bytes).certificates;
  const isThere = size > 0 && offset >= sectionsEnd;
  if (isThere && bytes.length - (offset + size) >= 8) throw new PeError('something lies behind the certificate table');
  const copy = Buffer.from(isThere ? bytes.subarray(0, offset) : bytes);
  copy.fill(0, certificatesAt, certificatesAt + 8);
  copy.writeUInt32LE(checksumOf(copy, checksumAt), checksumAt);
  return copy;
}

function locate(bytes) {
  const header = bytes.length >= 64 && bytes.toString('latin1', 0, 2) === 'MZ' ? bytes.readUInt32LE(60) : 0;
  if (header === 0 || header + 136 > bytes.length || bytes.readUInt32LE(header) !== 0x4550) throw new PeError('not a Windows program');
  const arch = MACHINES[bytes.readUInt16LE(header + 4)];
  const optional = header + 24;
  if (arch === undefined || bytes.readUInt16LE(optional) !== 0x20b) throw new PeError('not a 64-bit program for x64 or arm64');
  if (bytes.readUInt32LE(optional + 108) <= CERTIFICATES) throw new PeError('no place for a certificate table');
  const sections = optional + bytes.readUInt16LE(header + 20);
  let sectionsEnd = 0;
  for (let index = 0; index < bytes.readUInt16LE(header + 6); index += 1) {
    const at = sections + index * 40;
    const end = bytes.readUInt32LE(at + 20) + bytes.readUInt32LE(at + 16);
    if (end > bytes.length) throw new PeError(`section ${index + 1} reaches beyond the file`);
    sectionsEnd = Math.max(sectionsEnd, end);
  }
  return { arch, certificatesAt: optional + 112 + CERTIFICATES * 8, checksumAt: optional + 64, sectionsEnd };
}

/** Sum of all 16-bit words with the carry added back, without the checksum's own two, plus the length. */
function checksumOf(bytes, checksumAt) {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    if (at === checksumAt || at === checksumAt + 2) continue;
    sum += at + 1 < bytes.length ? bytes[at] | (bytes[at + 1] << 8) : bytes[at];
    if (sum > 0xffff) sum = (sum & 0xffff) + 1;
  }
  return (sum + bytes.length) >>> 0;
}
