// Architecture of a Linux program.

const MACHINES = { 62: 'x64', 183: 'arm64' };

/** `arch` in Node's word, undefined for others. Throws when it is no 64-bit ELF file. */
export function inspectElf(bytes) {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2) throw new Error('not a 64-bit ELF file');
  return { arch: MACHINES[bytes.readUInt16LE(18)] };
}
