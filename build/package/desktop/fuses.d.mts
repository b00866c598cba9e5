export interface Fuses {
  readonly runAsNode: boolean;
  readonly enableNodeOptionsEnvironmentVariable: boolean;
  readonly enableNodeCliInspectArguments: boolean;
  readonly onlyLoadAppFromAsar: boolean;
  readonly enableEmbeddedAsarIntegrityValidation: boolean;
  readonly enableCookieEncryption: boolean;
  readonly grantFileProtocolExtraPrivileges: boolean;
}
export declare function fusesFor(os: 'linux' | 'macos' | 'win', signing: { readonly isSigned: boolean }): Fuses;
export declare function readFuses(program: string): Promise<Fuses>;
