import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { SnippetId, SnippetValues } from '../src-renderer/generated/snippets.ts';

export class ExampleNotSetUp extends Error {}
export function missingTools(id: SnippetId): string[];
export function setUpExample(id: SnippetId, values: SnippetValues): Promise<string>;
export function startExample(id: SnippetId, folder: string, options: SpawnOptions): ChildProcess;
