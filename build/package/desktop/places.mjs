// Where the desktop step works, and where the programs it packed lie before they are put into installers.
import path from 'node:path';

/** `made` and `standIn` hold a folder for each system: installers and feed, and below them the programs. */
export function desktopPlaces(root) {
  const home = path.join(root, '.cache', 'package', 'desktop');
  return { home, made: path.join(home, 'made'), standIn: path.join(home, 'stand-in') };
}

/** A packed program as it would lie on a person's disk: its folder, what is started (and holds the fuses), and its resources. */
export function packedProgram(systemFolder, os, arch) {
  const suffix = arch === 'arm64' ? '-arm64' : '';
  const folder = path.join(systemFolder, os === 'macos' ? `mac${suffix}` : `${os}${suffix}-unpacked`);
  const program = path.join(folder, { linux: 'natsjob-desktop', macos: 'natsjob.app', win: 'natsjob.exe' }[os]);
  return { folder, program, resources: os === 'macos' ? path.join(program, 'Contents', 'Resources') : path.join(folder, 'resources') };
}
