// What macOS looks at before it runs a file: its architecture and the hashes of its pages. Only thin 64-bit Mach-O files.
import { createHash } from 'node:crypto';

const MAGIC_64 = 0xfeedfacf;
const ARCHITECTURES = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const HASHES = { 1: 'sha1', 2: 'sha256' };
const ADHOC = 0x2;

/** No Mach-O file that this can read; the message says what is wrong. */
export class MachOError extends Error {
  name = 'MachOError';
}

/**
 * Reads a Mach-O file: `arch` in Node's word, and of its signature `identifier`, `isAdHoc`, number of `pages` and of
 * `badPages` over all its code directories. `signature` is undefined when there is none. Throws MachOError.
 */
export function inspectMachO(bytes) {
  if (bytes.length < 32 || bytes.readUInt32LE(0) !== MAGIC_64) throw new MachOError('not a 64-bit Mach-O file');
  const arch = ARCHITECTURES[bytes.readUInt32LE(4)];
  if (arch === undefined) throw new MachOError(`an architecture that is not known: ${bytes.readUInt32LE(4).toString(16)}`);
  const { signature, linkEdit } = loadCommands(bytes);
  if (signature === undefined) return { arch, signature: undefined };
  const end = signature.offset + signature.size;
  if (end > bytes.length) throw new MachOError('the signature reaches beyond the file');
  if (linkEdit === undefined || linkEdit.offset + linkEdit.size !== bytes.length || end > linkEdit.offset + linkEdit.size) throw new MachOError('the signature is not in the last segment');
  return { arch, signature: readSignature(bytes, signature.offset) };
}

function loadCommands(bytes) {
  const found = {};
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left -= 1) {
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8 || at + size > bytes.length) throw new MachOError('a load command reaches beyond the file');
    const command = bytes.readUInt32LE(at);
    if (command === LC_CODE_SIGNATURE) found.signature = { offset: bytes.readUInt32LE(at + 8), size: bytes.readUInt32LE(at + 12) };
    if (command === LC_SEGMENT_64 && bytes.toString('latin1', at + 8, at + 18) === '__LINKEDIT') {
      found.linkEdit = { offset: Number(bytes.readBigUInt64LE(at + 40)), size: Number(bytes.readBigUInt64LE(at + 48)) };
    }
    at += size;
  }
  return found;
}

function readSignature(bytes, offset) {
  if (bytes.readUInt32BE(offset) !== SUPER_BLOB) throw new MachOError('the signature is none');
  const blobs = Array.from({ length: bytes.readUInt32BE(offset + 8) }, (_, index) => offset + bytes.readUInt32BE(offset + 12 + index * 8 + 4));
  const directories = blobs.filter((at) => bytes.readUInt32BE(at) === CODE_DIRECTORY).map((at) => readDirectory(bytes, at, offset));
  if (directories.length === 0) throw new MachOError('the signature covers nothing');
  return {
    identifier: directories[0].identifier,
    isAdHoc: directories.every(({ flags }) => (flags & ADHOC) !== 0),
    pages: directories.reduce((sum, { pages }) => sum + pages, 0),
    badPages: directories.reduce((sum, { badPages }) => sum + badPages, 0),
  };
}

function readDirectory(bytes, at, end) {
  const field = (offset) => bytes.readUInt32BE(at + offset);
  const hash = HASHES[bytes[at + 37]];
  if (hash === undefined) throw new MachOError(`a hash that is not known: ${bytes[at + 37]}`);
  const [hashSize, pageSize, slots, limit, first] = [bytes[at + 36], 2 ** bytes[at + 39], field(28), field(32), at + field(16)];
  if (limit !== end || slots !== Math.ceil(limit / pageSize)) throw new MachOError('the signature does not cover all that is before it');
  let badPages = 0;
  for (let page = 0; page < slots; page += 1) {
    const found = createHash(hash).update(bytes.subarray(page * pageSize, Math.min((page + 1) * pageSize, limit))).digest().subarray(0, hashSize);
    if (!found.equals(bytes.subarray(first + page * hashSize, first + (page + 1) * hashSize))) badPages += 1;
  }
  const identifierAt = at + field(20);
  return { identifier: bytes.toString('utf8', identifierAt, bytes.indexOf(0, identifierAt)), flags: field(12), pages: slots, badPages };
}
