import type { Part } from './parts.d.mts';

export declare function licenceDocument(version: string, parts: readonly Part[]): string;
export declare function sumsDocument(files: readonly { readonly name: string; readonly sha256: string }[]): string;
export declare function feedDocument(release: {
  readonly version: string;
  readonly at: Date;
  readonly notes: string;
  readonly files: readonly { readonly target: string; readonly name: string; readonly bytes: number; readonly sha256: string }[];
}): string;
export declare function notesOf(changelog: string, version: string): string;
