import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { SnippetValues } from '../src-renderer/snippets/fill-snippet.ts';

export class ExampleNotSetUp extends Error {}
export function missingTools(id: string): string[];
export function setUpExample(id: string, values: SnippetValues): Promise<string>;
export function startExample(id: string, folder: string, options: SpawnOptions): ChildProcess;
