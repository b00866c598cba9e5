export class PeError extends Error {}
export function inspectPe(bytes: Buffer): {
  readonly arch: 'x64' | 'arm64';
  readonly certificates: { readonly offset: number; readonly size: number };
  readonly checksum: number;
  readonly rightChecksum: number;
};
export function withoutCertificates(bytes: Buffer): Buffer;
