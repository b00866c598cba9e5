// Folders laid out like Electron's release archives, for machines that cannot have Electron.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { standInElf, standInMachO, standInPe } from './executables.mjs';

const HELPERS = ['', ' (Renderer)', ' (GPU)', ' (Plugin)'];
const NOTE = 'Stands in for Electron so that packing can be tried without it. What was packed with this does not run.\n';
/** What a program needs besides its binary: names only. */
const COMMON = ['LICENSE', 'LICENSES.chromium.html'];
const RESOURCES = ['chrome_100_percent.pak', 'icudtl.dat', 'resources.pak', 'snapshot_blob.bin', 'v8_context_snapshot.bin', 'locales/en-US.pak', 'locales/zh-CN.pak', 'locales/de.pak'];

/** Writes the folder for `linux`, `macos` or `win` and an architecture, in the place of what was there. */
export function layStandIn(folder, os, arch) {
  rmSync(folder, { recursive: true, force: true });
  const write = (name, content = NOTE) => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: Buffer.isBuffer(content) ? 0o755 : 0o644 });
  };
  for (const name of COMMON) write(name);
  ({ linux: layLinux, macos: layMac, win: layWindows }[os])(write, arch, folder);
}

function layLinux(write, arch) {
  for (const name of [...RESOURCES, 'version']) write(name);
  for (const name of ['electron', 'chrome-sandbox', 'chrome_crashpad_handler', 'libffmpeg.so']) write(name, standInElf(arch));
}

function layWindows(write, arch) {
  for (const name of [...RESOURCES, 'version', 'ffmpeg.dll']) write(name);
  write('electron.exe', standInPe(arch, { NtExecutable, NtExecutableResource, Resource }));
}

function layMac(write, arch, folder) {
  const contents = 'Electron.app/Contents';
  write(`${contents}/MacOS/Electron`, standInMachO(arch, 2));
  write(`${contents}/Info.plist`, plist({ CFBundleExecutable: 'Electron', CFBundleIdentifier: 'com.github.Electron', CFBundleName: 'Electron', CFBundlePackageType: 'APPL', CFBundleIconFile: 'electron.icns', LSMinimumSystemVersion: '13.0' }));
  write(`${contents}/PkgInfo`, 'APPL????');
  write(`${contents}/Resources/electron.icns`);
  for (const language of ['en', 'zh_CN', 'de']) write(`${contents}/Resources/${language}.lproj/locale.pak`);
  const framework = `${contents}/Frameworks/Electron Framework.framework`;
  write(`${framework}/Versions/A/Electron Framework`, standInMachO(arch, 6));
  for (const language of ['en', 'zh_CN', 'de']) write(`${framework}/Versions/A/Resources/${language}.lproj/locale.pak`);
  const link = (target, name) => symlinkSync(target, path.join(folder, framework, name));
  link('A', 'Versions/Current');
  link('Versions/Current/Electron Framework', 'Electron Framework');
  link('Versions/Current/Resources', 'Resources');
  for (const kind of HELPERS) {
    const name = `Electron Helper${kind}`;
    write(`${contents}/Frameworks/${name}.app/Contents/MacOS/${name}`, standInMachO(arch, 2));
    write(`${contents}/Frameworks/${name}.app/Contents/Info.plist`, plist({ CFBundleExecutable: name, CFBundleIdentifier: 'com.github.Electron.helper', CFBundlePackageType: 'APPL' }));
  }
}

function plist(values) {
  const pairs = Object.entries(values).map(([key, value]) => `    <key>${key}</key>\n    <string>${value}</string>\n`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n  <dict>\n${pairs}  </dict>\n</plist>\n`;
}
