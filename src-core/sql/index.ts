import type * as servers from './servers.ts';

export type { CopiedTable, CopySource, CopyTarget, ViewContents, ViewLook } from './copy/index.ts';
export { createMemoryStore } from './memory/store.ts';
export type { RemoteOptions, RemoteStore } from './remote/store.ts';
export { openSqliteStore, type SqliteOptions } from './sqlite/open.ts';
export type { SqliteStore } from './sqlite/store.ts';

export type Servers = typeof servers;

/** What only database servers and copies need. Loaded when it is asked for, so that a scheduler with a file does without it in memory. */
export function loadServers(): Promise<Servers> {
  return import('./servers.ts');
}
