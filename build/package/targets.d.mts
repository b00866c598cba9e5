export interface Target {
  /** As in the names of our files: linux-x64, macos-arm64, win-x64. */
  readonly name: string;
  readonly os: 'linux' | 'macos' | 'win';
  readonly arch: 'x64' | 'arm64';
  readonly platform: NodeJS.Platform;
  readonly nodePackage: string;
  readonly goos: string;
  readonly goarch: string;
  readonly sqliteAddon: string;
  readonly suffix: '' | '.exe';
}
export const ALL_TARGETS: readonly Target[];
export function ownTarget(): Target | undefined;
export function binaryName(version: string, target: Target): string;
