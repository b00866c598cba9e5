export function getDecoder(encoding: string): { write(bytes: Uint8Array): string; end(): string };
export function getEncoder(): { write(text: string): Buffer; end(): undefined };
