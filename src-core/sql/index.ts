export { openSqliteStore, type SqliteOptions } from './sqlite/open.ts';
export type { SqliteStore } from './sqlite/store.ts';
export { createMemoryStore } from './memory/store.ts';
