interface Target {
  readonly name: string;
  readonly os: string;
  readonly arch: string;
}
interface Plan {
  readonly isReal: boolean;
  readonly dist: string | undefined;
  readonly builds: readonly { readonly os: string; readonly arches: readonly string[]; readonly kinds: readonly string[] }[];
  readonly left: readonly string[];
}
export declare function planDesktop(on: {
  readonly targets: readonly Target[];
  readonly host: string;
  readonly electron: string | undefined;
  readonly tools: Readonly<Record<'zip' | 'deb' | 'nsis' | 'AppImage', boolean>>;
}): Plan;
export declare function signingOf(env: Readonly<Record<string, string | undefined>>): {
  readonly mac: boolean;
  readonly notarize: boolean;
  readonly azure: Readonly<Record<string, string>> | undefined;
};
