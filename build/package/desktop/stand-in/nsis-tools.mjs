// Tools with which the Windows installer's script can be compiled where electron-builder cannot fetch its own: Debian's makensis,
// and plug-ins that hold the right names and no code. The installer shows that the script is sound; it cannot install.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const MAKENSIS = '#!/bin/sh\nNSISDIR=/usr/share/nsis exec makensis "$@"\n';
/** Wine is to run a first installer, which holds the compiled uninstaller and does nothing but write it out. */
const WINE = '#!/bin/sh\nprintf "Stands in for the uninstaller.\\n" >"${1%exe}__uninstaller.exe"\n';
/** Plug-ins of electron-builder's collection that its scripts call. */
const PLUGINS = ['StdUtils', 'UAC', 'WinShell', 'nsProcess', 'Nsis7z', 'SpiderBanner', 'inetc', 'nsisunz'];

/** Writes them into `folder` and gives what electron-builder's environment needs to find them. */
export function layNsisTools(folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['linux', 'bin', 'lib', 'wine-home', 'plugins/x86-unicode']) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, 'linux', 'makensis'), MAKENSIS, { mode: 0o755 });
  writeFileSync(path.join(folder, 'bin', 'wine'), WINE, { mode: 0o755 });
  const scripts = readScripts();
  for (const name of PLUGINS) writeFileSync(path.join(folder, 'plugins', 'x86-unicode', `${name}.dll`), emptyLibrary(`${name}.dll`, functionsOf(name, scripts)));
  return { ELECTRON_BUILDER_NSIS_DIR: folder, ELECTRON_BUILDER_NSIS_RESOURCES_DIR: folder, ELECTRON_BUILDER_WINE_TOOLSET_DIR: folder };
}

/** All of electron-builder's own scripts as one text. */
function readScripts() {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve('app-builder-lib/package.json')), 'templates', 'nsis');
  return readdirSync(folder, { recursive: true }).filter((name) => /\.ns[hi]$/.test(name)).map((name) => readFileSync(path.join(folder, name), 'utf8')).join('\n');
}

const functionsOf = (plugin, scripts) => [...new Set([...scripts.matchAll(new RegExp(`\\b${plugin}::(\\w+)`, 'g'))].map(([, name]) => name))];

/** A 32-bit library whose only content is the table of the functions it exports. */
function emptyLibrary(name, exported) {
  const rva = 0x1000;
  const names = [...exported].sort();
  const tables = 40;
  const texts = tables + names.length * 10;
  const table = Buffer.alloc(texts);
  const strings = [name, ...names].map((text) => Buffer.from(`${text}\0`, 'latin1'));
  const places = strings.map((_text, index) => rva + texts + strings.slice(0, index).reduce((sum, { length }) => sum + length, 0));
  for (const [at, value] of [[12, places[0]], [16, 1], [20, names.length], [24, names.length], [28, rva + tables], [32, rva + tables + names.length * 4], [36, rva + tables + names.length * 8]]) table.writeUInt32LE(value, at);
  names.forEach((_name, index) => {
    table.writeUInt32LE(rva, tables + index * 4);
    table.writeUInt32LE(places[index + 1], tables + names.length * 4 + index * 4);
    table.writeUInt16LE(index, tables + names.length * 8 + index * 2);
  });
  const content = Buffer.concat([table, ...strings]);
  const head = Buffer.alloc(0x200);
  head.write('MZ', 'latin1');
  head.writeUInt32LE(0x40, 0x3c);
  head.write('PE\0\0', 0x40, 'latin1');
  for (const [at, value] of [[0x44, 0x14c], [0x46, 1], [0x54, 0xe0], [0x56, 0x2102], [0x58, 0x10b], [0x98, 4], [0x9c, 2]]) head.writeUInt16LE(value, at);
  for (const [at, value] of [[0x6c, rva], [0x70, rva], [0x74, 0x10000000], [0x78, 0x1000], [0x7c, 0x200], [0x90, 0x2000], [0x94, 0x200], [0xb4, 16], [0xb8, rva], [0xbc, content.length]]) head.writeUInt32LE(value, at);
  head.write('.rdata', 0x138, 'latin1');
  const raw = Math.ceil(content.length / 0x200) * 0x200;
  for (const [at, value] of [[0x140, content.length], [0x144, rva], [0x148, raw], [0x14c, 0x200], [0x15c, 0x40000040]]) head.writeUInt32LE(value, at);
  return Buffer.concat([head, content, Buffer.alloc(raw - content.length)]);
}
