// Archives whose bytes depend on nothing but what is put in: no owner, no clock, no order of a file system.
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

const BLOCK = 512;
const EXECUTABLE = 0o755;
const PLAIN = 0o644;

/**
 * A .tar.gz (ustar) of files, in the order given.
 * @param {readonly { name: string, data: Buffer, isExecutable?: boolean }[]} files `name` with slashes, ASCII, below 100 characters
 * @param {number} mtime seconds since 1970
 */
export function tarGz(files, mtime) {
  const parts = files.flatMap(({ name, data, isExecutable }) => [tarHeader(name, data.length, isExecutable ? EXECUTABLE : PLAIN, mtime), data, Buffer.alloc(padding(data.length))]);
  const packed = gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  packed[9] = 255; // the operating system that packed it: unknown
  return packed;
}

function tarHeader(name, size, mode, mtime) {
  if (!/^[\x21-\x7e]{1,99}$/.test(name)) throw new Error(`${name}: a name in an archive must be at most 99 ASCII characters`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value, at, length) => header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  header.write(name, 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  header.write('        0', 148, 'latin1'); // the sum counts itself as blanks; then the type: a file
  header.write('ustar\x0000', 257, 'latin1');
  header.write('root', 265, 'latin1');
  header.write('root', 297, 'latin1');
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function padding(size) {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The same as a .zip. Times in it are UTC and have steps of two seconds. */
export function zip(files, mtime) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, data, isExecutable } of files) {
    const packed = deflateRawSync(data, { level: 9 });
    const common = zipFields(mtime, crc32(data), packed.length, data.length, name);
    const local = Buffer.concat([words('L', 0x04034b50), common, words('S', 0), Buffer.from(name)]);
    // "version made by": Unix, so that the mode is heeded; no extra field, no comment, disk 0
    directory.push(Buffer.concat([words('LS', 0x02014b50, 0x0314), common, words('SSSSLL', 0, 0, 0, 0, (0o100000 | (isExecutable ? EXECUTABLE : PLAIN)) * 0x10000, offset), Buffer.from(name)]));
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([...parts, ...directory, words('LSSSSLLS', 0x06054b50, 0, 0, files.length, files.length, size, offset, 0)]);
}

/** What the local header and the directory have alike, from "version needed" to the length of the name. */
function zipFields(mtime, crc, packedSize, size, name) {
  const at = new Date(mtime * 1000);
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return words('SSSSSLLLS', 20, 0, 8, time, date, crc, packedSize, size, Buffer.byteLength(name));
}

/** Little-endian: S is 16 bits, L is 32. */
function words(form, ...values) {
  return Buffer.concat(values.map((value, index) => {
    const word = Buffer.alloc(form[index] === 'S' ? 2 : 4);
    if (form[index] === 'S') word.writeUInt16LE(value);
    else word.writeUInt32LE(value >>> 0);
    return word;
  }));
}
