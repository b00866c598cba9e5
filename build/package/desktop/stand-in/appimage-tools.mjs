// Tools with which an AppImage can be put together where electron-builder cannot fetch its own: Debian's mksquashfs and
// desktop-file-validate, and in the place of the runtime, which would mount the file system behind it, a program that does not run.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { standInElf } from './executables.mjs';

/** Writes them into `folder` and gives what electron-builder's environment needs to find them. */
export function layAppImageTools(folder, { mksquashfs, validate }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'runtimes'), { recursive: true });
  symlinkSync(mksquashfs, path.join(folder, 'mksquashfs'));
  symlinkSync(validate, path.join(folder, 'desktop-file-validate'));
  for (const arch of ['x64', 'arm64']) {
    mkdirSync(path.join(folder, 'lib', arch), { recursive: true });
    writeFileSync(path.join(folder, 'runtimes', `runtime-${arch}`), standInElf(arch), { mode: 0o755 });
  }
  return { APPIMAGE_TOOLS_PATH: folder };
}
