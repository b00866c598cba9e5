export function inspectElf(bytes: Buffer): { readonly arch: 'x64' | 'arm64' | undefined };
