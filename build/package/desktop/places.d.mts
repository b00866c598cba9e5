export interface PackedProgram {
  readonly folder: string;
  readonly program: string;
  readonly resources: string;
}
export declare function desktopPlaces(root: string): { readonly home: string; readonly made: string; readonly standIn: string };
export declare function packedProgram(systemFolder: string, os: 'linux' | 'macos' | 'win', arch: 'x64' | 'arm64'): PackedProgram;
