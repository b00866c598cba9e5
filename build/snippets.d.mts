import type { Snippet } from '../src-renderer/generated/snippets.ts';

export const GENERATED: string;
export function templateOf(source: string): string;
export function snippets(): Snippet[];
export function generatedModule(): string;
