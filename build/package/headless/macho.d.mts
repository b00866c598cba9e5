export class MachOError extends Error {}
export function inspectMachO(bytes: Buffer): {
  readonly arch: 'x64' | 'arm64';
  readonly signature: { readonly identifier: string; readonly isAdHoc: boolean; readonly pages: number; readonly badPages: number } | undefined;
};
