import type { Part } from './parts.d.mts';

export declare function makeSbom(release: {
  readonly version: string;
  readonly at: Date;
  readonly parts: readonly Part[];
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}): { readonly serialNumber: string; readonly components: readonly { readonly 'bom-ref': string }[]; readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[] };
export declare function validateSbom(sbom: object): Promise<void>;
