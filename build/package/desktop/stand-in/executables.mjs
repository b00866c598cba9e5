// Files that look like Electron's binary to a packer: right kind, right architecture, and a fuse wire to flip. They do not run.

/** Electron's own mark before its fuses, then version 1 and the nine fuses as Electron delivers them. */
const FUSE_WIRE = Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 9]), Buffer.from('101100011')]);
const NOTE = Buffer.from('\nThis file stands in for Electron. It does not run.\n');

export function standInElf(arch) {
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(3, 16); // a position-independent program
  head.writeUInt16LE({ x64: 0x3e, arm64: 0xb7 }[arch], 18);
  head.writeUInt32LE(1, 20);
  head.writeUInt16LE(64, 52);
  return Buffer.concat([head, FUSE_WIRE, NOTE]);
}

/** `kind` 2 is a program, 6 a library. */
export function standInMachO(arch, kind) {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(0xfeedfacf, 0);
  head.writeUInt32LE({ x64: 0x01000007, arm64: 0x0100000c }[arch], 4);
  head.writeUInt32LE({ x64: 3, arm64: 0 }[arch], 8);
  head.writeUInt32LE(kind, 12);
  return Buffer.concat([head, kind === 6 ? FUSE_WIRE : Buffer.alloc(0), NOTE]);
}

/** With the resources that a packer changes: version, icon, manifest. `resedit` is that module. */
export function standInPe(arch, { NtExecutable, NtExecutableResource, Resource }) {
  const program = NtExecutable.createEmpty(false, false);
  program.newHeader.fileHeader.machine = { x64: 0x8664, arm64: 0xaa64 }[arch];
  const resources = NtExecutableResource.from(program);
  const version = Resource.VersionInfo.createEmpty();
  version.setFileVersion(0, 0, 0, 0, 1033);
  version.setStringValues({ lang: 1033, codepage: 1200 }, { FileDescription: 'Stand-in', ProductName: 'Electron' });
  version.outputToResourceEntries(resources.entries);
  const manifest = '<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0"><trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges><requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security></trustInfo></assembly>';
  resources.entries.push({ type: 24, id: 1, lang: 1033, codepage: 1200, bin: new TextEncoder().encode(manifest).buffer });
  resources.outputResource(program);
  program.setExtraData(Buffer.concat([FUSE_WIRE, NOTE]));
  return Buffer.from(program.generate());
}
