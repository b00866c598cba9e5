import type { Snippet } from '../src-renderer/snippets/snippet.ts';

export const GENERATED: string;
export function templateOf(source: string): string;
export function snippets(): Snippet[];
export function generatedFile(): string;
